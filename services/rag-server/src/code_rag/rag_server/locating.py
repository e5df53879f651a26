"""The use case of locating what a question pastes: the places of its frames, and what wrote its message."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from code_rag.rag_server.lexical import encode_query
from code_rag.rag_server.model import Chunk, Query, Scope
from code_rag.rag_server.pasted import Pasted
from code_rag.rag_server.pasted.files import IndexedFile
from code_rag.rag_server.pasted.frames import Frame
from code_rag.rag_server.pasted.paths import Paths, roots
from code_rag.rag_server.pasted.placing import place
from code_rag.rag_server.pasted.templates import Message
from code_rag.rag_server.ports import VectorStore
from code_rag.rag_server.quoting import Quotes
from code_rag.rag_server.quoting.excerpt import Excerpt
from code_rag.rag_server.ranking.places import unasked

PLACES = 3
MESSAGE_CANDIDATES = 50
"""Chunks with the words of a message that are read."""
MAX_FILES = 30
"""Files that are read for one question."""


@dataclass(frozen=True, slots=True)
class Located:
    """Places that a question pastes: excerpts, those to show first, and the chunks that they are in."""

    excerpts: tuple[Excerpt, ...] = ()
    chunks: tuple[Chunk, ...] = ()
    opening: str = ""
    is_whole: bool = False
    """Whether the question is about these places only, as with a stack trace."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the functions, without what they belong to."""
        return tuple(excerpt.symbol.rpartition(".")[2] for excerpt in self.excerpts if excerpt.symbol)

    def leading(self, quotes: Quotes) -> Quotes:
        """These excerpts, and unless the question is about them only, others of the quotes after them."""
        if not self.excerpts:
            return quotes
        known = {(excerpt.path, excerpt.start_line) for excerpt in self.excerpts}
        others = [each for each in quotes.excerpts if (each.path, each.start_line) not in known]
        shown = (*self.excerpts, *(() if self.is_whole else others))
        return Quotes(shown[:PLACES], "answered", self.opening)


@dataclass(frozen=True, slots=True)
class Spot:
    """A line of a file of the codebase, and how it was printed."""

    file: IndexedFile
    line: int
    printed: int
    is_sure: bool = True
    """Whether the file is the one that was printed; otherwise it has its name."""

    def __str__(self) -> str:
        """Such as `Order.cancel` (`shop/orders.py:12`, then line 10)."""
        symbol = self.file.outline.enclosing(self.line - 1)
        place = f"`{self.file.path}:{self.line}`" + (
            f", then line {self.printed}" if self.printed != self.line else ""
        )
        return f"`{symbol}` ({place})" if symbol else place


@dataclass(slots=True)
class Locator:
    """Locates what one question pastes, in what the store holds within a scope."""

    store: VectorStore
    scope: Scope
    _files: dict[str, IndexedFile | None] = field(default_factory=dict)

    async def locate(self, pasted: Pasted) -> Located:
        """The places that a question pastes; raises the store's errors."""
        traces, named = [], list[Spot]()
        if pasted.stacks or pasted.places:
            paths = Paths(path for path in await self.store.counts() if self._is_wanted(path))
            traces = [spots for stack in pasted.stacks if (spots := await self._spots(stack, paths))]
            named = await self._spots(pasted.places, paths)
        writer = await self._writer(pasted.messages)
        spots = [trace[0] for trace in traces] + [spot for trace in traces for spot in trace[1:]] + named
        spots[PLACES - 1 : PLACES - 1] = [writer] if writer else []
        opening = _opening(traces[0], pasted.stacks[0]) if traces else ""
        return _located(spots, opening, is_whole=bool(traces or writer))

    async def _spots(self, frames: Iterable[Frame], paths: Paths) -> list[Spot]:
        """The frames that are in the codebase."""
        frames = list(frames)
        found = [await self._alike(frame, paths) for frame in frames]
        known = {
            roots(frame.path, spot.file.path)
            for frame, spots in zip(frames, found, strict=True)
            for spot in spots
            if spot.is_sure
        }
        chosen = []
        for frame, spots in zip(frames, found, strict=True):
            sure = [spot for spot in spots if spot.is_sure]
            chosen += (sure or [spot for spot in spots if roots(frame.path, spot.file.path) in known])[:1]
        return chosen

    async def _alike(self, frame: Frame, paths: Paths) -> list[Spot]:
        """Where a frame may be; only where it surely is, if the file says so."""
        alike, spots = paths.alike(frame.path), list[Spot]()
        for path in alike.paths:
            file = await self._file(path)
            placed = place(frame, file.lines, file.outline) if file else None
            if file and placed:
                is_sure = placed.is_confirmed or (alike.is_sure and len(alike.paths) == 1)
                spots.append(Spot(file, placed.line, frame.line, is_sure))
        return spots

    async def _file(self, path: str) -> IndexedFile | None:
        if path not in self._files and len(self._files) < MAX_FILES:
            chunks = await self.store.in_file(path)
            self._files[path] = await asyncio.to_thread(IndexedFile.of, chunks) if chunks else None
        return self._files.get(path)

    async def _writer(self, messages: Sequence[str]) -> Spot | None:
        """The line that holds the most of one of the messages."""
        best, where = 0.0, None
        for text in messages:
            message = Message(text)
            query = Query(None, encode_query(text), scope=self.scope)
            found = (await self.store.search(query, MESSAGE_CANDIDATES)).found
            for chunk in (candidate.chunk for candidate in found):
                score, row = message.score(chunk.text.split("\n"))
                for kind in unasked(chunk.path, ()):
                    score *= kind.factor
                if score > best:
                    best, where = score, (chunk.path, chunk.start_line + row)
        file = await self._file(where[0]) if where else None
        return Spot(file, where[1], where[1]) if file and where else None

    def _is_wanted(self, path: str) -> bool:
        return not self.scope.path or f"{path}/".startswith(f"{self.scope.path}/")


def _located(spots: Sequence[Spot], opening: str, *, is_whole: bool) -> Located:
    """The first excerpts of different places."""
    excerpts: dict[tuple[str, int], tuple[Excerpt, Chunk]] = {}
    for spot in spots:
        excerpt = spot.file.excerpt(spot.line)
        excerpts.setdefault((excerpt.path, excerpt.start_line), (excerpt, spot.file.chunk_at(spot.line)))
    shown = list(excerpts.values())[:PLACES]
    chunks = {chunk.id: chunk for _, chunk in shown}
    return Located(tuple(excerpt for excerpt, _ in shown), tuple(chunks.values()), opening, is_whole)


def _opening(spots: Sequence[Spot], stack: Sequence[Frame]) -> str:
    """Where it was raised, and through what it was called."""
    outside = len(stack) - len(spots)
    raised, *callers = map(str, spots[:PLACES])
    called = "".join(f", called by {caller}" for caller in callers)
    rest = f" Outside of the indexed code: {outside} of {len(stack)} frames." if outside else ""
    return f"The trace leads to {raised}{called}.{rest}"
