"""Pages of other origins in a real browser: each way in that a stranger's page has is tried."""

import json
from collections.abc import Iterator

import pytest

from tests.browser.asking import ANSWERED, asked
from tests.browser.chromium import BINARY, Page, chromium
from tests.browser.witness import attacker, victim
from tests.fixtures.waiting import wait_for
from tests.unit.rag_server.fake_rag_server import Script

EVIL = "evil.test"
"""A name that leads to this machine, as a stranger's does after it was changed."""
FLAGS = ("--host-resolver-rules=MAP *.test 127.0.0.1", "--ignore-certificate-errors")


@pytest.fixture(scope="module")
def browser() -> Iterator[Page]:
    if BINARY is None:
        pytest.skip("no chromium or google-chrome on the PATH")
    with chromium(*FLAGS) as page:
        yield page


def tried(page: Page, expression: str) -> str:
    """What a promise in the page comes to: its text, or the name of the error."""
    page.run(
        f"window.came = undefined; ({expression}).then(String, (e) => e.name).then((t) => {{ came = t }})"
    )
    page.wait("window.came !== undefined")
    found: str = page.run("window.came")
    return found


def read(url: str, **options: str | dict[str, str]) -> str:
    """A fetch, and the status and text that the page may read of its answer."""
    return (
        f"fetch({json.dumps(url)}, {json.dumps(options)}).then(async (r) => r.status + ' ' + await r.text())"
    )


def noted(page: Page) -> list[str]:
    """The problems up to now; they come with the answer to the next call."""
    page.run("0")
    return page.problems


JSON: dict[str, str | dict[str, str]] = {
    "method": "POST",
    "headers": {"content-type": "application/json"},
    "body": "{}",
}


@pytest.mark.parametrize("trusted", [False, True], ids=["refused", "as ALLOWED_HOSTS would"])
def test_a_name_that_is_changed_to_lead_here_reads_nothing(page: Page, trusted: bool) -> None:
    """DNS rebinding: the page is another's, its name then leads to the service, at the same port and origin.

    Where the name is allowed the same calls succeed, so that the refusal is the service's doing.
    """
    script = Script(settings={"allowed_hosts": EVIL} if trusted else {})
    with attacker() as port:
        page.open(f"http://{EVIL}:{port}/")
    with victim(script, port) as (witness, _):
        read_index = tried(page, read("/index"))
        started = tried(page, read("/index", **JSON))
        answers = [("GET", "/index", 200), ("POST", "/index", 202)]
    if trusted:
        assert (read_index[:4], started[:4], witness.answers) == ("200 ", "202 ", answers)
    else:
        assert all(
            answer.startswith("421 ") and "ALLOWED_HOSTS" in answer for answer in (read_index, started)
        )
        assert witness.let_in == []


