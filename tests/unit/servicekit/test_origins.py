"""From which web pages a request may come, as browsers say it."""

import pytest
from starlette.datastructures import Headers

from code_rag.servicekit.doors.origins import Origins
from code_rag.servicekit.errors import Forbidden

ORIGINS = Origins(["https://chat.example", "vscode-webview://panel"])
OWN, OTHER = "http://localhost:8000", "http://localhost:3000"
LINK = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}

Sent = dict[str, str]


def check(method: str, sent: Sent) -> None:
    """Check a request to localhost:8000."""
    ORIGINS.check(method, Headers({"host": "localhost:8000", **sent}))


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"origin": OWN},
        {"origin": OWN, "sec-fetch-site": "same-origin"},
        {"origin": "https://localhost:8000"},
        {"sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none", "sec-fetch-mode": "navigate"},
        {"origin": "https://chat.example", "sec-fetch-site": "cross-site"},
        {"origin": "https://Chat.example"},
        {"origin": "vscode-webview://panel", "sec-fetch-site": "cross-site"},
    ],
    ids=str,
)
def test_programs_the_own_page_and_trusted_pages_may_call(method: str, sent: Sent) -> None:
    """No browser, our own origin (through TLS too), an address typed, or an origin that the user named."""
    check(method, sent)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
@pytest.mark.parametrize(
    "sent",
    [
        {"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
        {"origin": "https://evil.example"},
        {"origin": OTHER, "sec-fetch-site": "same-site"},
        {"origin": OTHER},
        {"origin": "null"},
        {"origin": "null", "sec-fetch-site": "cross-site"},
        {"origin": "http://chat.example", "sec-fetch-site": "cross-site"},
        {"origin": "https://chat.example.evil.example"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "script"},
        {"sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "object"},
        {"origin": OWN, "sec-fetch-site": "cross-site"},
        {"sec-fetch-site": ""},
    ],
    ids=str,
)
def test_pages_of_other_origins_may_not(method: str, sent: Sent) -> None:
    """Another site, another port of this machine, a sandbox or a frame: nothing is read or changed."""
    with pytest.raises(Forbidden, match="ALLOWED_ORIGINS"):
        check(method, sent)


def test_a_link_may_be_followed() -> None:
    """A page elsewhere may lead here, as a chat's sources do, but not by posting a form."""
    check("GET", LINK)
    with pytest.raises(Forbidden):
        check("POST", LINK | {"origin": "https://evil.example"})
