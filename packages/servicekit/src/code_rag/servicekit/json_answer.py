"""An answer in JSON, whatever the text in it."""

from typing import Any

from starlette.responses import JSONResponse

from code_rag.servicekit.wire.json_text import encode


class JSONAnswer(JSONResponse):
    """Starlette's JSONResponse, except that half a surrogate pair does not break it."""

    def render(self, content: Any) -> bytes:
        """The body."""
        return encode(content).encode()
