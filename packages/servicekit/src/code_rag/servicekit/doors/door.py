"""What every request has to pass, and what every answer says to browsers."""

from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import Scope

from code_rag.servicekit.doors.hosts import Hosts
from code_rag.servicekit.doors.origins import Origins

HEADERS = {
    # No frame around it, no script in it: what answers in HTML says for itself what it needs.
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    # An image or script tag of another origin gets nothing, where a browser does not say who asks either.
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Door:
    """Checks where a request was sent to and from."""

    hosts: Hosts
    origins: Origins

    def check(self, scope: Scope) -> None:
        """Raise Misdirected or Forbidden for a request that another site's page may have sent."""
        self.hosts.check(scope)
        self.origins.check(scope["method"], Headers(scope=scope))

    @staticmethod
    def add_headers(headers: MutableHeaders) -> None:
        """Add what an answer does not say itself."""
        for name, value in HEADERS.items():
            headers.setdefault(name, value)
