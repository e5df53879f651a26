"""`GET /`: the web page."""

import html
from pathlib import Path

from fastapi import APIRouter
from starlette.responses import HTMLResponse

STATIC = Path(__file__).parent.parent / "static"
ASSETS = "/static"
HEADERS = {
    # Scripts, styles and requests only from our own origin: whatever an answer contains, it stays text.
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "cache-control": "no-cache",
}
OPEN_PATHS = frozenset({"/", *(f"{ASSETS}/{file.relative_to(STATIC)}" for file in STATIC.rglob("*"))})
"""Paths that need no API key: the page itself asks for the key."""

EXPOSED = '<p id="exposed" hidden></p>'
"""Where the page has the warning that strangers may call."""


def page_router(warning: str = "") -> APIRouter:
    """The page itself, with `warning` in its text; its assets are mounted separately."""
    shown = f'<p id="exposed">{html.escape(warning)}</p>' if warning else EXPOSED
    router = APIRouter(tags=["page"])

    @router.get("/", include_in_schema=False)
    def page() -> HTMLResponse:
        text = (STATIC / "index.html").read_text(encoding="utf-8")
        return HTMLResponse(text.replace(EXPOSED, shown), headers=HEADERS)

    return router
