"""The browser that the page's tests share."""

from collections.abc import Iterator

import pytest

from tests.browser.chromium import BINARY, Page, chromium


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
