"""A rag-server with scripted answers on loopback, for tests of its two front ends: the CLI and the page.

Run it by hand to work on the page: `python -m tests.unit.rag_server.fake_rag_server PORT`.
"""

import asyncio
import json
import socket
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse, JSONResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles

import code_rag.rag_server

STATIC = Path(code_rag.rag_server.__file__).parent / "static"
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

REFUNDS = '''"""Who may have their money back, and until when."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from orders.order import Order

WINDOW = timedelta(days=30)
PERISHABLE_WINDOW = timedelta(hours=48)


@dataclass(frozen=True)
class RefundPolicy:
    """Decides on a refund from the order alone; the payment worker carries it out."""

    window: timedelta = WINDOW

    def allows(self, order: Order, now: datetime) -> bool:
        if order.delivered_at is None:
            return order.is_paid
        limit = PERISHABLE_WINDOW if order.is_perishable else self.window
        return now - order.delivered_at <= limit
'''
RUNBOOK = """# Refunds

Support may extend the window once, by 14 days.
Every extension is written to the audit log.
"""


def hit(path: str, start: int, end: int, symbol: str, text: str, score: float) -> dict[str, Any]:
    """A search hit as the wire carries it."""
    language = "python" if path.endswith(".py") else "markdown"
    return {
        "path": path,
        "start_line": start,
        "end_line": end,
        "symbol": symbol,
        "kind": "method",
        "language": language,
        "text": text,
        "score": score,
        "explanation": {"alpha": 0.5, "dense": 0.61, "dense_rank": 1, "lexical": 7.214, "lexical_rank": 2},
    }


def lines(text: str, start: int, end: int) -> str:
    """Lines `start` to `end` of `text`, both included."""
    return "\n".join(text.splitlines()[start - 1 : end])


HITS = [
    hit("orders/refunds.py", 12, 22, "RefundPolicy.allows", lines(REFUNDS, 12, 22), 0.8312),
    hit("docs/refunds.md", 1, 4, "Refunds", lines(RUNBOOK, 1, 4), 0.5104),
]
ANSWER = """A customer may ask for a refund **within 30 days of delivery** [1:8-8];
perishable goods have 48 hours [1:9].

The decision is made by `RefundPolicy.allows` [1:18-22]:

- an order that was *never delivered* is refunded as soon as it is paid,
- otherwise the window counts from `delivered_at`.

```python
limit = PERISHABLE_WINDOW if order.is_perishable else self.window
return now - order.delivered_at <= limit
```

Support can extend the window once, by 14 days [2].
"""
CITATIONS = [
    ("[1:8-8]", "orders/refunds.py", 8, 8, True, ""),
    ("[1:9]", "orders/refunds.py", 9, 9, True, ""),
    ("[1:18-22]", "orders/refunds.py", 18, 22, True, ""),
    ("[2]", "docs/refunds.md", 1, 4, False, "the file changed after it was indexed"),
]
CHECKS = {
    "vector-db": {"status": "ok", "detail": ""},
    "embedding-server": {"status": "ok", "detail": "sentence-transformers/all-MiniLM-L6-v2"},
    "llm-server": {"status": "ok", "detail": "gpt-4o-mini"},
    "index": {"status": "ok", "detail": ""},
}


def citations() -> list[dict[str, Any]]:
    """The citations of ANSWER as the wire carries them."""
    names = ("marker", "path", "start_line", "end_line", "verified", "reason")
    return [dict(zip(names, values, strict=True)) for values in CITATIONS]


def index_status(state: str = "idle", **changes: Any) -> dict[str, Any]:
    """What `GET /index` answers."""
    files = {"total": 120, "unchanged": 96, "indexed": 24, "pending": 0, "removed": 1, "failed": 0}
    status = {
        "state": state,
        "detail": "",
        "path": "",
        "started_at": "2026-01-05T10:00:00Z",
        "finished_at": "2026-01-05T10:00:03Z" if state in ("idle", "failed") else None,
        "seconds": 3.2,
        "files": files | changes.pop("files", {}),
        "chunks": 840,
        "skipped": {"binary": 12, "ignored": 310, "too large": 2},
        "errors": [],
        "searchable": {"files": 120, "chunks": 840},
    }
    return status | changes


