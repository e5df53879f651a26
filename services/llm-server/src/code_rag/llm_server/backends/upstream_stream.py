"""The chunks of the model server's event stream, which is complete, or ends in an error."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress

import httpx2

from code_rag.llm_server.backends.base import Json
from code_rag.llm_server.backends.chunk_reader import ChunkReader, whole_body
from code_rag.llm_server.backends.limits import Deadlines
from code_rag.llm_server.backends.upstream_body import pieces_of
from code_rag.servicekit.errors import UpstreamFailed, UpstreamTimeout

END_SECONDS = 0.05


class Progress:
    """Which choices of an answer have started, and which have said why they end."""

    def __init__(self, wanted: int) -> None:
        self._wanted = wanted
        self._ended: dict[str, bool] = {}
        self.started = False

    @property
    def complete(self) -> bool:
        """Whether every choice that came has ended."""
        return bool(self._ended) and all(self._ended.values())

    @property
    def finished(self) -> bool:
        """Whether no further choice can come."""
        return self.complete and len(self._ended) >= self._wanted

    def add(self, chunk: Json) -> None:
        """Take note of a chunk; one that holds only a role says that the model thinks."""
        choices = chunk.get("choices")
        for choice in choices if isinstance(choices, list) else []:
            if isinstance(choice, dict):
                self._add(str(choice.get("index", 0)), choice.get("delta"), choice.get("finish_reason"))

    def _add(self, index: str, delta: object, finish_reason: object) -> None:
        self._ended[index] = self._ended.get(index, False) or bool(finish_reason)
        said = isinstance(delta, dict) and any(value for name, value in delta.items() if name != "role")
        self.started = self.started or said or self._ended[index]


async def chunks_of(
    response: httpx2.Response, wanted: int, deadlines: Deadlines, secret: str
) -> AsyncGenerator[Json]:
    """The chunks of an answer with so many choices; raises what ends it early, without `secret`."""
    progress, empty = Progress(wanted), True
    async with aclosing(_received(response, secret)) as received:
        while chunk := await _next(received, progress, deadlines):
            empty = False
            progress.add(chunk)
            if progress.finished:
                deadlines.finished()
            elif progress.started:
                deadlines.progressed()
            yield chunk
    if not progress.complete:
        how = "sent an empty answer" if empty else "ended its answer before it was complete"
        raise UpstreamFailed(f"The model server {how}.", code="upstream_stream_truncated")


async def _next(received: AsyncGenerator[Json], progress: Progress, deadlines: Deadlines) -> Json | None:
    try:
        async with deadlines.waiting():
            return await anext(received, None)
    except UpstreamTimeout:
        if progress.finished:  # only the connection was left open
            return None
        raise


async def _received(response: httpx2.Response, secret: str) -> AsyncGenerator[Json]:
    """The chunks as they come; raises UpstreamFailed for an error, or for anything but a stream."""
    reader = ChunkReader(secret)
    async with aclosing(pieces_of(response)) as pieces:
        async for piece in pieces:
            if reader.is_other_than_events(piece):
                raise reader.other(await whole_body(piece, pieces))
            for chunk in reader.feed(piece):
                yield chunk
            if reader.done:
                await _end_of(pieces)
                return
        for chunk in reader.close():
            yield chunk


async def _end_of(pieces: AsyncGenerator[bytes]) -> None:
    """Read what ends the body, so that its connection can serve the next call, unless that takes time."""
    with suppress(TimeoutError, UpstreamFailed):
        async with asyncio.timeout(END_SECONDS):
            async for _ in pieces:
                pass