@pytest.fixture(params=["http", "https"])
def hostile(page: Page, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The page of a stranger in the browser, with TLS (where our plain HTTP is mixed content) and without."""
    with attacker(tls=request.param == "https") as port:
        page.open(f"{request.param}://{EVIL}:{port}/")
        yield page
        page.open("about:blank")


def test_another_page_can_start_nothing(hostile: Page) -> None:
    """CSRF: what a page can post without asking first is refused, and what it must ask for, too."""
    with victim(Script()) as (witness, port):
        url = f"http://127.0.0.1:{port}/index"
        for kind in ("text/plain", "application/x-www-form-urlencoded"):
            tried(
                hostile, read(url, method="POST", mode="no-cors", body="{}", headers={"content-type": kind})
            )
        tried(hostile, read(url, method="POST", mode="no-cors"))
        assert tried(hostile, read(url, **JSON)) == "TypeError"
        assert hostile.run(f"navigator.sendBeacon({json.dumps(url)}, '{{}}')")
        wait_for(lambda: len(witness.answers) == 5, "three posts, a preflight and the beacon")
        assert {answer[2] for answer in witness.answers} == {403}


def test_another_pages_form_starts_nothing(hostile: Page) -> None:
    """CSRF: a form whose text happens to be JSON shows its sender the refusal."""
    with victim(Script()) as (witness, port):
        field = """<input name='{"path": "' value='"}'>"""
        form = f"<form method=post enctype=text/plain action=http://127.0.0.1:{port}/index>{field}</form>"
        hostile.run(f"document.body.innerHTML = {json.dumps(form)}; document.forms[0].submit()")
        witness.wait(("POST", "/index", 403))
        assert witness.let_in == []


def test_another_page_can_read_nothing(hostile: Page) -> None:
    """No fetch, with CORS or without, image, style or script brings it an answer."""
    with victim(Script()) as (witness, port):
        for path in ("/index", "/health", "/files/orders/refunds.py", "/"):
            url = f"http://127.0.0.1:{port}{path}"
            assert tried(hostile, read(url)) == "TypeError"
            assert tried(hostile, read(url, mode="no-cors")) in ("0 ", "TypeError")
            for tag in ("img", "script", "iframe"):
                node = f"Object.assign(document.createElement('{tag}'), {{src: {json.dumps(url)}}})"
                hostile.run(f"document.body.append({node})")
            witness.wait(("GET", path, 403))
        assert witness.let_in == []


def test_another_port_of_this_machine_is_another_origin(page: Page) -> None:
    """A page of a development server beside ours is of the same site, and reads nothing either."""
    with victim(Script()) as (witness, port), attacker() as other:
        page.open(f"http://127.0.0.1:{other}/")
        assert tried(page, read(f"http://127.0.0.1:{port}/index")) == "TypeError"
        tried(page, read(f"http://127.0.0.1:{port}/index", mode="no-cors"))
        assert witness.let_in == []
        assert len(witness.answers) == 2


def test_the_page_cannot_be_framed(page: Page) -> None:
    """Clickjacking: the browser shows no frame of ours, and the service answers none."""
    with attacker() as port, victim(Script()) as (witness, ours):
        page.open(f"http://{EVIL}:{port}")
        page.problems.clear()
        frame = f"<iframe src=http://127.0.0.1:{ours}/></iframe>"
        page.run(f"document.body.innerHTML = {json.dumps(frame)}")
        witness.wait(("GET", "/", 403))
        page.wait("frames.length === 1")
        wait_for(lambda: "frame-ancestors" in " ".join(noted(page)), "the browser to refuse the frame")


def test_an_allowed_origin_reads(page: Page) -> None:
    """The control: the same page, named in ALLOWED_ORIGINS, may call and read."""
    with attacker() as port:
        origin = f"http://{EVIL}:{port}"
        with victim(Script(settings={"allowed_origins": origin})) as (_, ours):
            page.open(origin)
            assert tried(page, read(f"http://127.0.0.1:{ours}/index")).startswith("200 ")
            assert tried(page, read(f"http://127.0.0.1:{ours}/index", **JSON)).startswith("202 ")


def test_a_link_from_elsewhere_opens_the_page(page: Page) -> None:
    """A chat's sources lead to the page, which then works."""
    with attacker() as port, victim(Script()) as (_, ours):
        page.open(f"http://{EVIL}:{port}/")
        page.run(f"location.href = {json.dumps(asked(f'http://127.0.0.1:{ours}'))}")
        page.wait(ANSWERED)


@pytest.mark.usefixtures("browser")
def test_nothing_of_the_page_is_mixed_content() -> None:
    """Behind TLS the page works, and all that it loads comes by TLS from its own origin."""
    # A browser of its own, which closes its connections before the server stops waiting for TLS to end.
    with victim(Script(), tls=True) as (_, port), chromium(*FLAGS) as page:
        origin = f"https://localhost:{port}"
        page.open(asked(origin))
        page.wait(ANSWERED)
        loaded = page.run("performance.getEntriesByType('resource').map(({ name }) => name)")
        assert len(loaded) > 10
        assert [name for name in loaded if not name.startswith(f"{origin}/")] == []
        assert page.problems == []


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", False), ("0.0.0.0", True)])  # noqa: S104
def test_the_page_warns_where_strangers_may_call(page: Page, host: str, shown: bool) -> None:
    """Without a key, on an address that others reach, the page says so and what to do."""
    with victim(Script(settings={"host": host})) as (_, port):
        page.open(f"http://127.0.0.1:{port}/")
        said = page.texts("#exposed")[0]
        assert ("HOST=0.0.0.0" in said and "API_KEY" in said) is shown
        assert page.run("document.querySelector('#exposed').checkVisibility()") is shown
