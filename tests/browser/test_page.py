"""The page in a real browser, against a rag-server with scripted answers."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from code_rag.rag_server.answer import Usage
from code_rag.rag_server.progress import Searchable
from code_rag.servicekit.errors import Unavailable
from tests.browser.asking import ANSWERED, QUESTION, asked
from tests.browser.chromium import Page
from tests.unit.rag_server.fake_rag_server import Script, running
from tests.unit.rag_server.refund_shop import CITATIONS, INDEXED, REFUNDS, index_status, verdict


def test_enter_asks_and_the_answer_cites(page: Page, url: str, script: Script) -> None:
    """A typed question is answered; markers become numbers, sources carry the result of their check."""
    page.open(url)
    page.type(QUESTION)
    page.press("Enter")
    page.wait(ANSWERED)
    assert page.texts(".prose .chip") == ["1", "2", "3", "4"]
    assert [text.replace("\n", " ") for text in page.texts(".sources li")] == [
        "orders/refunds.py:8 ✓ says so",
        "orders/refunds.py:9 ✓ says so",
        "orders/refunds.py:18-22 ? does not clearly say so: it does not mention 14",
        "docs/refunds.md:1-4 ✗ not there: the file changed after it was indexed",
    ]
    assert page.texts("#answer .progress") == [
        "2 of 4 sources say so, 1 does not clearly say so, 1 not there · gpt-4o-mini · 1.4 s"
    ]
    assert {"question": QUESTION, "stream": True} in [body for _, body, _ in script.requests]
    assert page.run("location.hash").startswith("#q=How+long+may")
    assert page.problems == []


@pytest.mark.parametrize(
    ("cost", "said"),
    [
        (None, "1,240 + 96 tokens"),
        (0.0003, "1,240 + 96 tokens, $0.0003"),
        (0.00001, "1,240 + 96 tokens, under $0.0001"),
    ],
)
def test_what_an_answer_came_to_is_below_it(
    page: Page, url: str, script: Script, cost: float | None, said: str
) -> None:
    """Tokens read and written, and dollars where they are known, end the line below the answer."""
    script.usage = Usage(1_240, 96, cost=cost)
    page.open(asked(url))
    page.wait(ANSWERED)
    assert page.texts("#answer .progress")[0].endswith(f" · 1.4 s · {said}")


def test_shift_enter_breaks_the_line(page: Page, url: str, script: Script) -> None:
    """Shift and Enter write a second line and ask nothing."""
    page.open(url)
    page.type("a")
    page.press("Enter", modifiers=8)
    page.type("b")
    assert page.run("document.querySelector('#question').value") == "a\nb"
    assert "/ask" not in [path for path, _, _ in script.requests]


def test_a_citation_opens_its_lines(page: Page, url: str) -> None:
    """The source stands beside the answer with the cited lines marked; Escape gives the focus back."""
    page.open(asked(url))
    page.wait(ANSWERED)
    page.run("document.querySelectorAll('.prose .chip')[2].focus()")
    page.press("Enter")
    page.wait("document.querySelector('.marked')")
    assert "".join(page.texts(".marked")).rstrip() == "\n".join(REFUNDS.splitlines()[17:22])
    assert page.texts("#source .result") == ["? does not clearly say so: it does not mention 14"]
    assert page.run("location.hash").endswith("&file=orders/refunds.py:18-22")
    page.press("Escape")
    page.wait("!document.querySelector('#source').open")
    assert page.run("document.activeElement.textContent") == "3"
    assert page.problems == []


def test_a_link_to_a_file_opens_it(page: Page, url: str) -> None:
    """`#file=path:lines` shows a file without a question; what is not there says so."""
    page.open(f"{url}/#file=orders/refunds.py:8-9")
    page.wait("document.querySelectorAll('.marked').length === 2")
    page.run("location.hash = '#file=gone.py'")
    page.wait("document.querySelector('#source .failure')")
    assert "There is no such file" in page.texts("#source .failure p")[0]


def test_back_returns_to_the_question_before(page: Page, url: str) -> None:
    """The browser's history holds the questions."""
    page.open(asked(url, "first"))
    page.wait(ANSWERED)
    page.run("location.hash = '#q=second'")
    page.wait("document.title === 'second · coderag'")
    page.run("history.back()")
    page.wait("document.title === 'first · coderag' && document.querySelector('#question').value === 'first'")


def test_an_answer_is_text_and_nothing_else(page: Page, url: str, script: Script) -> None:
    """Markup, scripts, odd links and hidden characters of an answer are shown, never obeyed."""
    script.answer = (
        "<img src=x onerror=alert(1)> [a](javascript:alert(1)) [b](https://c.example/d)\n\n"
        "<script>alert(1)</script> x\u202ey `z\u200b` [1:8-8]\n"
    )
    script.citations = [replace(CITATIONS[0], reason="<b>bold</b>", state="missing")]
    page.open(asked(url))
    page.wait(ANSWERED)
    assert page.run("document.querySelectorAll('#answer :is(img, script, b, iframe)').length") == 0
    assert page.run("document.querySelectorAll('.prose a[target]').length") == 0
    text = page.texts(".prose")[0]
    assert "<img src=x onerror=alert(1)>" in text
    assert "[b](https://c.example/d)" in text
    assert "x<U+202E>y z<U+200B>" in text
    assert page.problems == []


