"""The questions that the page suggests, in a real browser."""

from tests.browser.chromium import Page
from tests.unit.rag_server.fake_rag_server import Script, running

SUGGESTED = "document.querySelectorAll('#welcome button').length"
ANSWERED = "document.querySelector('.sources')"


def test_a_suggestion_is_asked(page: Page) -> None:
    """The server's questions stand below the welcome text; a click asks one."""
    script = Script()
    with running(script) as url:
        page.open(url)
        page.wait(f"{SUGGESTED} === 2")
        assert page.texts("#welcome button") == list(script.suggestions)
        page.run("document.querySelectorAll('#welcome button')[1].click()")
        page.wait(ANSWERED)
        assert script.suggestions[1] in [body.get("question") for _, body, _ in script.requests]
    assert page.problems == []


def test_without_suggestions_there_is_no_list(page: Page) -> None:
    """While nothing is indexed the page suggests nothing."""
    with running(Script(suggestions=())) as url:
        page.open(url)
        page.wait("document.querySelector('#status').dataset.state")
        assert page.run("document.querySelector('#welcome ul').hidden") is True
    assert page.problems == []


def test_the_chosen_codebase_has_its_own_suggestions(page: Page) -> None:
    """Another choice asks the server again."""
    script = Script(codebases=("shop", "accounts"))
    with running(script) as url:
        page.open(url)
        page.wait(f"{SUGGESTED} === 2")
        page.run("document.querySelector('#codebase').value = 'accounts'")
        page.run("document.querySelector('#codebase').dispatchEvent(new Event('change'))")
        page.wait(
            "performance.getEntries().some((entry) => entry.name.includes('suggestions?codebase=accounts'))"
        )
    assert page.problems == []
