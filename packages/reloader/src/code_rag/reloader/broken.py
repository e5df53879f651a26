"""The app that is served while the source does not import."""

import json
from typing import Any


def broken_app(failure: str) -> Any:
    """An app that answers 503 with `failure` to all routes, as error envelope and `/health` report."""
    error = {"message": failure, "type": "server_error", "param": None, "code": "source_broken"}
    checks = {"source": {"status": "failing", "detail": failure}}
    # Not built from servicekit's models: they are watched source and may be what is broken.
    body = json.dumps({"status": "failing", "checks": checks, "error": error}).encode()

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        headers = [(b"content-type", b"application/json"), (b"retry-after", b"1")]
        await send({"type": "http.response.start", "status": 503, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app
