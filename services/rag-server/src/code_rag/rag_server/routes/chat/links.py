"""Links from a chat into the page: the file of a source, open at its lines."""

import re
from urllib.parse import quote

from fastapi import Request

_HOST = re.compile(r"[\w.-]+(:[0-9]{1,5})?|\[[0-9a-fA-F:.]+\](:[0-9]{1,5})?", re.ASCII)


def page_of(request: Request, public_url: str | None) -> str:
    """The page's address: the one that is set, or as the client addressed us; empty if that is none."""
    if public_url:
        return public_url.rstrip("/") + "/"
    host = request.headers.get("host", "")
    if not _HOST.fullmatch(host):
        return ""
    # A proxy that ends TLS says so; for whom the answer is written, it may say anything.
    forwarded = request.headers.get("x-forwarded-proto", "").partition(",")[0].strip().lower()
    scheme = forwarded if forwarded in ("http", "https") else request.url.scheme
    return f"{scheme}://{host}{quote(request.scope.get('root_path', ''))}/"


def link(page: str, path: str, start: int, end: int) -> str:
    """The address that opens `path` at its lines; `parseHash` in the page's links.js reads it."""
    return f"{page}#file={quote(path)}:{start}-{end}"
