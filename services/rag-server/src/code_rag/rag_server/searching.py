"""The search use case: a query in, ranked and explained chunks out, with less when the embedder is away."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from code_rag.rag_server import ranking
from code_rag.rag_server.lexical import encode_query
from code_rag.rag_server.model import Hit
from code_rag.rag_server.ports import Embedder, Scope, Scored, Vector, VectorStore
from code_rag.rag_server.progress import IndexReport
from code_rag.rag_server.wire import MAX_QUERY_CHARS, Searchable
from code_rag.servicekit.errors import InvalidInput, ServiceError

CANDIDATES = 100
"""How many chunks each of the two searches contributes before they are ranked together."""

_SURROGATE = re.compile("[\ud800-\udfff]")  # JSON can spell one half of a pair; no encoding can

CountDegradation = Callable[[str], None]
"""Counts an answer given with less than everything, by what was missing."""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Hits, best first, with what was missing and the seconds each step took."""

    hits: tuple[Hit, ...]
    degraded: tuple[str, ...]
    timings: dict[str, float]


@dataclass(slots=True)
class Stopwatch:
    """Measures steps by name, in seconds."""

    timings: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Add what runs inside to the step `name`, also when it raises."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.timings[name] = self.timings.get(name, 0.0) + time.perf_counter() - started


@dataclass(frozen=True, slots=True)
class Searcher:
    """Searches the store; `report` tells how complete its content is."""

    store: VectorStore
    embedder: Embedder
    report: Callable[[], IndexReport]
    count_degradation: CountDegradation

    async def search(self, query: str, scope: Scope, limit: int) -> SearchResult:
        """The best `limit` chunks for `query` within `scope`.

        Where the query cannot be embedded the lexical search answers alone and `degraded` says so.
        Raises the store's errors.
        """
        watch = Stopwatch()
        degraded: list[str] = []
        with watch.step("embed"):
            vector = await self._embed(query, degraded)
        with watch.step("search"):
            found = await self.store.search(vector, encode_query(query), scope, CANDIDATES)
        with watch.step("rank"):
            hits = ranking.fuse(query, _pairs(found.dense), _pairs(found.sparse))[:limit]
        await self._note_index(bool(hits), degraded)
        return SearchResult(tuple(hits), tuple(degraded), watch.timings)

    async def searchable(self) -> Searchable | None:
        """What a search can find now, counted in the store; None where the store does not answer."""
        try:
            return Searchable(files=await self.store.count_files(), chunks=await self.store.count())
        except ServiceError:
            return None

    async def _embed(self, query: str, degraded: list[str]) -> Vector | None:
        try:
            return (await self.embedder.embed([query]))[0]
        except ServiceError as error:
            self.count_degradation("semantic search is off")
            degraded.append(f"semantic search is off: {error.message}")
            return None

    async def _note_index(self, found: bool, degraded: list[str]) -> None:
        index = self.report()
        if index.state == "failed":
            gap = f"the last run failed: {index.detail}"
        elif index.files.pending:
            gap = f"{index.files.pending} files pending"
        elif not found and not await self.store.count():
            gap = "nothing is indexed yet"
        else:
            return
        self.count_degradation("indexing")
        degraded.append(f"indexing: {gap}")


def clean_query(text: str, param: str) -> str:
    """`text` without NULs and outer white space.

    Raises InvalidInput naming `param` where nothing is left, or more than a query may have, or no Unicode.
    """
    cleaned = text.replace("\0", "").strip()
    if _SURROGATE.search(cleaned):
        raise InvalidInput(f"{param}: must be valid Unicode.", param=param)
    if not cleaned:
        raise InvalidInput(f"{param}: must hold more than white space.", param=param)
    if len(cleaned) > MAX_QUERY_CHARS:
        raise InvalidInput(f"{param}: must have at most {MAX_QUERY_CHARS:,} characters.", param=param)
    return cleaned


def scope_of(path: str | None, language: str | None) -> Scope:
    """What to narrow a search to; raises InvalidInput for a path that leaves the codebase."""
    folder = PurePosixPath((path or "").strip().strip("/"))
    if ".." in folder.parts:
        raise InvalidInput("path: must stay inside the codebase.", param="path")
    return Scope("" if folder == PurePosixPath() else str(folder), (language or "").strip().lower())


def _pairs(found: tuple[Scored, ...]) -> ranking.Found:
    return [(scored.chunk, scored.score) for scored in found]