@dataclass
class Script:
    """What the server answers, and what it was asked."""

    hits: list[dict[str, Any]] = field(default_factory=lambda: list(HITS))
    answer: str = ANSWER
    citations: list[dict[str, Any]] = field(default_factory=citations)
    degraded: list[str] = field(default_factory=list)
    files: dict[str, str] = field(
        default_factory=lambda: {"orders/refunds.py": REFUNDS, "docs/refunds.md": RUNBOOK}
    )
    index: list[dict[str, Any]] = field(default_factory=lambda: [index_status()])
    """Answers of `GET /index` in turn; the last one stays."""
    health: dict[str, Any] = field(default_factory=lambda: {"status": "ok", "checks": dict(CHECKS)})
    failures: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Path → status and message of the error it answers."""
    break_stream_after: int | None = None
    """How many tokens the stream brings before it ends with an error event."""
    stream_tokens: bool = True
    """False: the answer comes in the last event alone, as without a language model."""
    cut_stream: bool = False
    """End a broken stream without the error event."""
    api_key: str | None = None
    delay: float = 0.0
    """Seconds between tokens."""
    requests: list[tuple[str, dict[str, Any], dict[str, str]]] = field(default_factory=list)

    def ask_response(self) -> dict[str, Any]:
        return {
            "answer": self.answer,
            "citations": self.citations,
            "hits": self.hits,
            "model": "gpt-4o-mini",
            "degraded": self.degraded,
            "timings": {"search": 0.021, "answer": 1.4},
        }

    def next_index(self) -> dict[str, Any]:
        return self.index.pop(0) if len(self.index) > 1 else self.index[0]


def error(status: int, message: str) -> JSONResponse:
    """An error in the envelope all services use."""
    kind = "invalid_request_error" if status < 500 else "server_error"
    body = {"message": message, "type": kind, "param": None, "code": "scripted"}
    return JSONResponse({"error": body}, status)


def event(name: str, data: dict[str, Any]) -> str:
    """One server-sent event."""
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"


async def ask_events(script: Script) -> AsyncIterator[str]:
    """The stream of `POST /ask`: hits, tokens, and the answer or the error at its end."""
    yield event("hits", {"hits": script.hits, "degraded": script.degraded})
    yield ": ping\n\n"
    words = script.answer.split(" ") if script.stream_tokens else []
    for count, word in enumerate(words):
        if count == script.break_stream_after:
            if not script.cut_stream:
                yield event("error", json.loads(bytes(error(502, "The language model hung up.").body)))
            return
        await asyncio.sleep(script.delay)
        yield event("token", {"text": word if count == 0 else f" {word}"})
    yield event("answer", script.ask_response())


def create_app(script: Script) -> FastAPI:
    """The server; every request's path, JSON and headers end up in `script.requests`."""
    app = FastAPI()

    @app.middleware("http")
    async def answer_scripted_failures(request: Request, call_next: Any) -> Response:
        path = request.url.path
        body = await request.body()
        script.requests.append((path, json.loads(body) if body else {}, dict(request.headers)))
        needs_key = script.api_key and path not in ("/", "/health") and not path.startswith("/static/")
        if needs_key and request.headers.get("authorization") != f"Bearer {script.api_key}":
            return error(401, "Send the key as 'Authorization: Bearer <API_KEY>'.")
        if path in script.failures:
            return error(*script.failures[path])
        response: Response = await call_next(request)
        response.headers["content-security-policy"] = CSP
        response.headers["cache-control"] = "no-cache"
        return response

    @app.get("/health")
    async def health() -> JSONResponse:
        body = {"service": "rag-server", "version": "0.1.0"} | script.health
        return JSONResponse(body, 200 if body["status"] in ("ok", "degraded") else 503)

    @app.post("/index", status_code=202)
    async def start() -> dict[str, Any]:
        return script.next_index()

    @app.get("/index")
    async def index() -> dict[str, Any]:
        return script.next_index()

    @app.post("/search")
    async def search() -> dict[str, Any]:
        return {"hits": script.hits, "degraded": script.degraded, "timings": {"search": 0.021}}

    @app.post("/ask")
    async def ask(request: Request) -> Response:
        if (await request.json()).get("stream"):
            return StreamingResponse(ask_events(script), media_type="text/event-stream")
        return JSONResponse(script.ask_response())

    @app.get("/files/{path:path}")
    async def file(path: str) -> JSONResponse:
        if path not in script.files:
            return error(404, f"There is no file {path} in the codebase.")
        text = script.files[path]
        count = len(text.splitlines())
        return JSONResponse({"path": path, "language": "python", "text": text, "lines": count})

    @app.get("/")
    async def page() -> FileResponse:
        return FileResponse(STATIC / "index.html")

    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return app


@contextmanager
def running(script: Script) -> Iterator[str]:
    """Serve `script` on a free port of loopback from a thread; yields its URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(create_app(script), log_level="error", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()


if __name__ == "__main__":
    busy = index_status("running", finished_at=None, files={"indexed": 4, "pending": 20})
    demonstration = Script(delay=0.03, index=[index_status(), busy, busy, index_status()])
    uvicorn.run(create_app(demonstration), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
