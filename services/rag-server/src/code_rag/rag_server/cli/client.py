"""HTTP client for a rag-server; every error becomes a Failure."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self, TypedDict, TypeVar

import httpx2
from pydantic import BaseModel, ValidationError

from code_rag.rag_server.cli.failure import ExitCode, Failure
from code_rag.rag_server.cli.terminal import visible_line
from code_rag.servicekit.network import is_loopback
from code_rag.servicekit.wire.errors import ErrorEnvelope, ErrorEvent

CONNECT_SECONDS = 5.0
READ_SECONDS = 60.0  # between two pieces of an answer; the server sends a ping every 15 s
MAX_EVENT_BYTES = 16 * 1024 * 1024

Shape = TypeVar("Shape", bound=BaseModel)


class _Json(TypedDict):
    content: bytes
    headers: dict[str, str]


class Client:
    """One rag-server; use it as a context manager."""

    def __init__(self, url: str, api_key: str) -> None:
        address = address_of(url)
        self.url = str(address.copy_with(userinfo=b"")).rstrip("/")
        self._http = httpx2.Client(
            base_url=address,
            headers=authorization(api_key),
            timeout=httpx2.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
            trust_env=not is_loopback(address.host),  # a proxy cannot reach this machine's own ports
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def get(self, path: str, shape: type[Shape], *, accept: frozenset[int] = frozenset()) -> Shape:
        """GET `path`; statuses in `accept` are read like a success."""
        with self._failures():
            response = self._http.get(path)
        if response.status_code not in accept:
            self._check(response)
        return self.read(response.content, shape)

    def post(self, path: str, body: BaseModel, shape: type[Shape]) -> Shape:
        """POST `body` as JSON to `path`."""
        with self._failures():
            response = self._http.post(path, **_json(body))
        self._check(response)
        return self.read(response.content, shape)

    def events(self, path: str, body: BaseModel) -> Iterator[tuple[str, str]]:
        """POST `body` and yield the name and data of each server-sent event; an `error` event is raised."""
        with self._failures(), self._http.stream("POST", path, **_json(body)) as response:
            if not response.is_success:
                response.read()
            self._check(response)
            for event in httpx2.EventSource(response, MAX_EVENT_BYTES):
                if event.event == ErrorEvent.NAME:
                    raise Failure(_error_message(event.data) or "The answer failed.", ExitCode.UNAVAILABLE)
                yield event.event, event.data

    def read(self, content: bytes | str, shape: type[Shape]) -> Shape:
        """Parse an answer or an event of this server."""
        try:
            return shape.model_validate_json(content)
        except ValidationError:
            message = f"{self.url} sent an unexpected response; is it a rag-server of this version?"
            raise Failure(message, ExitCode.UNAVAILABLE) from None

    def _check(self, response: httpx2.Response) -> None:
        status = response.status_code
        if response.is_success:
            return
        message = _error_message(response.text) or f"{self.url} answered {status}; is it a rag-server?"
        if status == 401:
            message += " Set API_KEY in the environment."
        refused = 400 <= status < 500 and status != 429
        raise Failure(message, ExitCode.REFUSED if refused else ExitCode.UNAVAILABLE, status)

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except httpx2.ConnectError as error:
            message = (
                f"No rag-server can be reached at {self.url} ({visible_line(str(error))}). "
                "Start it, or set its URL with --url or RAG_SERVER_URL."
            )
        except httpx2.TimeoutException:
            message = f"The rag-server at {self.url} did not answer in time."
        except httpx2.RequestError as error:
            message = f"The connection to {self.url} broke: {visible_line(str(error))}"
        else:
            return
        raise Failure(message, ExitCode.UNAVAILABLE)


def address_of(url: str) -> httpx2.URL:
    """The address of a server; raises Failure for what is no HTTP URL."""
    try:
        address = httpx2.URL(url)
    except httpx2.InvalidURL:
        address = httpx2.URL()
    if address.scheme not in ("http", "https") or not address.host:
        message = "--url or RAG_SERVER_URL must be a URL such as http://127.0.0.1:8000."
        raise Failure(message, ExitCode.REFUSED)
    return address


def authorization(api_key: str) -> dict[str, str]:
    """The header that carries a key, none without one; raises Failure for what cannot be a key."""
    if not api_key:
        return {}
    # The HTTP library's own error about such a header would print the key.
    if not (api_key.isascii() and api_key.isprintable()) or " " in api_key:
        raise Failure("API_KEY contains characters that are not allowed in a key.", ExitCode.REFUSED)
    return {"authorization": f"Bearer {api_key}"}


def _json(body: BaseModel) -> _Json:
    text = json.dumps(body.model_dump(mode="json"), ensure_ascii=False)
    try:
        return {"content": text.encode(), "headers": {"content-type": "application/json"}}
    except UnicodeEncodeError:
        raise Failure("The arguments contain bytes that are not UTF-8.", ExitCode.REFUSED) from None


def _error_message(body: str) -> str:
    try:
        return visible_line(ErrorEnvelope.model_validate_json(body).error.message)
    except ValidationError:
        return ""
