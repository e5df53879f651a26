"""A model hub on loopback that has the files it is given, damaged or slow as it is told."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler

from tests.fixtures.http_server import http_server


@dataclass
class FakeHub:
    """Where it listens, and the paths it was asked for."""

    url: str = ""
    asked: list[str] = field(default_factory=list)


@contextmanager
def fake_hub(files: Mapping[str, bytes], prefix: str) -> Iterator[FakeHub]:
    """Serve `files` by name below `prefix`, through one redirect as the real hub does for large files."""
    hub = FakeHub()
    with http_server(_handler(hub, files, prefix)) as hub.url:
        yield hub


def _handler(hub: FakeHub, files: Mapping[str, bytes], prefix: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hub.asked.append(self.path)
            stored = self.path.startswith("/stored/")
            body = files.get(self.path.removeprefix("/stored/" if stored else prefix))
            if body is None:
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            self.send_response(HTTPStatus.OK if stored else HTTPStatus.FOUND)
            if not stored:
                self.send_header("location", "/stored/" + self.path.removeprefix(prefix))
            self.send_header("content-length", str(len(body) if stored else 0))
            self.end_headers()
            self.wfile.write(body if stored else b"")

        def log_message(self, *_: object) -> None: ...

    return Handler
