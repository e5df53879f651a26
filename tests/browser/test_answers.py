"""What the page shows of answers: their states, quoted code, kept answers, follow-ups."""

from datetime import UTC, datetime
from typing import Any

import pytest

from code_rag.rag_server.answer import AnswerState, Citation, Waiting
from code_rag.servicekit.errors import Unavailable
from tests.browser.asking import ANSWERED, QUESTION, asked
from tests.browser.chromium import Page
from tests.unit.rag_server.fake_rag_server import Script
from tests.unit.rag_server.refund_shop import CITATIONS

FOLLOW_UP = "document.querySelector('.follow-up:not([hidden])')"
QUOTED = (
    "Class `RefundPolicy` in `orders/refunds.py` [1:12-16][1:18-19]\n\n"
    "```python\n12| @dataclass(frozen=True)\n13| class RefundPolicy:\n14|\n"
    "16|     window: timedelta = WINDOW\n  ⋯\n18|     def allows(self):\n19|         return 1\n```"
)
QUOTED_FROM = (
    Citation("[1:12-16]", "orders/refunds.py", 12, 16, "supported"),
    Citation("[1:18-19]", "orders/refunds.py", 18, 19, "supported"),
)


def quotes(script: Script) -> None:
    """Have the server answer with quoted code, as without a model."""
    script.answer, script.citations, script.stream_tokens = QUOTED, QUOTED_FROM, False


@pytest.mark.parametrize(
    ("state", "label"),
    [
        ("unsure", "Not sure"),
        ("not_found", "Not found"),
        ("unsupported", "Unsupported: the answer cites nothing"),
    ],
)
def test_an_answer_in_doubt_is_marked(
    page: Page, url: str, script: Script, state: AnswerState, label: str
) -> None:
    """The label stands above the text, and the nearest places are there with their code."""
    quotes(script)
    script.state = state
    page.open(asked(url))
    page.wait(ANSWERED)
    assert page.texts(".state") == [label]
    assert page.texts("#answer h2") == ["Nearest places"]
    assert "say so" not in page.texts("#answer")[0]
    assert "class RefundPolicy:" in page.texts(".excerpt")[0]
    assert page.problems == []


def test_a_clear_answer_has_no_label(page: Page, url: str) -> None:
    """Neither a state nor another question is shown where there is none."""
    page.open(asked(url))
    page.wait(ANSWERED)
    assert page.run("document.querySelector('.state').hidden && document.querySelector('.understood').hidden")


def test_the_question_as_understood_is_shown(page: Page, url: str, script: Script) -> None:
    """Where other words were searched for than were asked, they stand above the answer."""
    script.understood = "Where is RefundPolicy.window set?"
    page.open(asked(url))
    page.wait(ANSWERED)
    assert page.texts(".understood") == ["Searched for: Where is RefundPolicy.window set?"]


def test_a_model_that_words_the_question_is_named(page: Page, url: str, script: Script) -> None:
    """Until the search begins, the page says who puts the question into words, and for how long."""
    script.notes, script.delay = [Waiting("small-model", 3, "search")] * 20, 0.05
    page.open(asked(url))
    page.wait(
        "document.querySelector('.progress')?.textContent.startsWith('Putting the question into words')"
    )
    assert page.texts("#answer .progress") == [
        "Putting the question into words for search with small-model, 3 s …"
    ]
    page.wait(ANSWERED)


def test_one_source_is_not_counted(page: Page, url: str, script: Script) -> None:
    """A single source is said to say so only if it does."""
    script.citations = [CITATIONS[2]]
    page.open(asked(url))
    page.wait(ANSWERED)
    assert page.texts("#answer .progress")[0].startswith("1 source: does not clearly say so · ")


def test_line_numbers_of_quoted_code_lead_to_the_file(page: Page, url: str, script: Script) -> None:
    """Numbers stand in a gutter, open their line, and are not copied with the code."""
    quotes(script)
    page.open(asked(url))
    page.wait(ANSWERED)
    page.run("getSelection().selectAllChildren(document.querySelector('.excerpt'))")
    copied = page.run("getSelection().toString()").splitlines()
    assert [line.rstrip() for line in copied if line.strip()] == [
        *("@dataclass(frozen=True)", "class RefundPolicy:", "    window: timedelta = WINDOW"),
        *("    def allows(self):", "        return 1"),
    ]
    assert page.run("document.querySelectorAll('.excerpt .gap').length") == 1
    page.click(".excerpt a[data-number='18']")
    page.wait("document.querySelector('.marked')")
    assert page.run("location.hash").endswith("&file=orders/refunds.py:18-18")
    assert page.problems == []


