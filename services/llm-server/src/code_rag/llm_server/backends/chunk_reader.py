"""Chunks of an answer from the bytes of an event stream, whatever else the stream holds."""

from collections.abc import AsyncIterator, Iterator

import structlog

from code_rag.llm_server.backends.base import Json
from code_rag.llm_server.backends.event_reader import Event, EventReader, EventTooLong
from code_rag.llm_server.backends.surrogates import HalfPairs
from code_rag.llm_server.backends.upstream_body import MOST_BYTES, too_long
from code_rag.llm_server.backends.upstream_errors import CHECK_URL, in_band
from code_rag.servicekit.errors import UpstreamFailed
from code_rag.servicekit.outside.reason import Reason
from code_rag.servicekit.outside.upstream_json import parse

log = structlog.get_logger(__name__)

MOST_UNREADABLE = 3
"""A proxy may garble an event; more of them are no answer."""
_CHUNK_NAMES = (b"", b"message", b"error")


class ChunkReader:
    """Reads one stream; `done` says that `[DONE]` came. Errors leave out `secret`."""

    def __init__(self, secret: str) -> None:
        self.done = False
        self._secret = secret
        self._events = EventReader(MOST_BYTES)
        self._halves = HalfPairs()
        self._unreadable = 0
        self._started = False

    def is_other_than_events(self, piece: bytes) -> bool:
        """Whether the stream starts as JSON or a page does; nothing that an event stream may start with."""
        if self._started or not (text := piece.lstrip()):
            return False
        self._started = True
        return text.startswith((b"{", b"[", b"<"))

    def other(self, body: bytes) -> UpstreamFailed:
        """The error for a body that holds no events."""
        try:
            said = parse(body)
        except ValueError:
            said = None
        if isinstance(said, dict) and said.get("error"):
            return in_band(Reason(body, self._secret))
        if isinstance(said, dict) and said.get("choices"):
            return UpstreamFailed("The model server sent a whole answer where a stream was asked for.")
        return UpstreamFailed(
            f"The model server answered with something that is no event stream. {CHECK_URL}"
        )

    def feed(self, piece: bytes) -> Iterator[Json]:
        """The chunks that `piece` completes, up to `[DONE]`; raises UpstreamFailed for an error."""
        try:
            events = self._events.feed(piece)
        except EventTooLong:
            raise too_long() from None
        return self._chunks(events)

    def close(self) -> Iterator[Json]:
        """The last chunk, where no empty line follows it."""
        last = self._events.close()
        return self._chunks([last] if last else [])

    def _chunks(self, events: list[Event]) -> Iterator[Json]:
        for event in events:
            if event.data.strip() == b"[DONE]":
                self.done = True
                return
            if chunk := self._chunk(event):
                yield chunk

    def _chunk(self, event: Event) -> Json | None:
        try:
            said = parse(event.data)
            if isinstance(said, dict):
                said = self._halves.joined(said, event.data)
        except (ValueError, RecursionError):
            said = None
        if isinstance(said, dict):
            if said.get("error") or event.name == b"error":
                raise in_band(Reason(event.data, self._secret))
            return said if event.name in _CHUNK_NAMES or "choices" in said else None
        if event.name in _CHUNK_NAMES:
            self._pass_over()
        return None

    def _pass_over(self) -> None:
        self._unreadable += 1
        log.warning("event without a JSON object passed over", count=self._unreadable)
        if self._unreadable > MOST_UNREADABLE:
            raise UpstreamFailed("The model server's stream holds events that are not JSON objects.")


async def whole_body(start: bytes, rest: AsyncIterator[bytes]) -> bytes:
    """A body from its first piece on, as much of it as is kept."""
    body = bytearray(start)
    async for piece in rest:
        body += piece
        if len(body) > MOST_BYTES:
            break
    return bytes(body)
