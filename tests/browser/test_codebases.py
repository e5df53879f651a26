"""The page's choice of a codebase, in a real browser."""

from tests.browser.chromium import Page
from tests.unit.rag_server.fake_rag_server import Script, running

QUESTION = "refunds"
ANSWERED = "document.querySelector('.sources')"


def test_there_is_no_choice_of_one(page: Page) -> None:
    """A server with one codebase offers none to choose."""
    with running(Script()) as url:
        page.open(f"{url}/#q={QUESTION}")
        page.wait(ANSWERED)
        assert page.run("document.querySelector('#codebase').hidden") is True


def test_one_codebase_of_several_can_be_asked(page: Page) -> None:
    """The choice shows where there are several codebases, reaches the server and stays in the address."""
    script = Script(codebases=("shop", "accounts"))
    with running(script) as url:
        page.open(f"{url}/#q={QUESTION}&in=accounts")
        page.wait(ANSWERED)
        page.wait("document.querySelector('#codebase').value === 'accounts'")
        assert page.run("document.querySelector('#codebase').hidden") is False
        assert {"question": QUESTION, "stream": True, "codebase": "accounts"} in [
            body for _, body, _ in script.requests
        ]
        page.run("document.querySelector('#codebase').value = 'shop'")
        page.run("document.querySelector('#codebase').dispatchEvent(new Event('change'))")
        page.press("Enter")
        page.wait("location.hash.endsWith('&in=shop')")
    assert page.problems == []