def test_places_show_before_the_answer_is_there(page: Page, url: str, script: Script) -> None:
    """What was read is listed while the answer is written, and folded away below its sources."""
    script.delay = 0.1
    page.open(asked(url))
    page.wait("document.querySelectorAll('.hits[open] li').length === 2")
    assert page.run("document.querySelector('.prose').getAttribute('aria-busy')") == "true"
    page.wait("document.querySelectorAll('.prose .chip').length === 2")
    growing = page.texts(".prose .chip")
    page.wait(ANSWERED)
    assert page.texts(".prose .chip")[:2] == growing == ["1", "2"]
    assert page.run("document.querySelector('.hits').open") is False


def test_a_kept_answer_says_so_and_can_be_asked_for_again(page: Page, url: str, script: Script) -> None:
    """The button asks the model; its answer is not marked as kept."""
    script.kept_since = datetime(2026, 1, 5, 10, tzinfo=UTC)
    page.open(asked(url))
    page.wait(ANSWERED)
    assert "kept from " in page.texts("#answer .progress")[0]
    page.click(".progress button")
    page.wait("document.querySelector('#answer .progress').innerText.endsWith('1.4 s')")
    assert last_asked(script) == {"question": QUESTION, "stream": True, "again": True}


def test_a_follow_up_carries_the_conversation(page: Page, url: str, script: Script) -> None:
    """The field below the answer asks on; the first question stays in the address, the focus in the field."""
    page.open(asked(url))
    page.wait(FOLLOW_UP)
    address = page.run("location.href")
    script.answer, script.citations = "In the `window` [1:8-8].", CITATIONS[:1]
    page.run("document.querySelector('#follow-up').focus()")
    page.type("and where is that set?")
    page.press("Enter")
    page.wait("document.querySelectorAll('.sources').length === 2")
    page.wait("document.activeElement.id === 'follow-up'")
    body = last_asked(script)
    assert (body["question"], [turn["question"] for turn in body["history"]]) == (
        "and where is that set?",
        [QUESTION],
    )
    assert body["history"][0]["answer"].startswith("A customer may ask")
    assert page.texts("#answer .question") == ["and where is that set?"]
    assert page.run("location.href") == address
    assert page.run("document.querySelector('#question').value") == QUESTION
    assert page.problems == []


def test_a_failed_follow_up_can_be_tried_again(page: Page, url: str, script: Script) -> None:
    """Its error stands below it, the first answer stays, and the button asks the same once more."""
    page.open(asked(url))
    page.wait(FOLLOW_UP)
    script.failures["/ask"] = Unavailable("The vector store does not answer.")
    page.run("document.querySelector('#follow-up').focus()")
    page.type("and then?")
    page.press("Enter")
    page.wait("document.querySelector('.turn + .turn .failure')")
    assert page.run("document.querySelectorAll('.sources').length") == 1
    script.failures.clear()
    page.click(".failure button")
    page.wait("document.querySelectorAll('.sources').length === 2")
    assert len(last_asked(script)["history"]) == 1
    page.run("location.hash = '#q=other'")
    page.wait("document.querySelectorAll('.turn').length === 1")


def test_places_that_no_model_cites_are_quoted(page: Page, url: str, script: Script) -> None:
    """Where nothing is claimed, no source is said to say so."""
    script.model = "none"
    script.citations = CITATIONS[:2]
    page.open(asked(url))
    page.wait(ANSWERED)

    assert page.texts(".sources .result") == ["✓ quoted"] * 2
    assert page.texts("#answer .progress")[0].startswith("2 places quoted · no model")


def last_asked(script: Script) -> dict[str, Any]:
    """The last question as the page sent it."""
    return [body for path, body, _ in script.requests if path == "/ask"][-1]


@pytest.mark.parametrize(
    ("waiting", "shown"),
    [
        (Waiting("small", 0, "answer", 4, 12), "Reading 4 places, about 12 s …"),
        (Waiting("small", 3, "answer", 4, 12), "Reading 4 places, 3 of about 12 s …"),
        (Waiting("small", 0, "answer", 4, 12, 9), "Writing, 9 words of a sentence …"),
        (Waiting("large", 3), "Waiting for large, 3 s …"),
    ],
)
def test_what_a_model_does_is_shown(
    page: Page, url: str, script: Script, waiting: Waiting, shown: str
) -> None:
    """What it reads and for how long, or how much it has written that cannot be shown yet."""
    script.notes, script.delay = [waiting], 0.5
    page.open(asked(url))
    page.wait(f"document.querySelector('#answer .progress').innerText === '{shown}'")