def test_escape_stops_and_keeps_what_is_there(page: Page, url: str, script: Script) -> None:
    """A stopped answer keeps its text, says that it was stopped, and ends the request."""
    script.delay = 0.1
    page.open(asked(url))
    page.wait("document.querySelector('.prose').innerText.includes('customer')")
    assert page.texts("#ask button") == ["Stop"]
    page.press("Escape")
    page.wait("document.querySelector('#answer .progress').innerText === 'Stopped.'")
    assert page.texts("#ask button") == ["Ask"]
    assert "A customer" in page.texts(".prose")[0]
    assert page.run("document.querySelector('.prose').getAttribute('aria-busy')") == "false"


def test_errors_can_be_read_and_tried_again(page: Page, url: str, script: Script) -> None:
    """A failed question says why in the server's words; the button asks again."""
    script.failures["/ask"] = Unavailable("The vector store does not answer.")
    page.open(asked(url))
    page.wait("document.querySelector('.failure')")
    assert page.texts(".failure p:not(.request-id)") == ["The vector store does not answer."]
    assert re.fullmatch("Request [0-9a-f]{32}", page.texts(".request-id")[0])
    script.failures.clear()
    page.click(".failure button")
    page.wait(ANSWERED)


@pytest.mark.parametrize(
    ("cut", "said"), [(False, "The language model hung up."), (True, "The answer ended early.")]
)
def test_half_an_answer_is_marked_as_such(page: Page, url: str, script: Script, cut: bool, said: str) -> None:
    """A stream that fails or just ends leaves its text and an error."""
    script.break_stream_after, script.cut_stream = 5, cut
    page.open(asked(url))
    page.wait("document.querySelector('.failure')")
    assert page.texts(".failure p:not(.request-id)") == [said]
    assert page.texts(".prose") == ["A customer may ask for"]


def test_remarks_are_shown(page: Page, url: str, script: Script) -> None:
    """What was missing stands above the answer."""
    script.degraded = ["semantic search is off: no answer"]
    page.open(asked(url))
    page.wait(ANSWERED)
    assert page.texts(".remarks li") == ["semantic search is off: no answer"]


@pytest.fixture
def locked() -> Iterator[str]:
    """A server that wants a key."""
    with running(Script(api_key="k-1")) as address:
        yield address


def test_the_key_is_asked_for_only_when_it_is_needed(page: Page, url: str, locked: str) -> None:
    """The field appears on 401; with the key, what was refused is done, and only this tab keeps it."""
    page.open(url)
    page.wait("document.querySelector('#status summary').innerText.includes('840 chunks')")
    assert page.run("document.querySelector('#key').hidden")
    page.open("about:blank")
    page.open(asked(locked))
    page.wait("!document.querySelector('#key').hidden && document.activeElement.id === 'api-key'")
    page.type("wrong")
    page.press("Enter")
    page.wait("document.querySelector('#key p').innerText === 'The server rejected this key.'")
    page.run("document.querySelector('#api-key').focus()")
    page.type("k-1")
    page.press("Enter")
    page.wait(ANSWERED)
    page.wait("document.querySelector('#status').dataset.state === 'ok'")
    assert page.run("localStorage.length + document.cookie.length") == 0
    assert page.run("document.querySelector('#api-key').value") == ""
    page.run("sessionStorage.clear()")


def test_indexing_is_followed(page: Page, url: str, script: Script) -> None:
    """The button starts a run, its progress shows, and the counts at its end."""
    page.open(url)
    page.wait("document.querySelector('#status').dataset.state === 'ok'")
    busy = index_status("running", replace(INDEXED, pending=20))
    script.index = [busy, busy, busy, index_status(searchable=Searchable(files=7, chunks=42))]
    page.click("#status summary")
    page.click("#status button")
    page.wait("document.querySelector('#status summary').innerText === 'Indexing: 100 of 120 files'")
    page.wait("document.querySelector('#status summary').innerText === '42 chunks of 7 files'")
    page.press("Escape")
    assert page.run("document.querySelector('#status').open") is False


def test_a_part_that_is_away_is_visible(page: Page, url: str, script: Script) -> None:
    """Degraded health shows in the summary and beside the part."""
    script.checks["llm-server"] = verdict("degraded", "no answer")
    page.open(url)
    page.wait("document.querySelector('#status').dataset.state === 'degraded'")
    page.click("#status summary")
    assert "840 chunks of 120 files, degraded" in page.texts("#status summary")[0]
    assert "no answer" in page.texts(".parts .degraded")[0]


@pytest.mark.parametrize("width", [320, 390, 768, 1440])
def test_no_width_scrolls_sideways(page: Page, url: str, width: int) -> None:
    """The page fits its window, with and without a source; narrow ones show the source alone."""
    page.open(asked(url), width=width)
    page.wait(ANSWERED)
    assert page.run("document.documentElement.scrollWidth") <= width
    page.click(".sources a")
    page.wait("document.querySelector('.marked')")
    assert page.run("document.documentElement.scrollWidth") <= width
    assert page.run("document.querySelector('#source').matches(':modal')") is (width <= 960)


def test_long_files_open_at_their_lines(page: Page, url: str, script: Script) -> None:
    """Twenty thousand lines open with the cited ones in sight."""
    script.files["long.py"] = "\n".join(f"line {number}" for number in range(1, 20_001))
    page.open(f"{url}/#file=long.py:9876-9880")
    page.wait("document.querySelector('.marked')")
    assert 80 < page.run("document.querySelector('.marked').getBoundingClientRect().top") < 800
    assert page.texts(".marked")[0].rstrip() == "line 9876"
