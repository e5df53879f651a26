"""The browser that the page's tests share, and a server with scripted answers."""

from collections.abc import Iterator

import pytest

from tests.browser.chromium import BINARY, Page, chromium
from tests.unit.rag_server.fake_rag_server import Script, running


@pytest.fixture(scope="module")
def browser() -> Iterator[Page]:
    if BINARY is None:
        pytest.skip("no chromium or google-chrome on the PATH")
    with chromium() as page:
        yield page


@pytest.fixture
def page(browser: Page) -> Iterator[Page]:
    browser.problems.clear()
    yield browser
    browser.open("about:blank")


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def url(script: Script) -> Iterator[str]:
    with running(script) as address:
        yield address
