"""From which web pages a request may come."""

from collections.abc import Iterable

from starlette.datastructures import Headers

from code_rag.servicekit.errors import Forbidden

_ANOTHER = (
    "A web page of another origin sent this request, and only this server's own may. "
    "If you trust that page, add its origin to ALLOWED_ORIGINS."
)


class Origins:
    """This server's own origin, and those that the user adds; programs other than browsers name none.

    The algorithm is that of Go's net/http.CrossOriginProtection, for requests that read as well; links from
    elsewhere stay open.
    """

    def __init__(self, allowed: Iterable[str]) -> None:
        self._allowed = frozenset(origin.lower() for origin in allowed)

    def check(self, method: str, headers: Headers) -> None:
        """Raise Forbidden for what a page of another origin sends or embeds."""
        origin, site = headers.get("origin", "").lower(), headers.get("sec-fetch-site")
        if origin in self._allowed or site in ("same-origin", "none"):
            return
        if site is None and _is_own(origin, headers):  # a browser from before 2023, or an address without TLS
            return
        if not (method == "GET" and _follows_link(headers)):
            raise Forbidden(_ANOTHER, code="cross_origin")


def _is_own(origin: str, headers: Headers) -> bool:
    return origin == "" or origin.partition("://")[2] == headers.get("host", "").lower()


def _follows_link(headers: Headers) -> bool:
    """Whether the answer fills a tab, where no page of another origin can read it."""
    return headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
