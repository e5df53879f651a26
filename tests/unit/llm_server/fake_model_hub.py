"""A hub on loopback with one file, which sends it from where it is asked to, or breaks off on the way."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from tests.fixtures.http_server import http_server


@dataclass
class FakeModelHub:
    """What it has and does, and the `range` header of each request."""

    path: str
    content: bytes
    breaks_after: int | None = None
    """Bytes after which each connection is closed."""
    knows_ranges: bool = True
    status: int = 200
    url: str = ""
    ranges: list[str | None] = field(default_factory=list)


@contextmanager
def fake_model_hub(path: str, content: bytes) -> Iterator[FakeModelHub]:
    """Serve `content` at `path`."""
    hub = FakeModelHub(path, content)
    with http_server(_handler(hub)) as hub.url:
        yield hub


def _handler(hub: FakeModelHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers["range"]
            hub.ranges.append(wanted)
            if self.path != hub.path or hub.status != 200:
                self.send_error(404 if hub.status == 200 else hub.status)
                return
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and hub.knows_ranges else 0
            self.send_response(206 if start else 200)
            self.send_header("content-length", str(len(hub.content) - start))
            self.end_headers()
            end = None if hub.breaks_after is None else start + hub.breaks_after
            self.wfile.write(hub.content[start:end])

        def log_message(self, *_: object) -> None: ...

    return Handler
