"""One client's connection, with limits on what it sends, how long it takes to, and how many there are.

They hold before a request reaches the app, where its own limits begin.
"""

import asyncio
import json
import resource
from http import HTTPStatus
from typing import Any, ClassVar

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from code_rag.servicekit.errors import InvalidInput, Overloaded, ServiceError, TooLarge, body_of

MAX_HEAD_BYTES = 64 * 1024
"""Request line and headers; the cookies that a browser keeps for localhost can be 16 KiB."""
REQUEST_SECONDS = 10.0
"""How long a request may take to arrive, from the first byte to the last of its body."""
STALLED_SECONDS = 60.0
"""How long a client may leave its answer unread while more of it waits to be sent."""
LINGER_SECONDS = 2.0
"""How long a client that was refused may take to read why."""
MAX_CONNECTIONS = 2_000
SPARE_FILES = 200
"""How many of the files that this process may open are not for connections."""
HEAD_MESSAGE = f"The request line and headers are larger than {MAX_HEAD_BYTES:,} bytes."


class TooSlow(ServiceError):
    status, type, default_code = 408, "invalid_request_error", "request_timeout"
    meaning = "Send the request faster"


class HeadTooLarge(TooLarge):
    status = 431
    meaning = "Send smaller headers"


class LimitedConnection(HttpToolsProtocol):
    """uvicorn's protocol, which has no limit of its own but the one on idle connections.

    A request that is too large or too slow is answered with 431 or 408 and the connection closed; a
    connection too many with 429. One that sends nothing, or does not read, is closed.
    """

    request_seconds: ClassVar[float] = REQUEST_SECONDS
    stalled_seconds: ClassVar[float] = STALLED_SECONDS

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._head_bytes = self._unread_bytes = 0
        self._in_head = self._is_refused = False
        self._arriving: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Refuse one connection too many; else give the first request its time."""
        super().connection_made(transport)
        most = self.max_connections()
        if len(self.connections) > most:
            message = f"There are {most:,} connections already. Close some, or try again in a second."
            self._refuse(Overloaded(message, code="too_many_connections", retry_after=1))
        else:
            self._arriving = self.loop.call_later(self.request_seconds, self._end_arrival)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timers."""
        self._stop(self._arriving)
        self._stop(self._stalled)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read what came; the next request on a kept connection gets its time from here."""
        if self._is_refused or self.transport.is_closing():
            return
        if self._arriving is None:
            self._arriving = self.loop.call_later(self.request_seconds, self._end_arrival)
        super().data_received(data)
        if self._in_head:
            self._unread_bytes += len(data)
            if self._unread_bytes > MAX_HEAD_BYTES:
                self._refuse(HeadTooLarge(HEAD_MESSAGE))

    def on_message_begin(self) -> None:
        """Count the next request's head."""
        super().on_message_begin()
        self._in_head, self._head_bytes, self._unread_bytes = True, 0, 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; the parser hands an exception on to `send_400_response`."""
        self._head_bytes += len(name) + len(value) + len(b": \r\n")
        if self._head_bytes > MAX_HEAD_BYTES:
            raise HeadTooLarge(HEAD_MESSAGE)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Hand the request to the app."""
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is there: its time is over."""
        self._stop(self._arriving)
        self._arriving = None
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what the parser did not take, in the envelope that every error has."""
        large = self._head_bytes > MAX_HEAD_BYTES
        self._refuse(HeadTooLarge(HEAD_MESSAGE) if large else InvalidInput(msg, code="invalid_http"))

    def pause_writing(self) -> None:
        """Give the client a time to read what it asked for."""
        super().pause_writing()
        self._stalled = self.loop.call_later(self.stalled_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """The client reads."""
        super().resume_writing()
        self._stop(self._stalled)
        self._stalled = None

    def _end_arrival(self) -> None:
        if self._in_head or (self.cycle and not self.cycle.response_started):
            self._refuse(TooSlow(f"The request did not arrive within {self.request_seconds:g} s."))
        else:
            self.transport.close()  # it sent nothing, or has its answer already

    def _refuse(self, error: ServiceError) -> None:
        """Answer without the app, and close: what follows on this connection cannot be understood."""
        if self.cycle and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            if self.cycle.response_started:  # another answer in its midst would be taken for a part of it
                self.transport.close()
                return
        body = json.dumps(body_of(error)).encode()
        lines = (
            f"HTTP/1.1 {error.status} {HTTPStatus(error.status).phrase}",
            "content-type: application/json",
            f"content-length: {len(body)}",
            "connection: close",
            *(["retry-after: 1"] if error.retry_after else []),
        )
        self.transport.write("\r\n".join((*lines, "", "")).encode() + body)
        # Closed at once with bytes unread, the system would drop the answer too.
        self.transport.write_eof()
        self._stop(self._arriving)
        self._arriving = self.loop.call_later(LINGER_SECONDS, self.transport.abort)
        self._is_refused = True

    @staticmethod
    def max_connections() -> int:
        """How many may be open: fewer where the process may open few files."""
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        return max(10, min(MAX_CONNECTIONS, files - SPARE_FILES))

    @staticmethod
    def _stop(timer: asyncio.TimerHandle | None) -> None:
        if timer is not None:
            timer.cancel()
