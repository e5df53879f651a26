"""The search use case: a query in, ranked and explained chunks out; degraded without the embedder."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from code_rag.rag_server.lexical import encode_query
from code_rag.rag_server.model import Candidate, Hit, Query, Scope, SparseVector, Vector, VectorCounts
from code_rag.rag_server.ports import Embedder, VectorStore
from code_rag.rag_server.progress import IndexReport, Searchable, changed_sentence
from code_rag.rag_server.question_language import half_read, unread
from code_rag.rag_server.ranking import rank
from code_rag.rag_server.ranking.question import Question
from code_rag.rag_server.stopwatch import Stopwatch
from code_rag.servicekit.errors import ServiceError

CANDIDATES = 100
"""How many chunks each of the two searches contributes before they are ranked together."""
MAX_CANDIDATES = 1_600
"""The same where many of them are copies of each other."""

CountDegradation = Callable[[str], None]
"""Counts a degraded answer, by what was unavailable."""


async def nothing_to_refresh(path: str) -> None:
    """For an index that nothing keeps current."""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Hits, best first, with what was unavailable and the seconds each step took."""

    hits: tuple[Hit, ...]
    degraded: tuple[str, ...]
    timings: dict[str, float]
    vector: Vector | None = None
    """The query's dense vector, if there is one."""
    idf: Mapping[int, float] = field(default_factory=dict)
    """How rare the terms of the query are in the index, by term id."""


@dataclass(slots=True)
class Searcher:
    """Searches the store; `report` returns the state of indexing at a path, `name_of` a path's codebase.

    `refresh` makes what is indexed at a path current where that takes a moment only.
    """

    store: VectorStore
    embedder: Embedder
    report: Callable[[str], IndexReport]
    name_of: Callable[[str], str]
    count_degradation: CountDegradation
    refresh: Callable[[str], Awaitable[None]] = nothing_to_refresh

    async def search(self, query: str, scope: Scope, limit: int) -> SearchResult:
        """The best `limit` chunks for `query` within `scope`.

        If the query cannot be embedded, or the model cannot read its script, only the lexical search is used
        and `degraded` says so.
        Raises the store's errors.
        """
        watch = Stopwatch()
        degraded: list[str] = []
        with watch.step("refresh"):
            await self.refresh(scope.path)
        with watch.step("embed"):
            vector = await self._embed(query, degraded)
        wanted = Query(vector, encode_query(query), Question.read(query).names, scope)
        best, idf = await self._ranked(query, wanted, limit, watch)
        hits = [replace(hit, codebase=self.name_of(hit.chunk.path)) for hit in best]
        await self.note_index(bool(hits), scope, degraded)
        return SearchResult(tuple(hits), tuple(degraded), watch.timings, vector, idf)

    async def nearest(self, vector: Vector, files: Sequence[str], limit: int) -> Sequence[Candidate]:
        """The chunks of some files whose vectors are nearest to `vector`."""
        wanted = Query(vector, SparseVector((), ()), scope=Scope(files=tuple(files)))
        return (await self.store.search(wanted, limit)).found

    async def searchable(self, names: Sequence[str]) -> list[Searchable] | None:
        """What a search can find now of each codebase, counted in the store; None without its answer."""
        try:
            counts = await self.store.counts()
            headers, wholes = await self.store.counts("header"), await self.store.counts("whole")
        except ServiceError:
            return None
        paths: dict[str, list[str]] = {name: [] for name in names}
        for path in counts:
            paths.get(self.name_of(path), []).append(path)
        return [
            Searchable(len(each), _sum(counts, each), VectorCounts(_sum(headers, each), _sum(wholes, each)))
            for each in paths.values()
        ]

    async def _ranked(
        self, query: str, wanted: Query, limit: int, watch: Stopwatch
    ) -> tuple[list[Hit], Mapping[int, float]]:
        """The best `limit` hits, and how rare the query's terms are.

        More candidates are fetched if too few of them are different texts.
        """
        candidates = CANDIDATES
        while True:
            with watch.step("search"):
                found = await self.store.search(wanted, candidates)
            with watch.step("rank"):
                hits = rank(query, found)
            if len(hits) >= limit or found.exhausted or candidates >= MAX_CANDIDATES:
                return hits[:limit], found.idf
            candidates *= 4

    async def _embed(self, query: str, degraded: list[str]) -> Vector | None:
        if reason := unread(query, self.embedder.model.name):
            self.count_degradation("question not read")
            degraded.append(reason)
            return None
        if reason := half_read(query, self.embedder.model.name):
            degraded.append(reason)
        try:
            return (await self.embedder.embed([query]))[0]
        except ServiceError as error:
            self.count_degradation("semantic search is off")
            degraded.append(f"semantic search is off: {error.message}")
            return None

    async def note_index(self, found: bool, scope: Scope, degraded: list[str]) -> None:
        """Add to `degraded` what the index is missing, if anything; `found` is whether there were hits."""
        index = self.report(scope.path)
        if index.state == "failed":
            gap = f"the last run failed: {index.detail}"
        elif index.files.pending:
            gap = f"{index.files.pending} files pending"
        elif index.changed:
            gap = changed_sentence(index.changed)
        elif not found and not await self.store.count():
            gap = "nothing is indexed yet"
        else:
            return
        self.count_degradation("indexing")
        degraded.append(f"indexing: {gap}")


def _sum(counts: Mapping[str, int], paths: Sequence[str]) -> int:
    return sum(counts.get(path, 0) for path in paths)
