"""`GET /`: the web page."""

from pathlib import Path

from fastapi import APIRouter
from starlette.responses import FileResponse

STATIC = Path(__file__).parent.parent / "static"
ASSETS = "/static"
HEADERS = {
    # Scripts, styles and requests only from our own origin: whatever an answer contains, it stays text.
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}
OPEN_PATHS = frozenset({"/", *(f"{ASSETS}/{file.relative_to(STATIC)}" for file in STATIC.rglob("*"))})
"""Paths that need no API key: the page itself asks for the key."""


def page_router() -> APIRouter:
    """The page itself; its assets are mounted separately."""
    router = APIRouter(tags=["page"])

    @router.get("/", include_in_schema=False)
    def page() -> FileResponse:
        return FileResponse(STATIC / "index.html", headers=HEADERS)

    return router
