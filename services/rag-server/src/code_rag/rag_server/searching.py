"""The search use case: a query in, ranked and explained chunks out; degraded without the embedder."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from code_rag.rag_server.lexical import encode_query
from code_rag.rag_server.model import Candidate, Hit, Query, Scope, SparseVector, Vector, VectorCounts
from code_rag.rag_server.ports import VectorStore
from code_rag.rag_server.progress import IndexReport, Searchable, changed_sentence
from code_rag.rag_server.question_language import half_read, unread
from code_rag.rag_server.ranking import rank
from code_rag.rag_server.ranking.question import Question
from code_rag.rag_server.ranking.scale import Scale
from code_rag.rag_server.scaling import Scales
from code_rag.rag_server.space import Space
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
    space: Space | None = None
    """What was searched: the only vectors that `vector` can be compared with."""


@dataclass(slots=True)
class Searcher:
    """Searches a space, each time from start to end the same.

    `report` returns the state of indexing at a path, `name_of` a path's codebase, and `refresh` makes what is
    indexed at a path current where that takes a moment only.
    """

    space: Space
    report: Callable[[str], IndexReport]
    name_of: Callable[[str], str]
    count_degradation: CountDegradation
    refresh: Callable[[str], Awaitable[None]] = nothing_to_refresh
    scales: Scales = field(default_factory=Scales)

    @property
    def store(self) -> VectorStore:
        """The store that is searched, for whoever compares no vectors in it."""
        return self.space.store

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
        space = self.space  # which may be another one before this search ends
        with watch.step("embed"):
            vector, scale = await self._embed(query, space, degraded)
        wanted = Query(vector, encode_query(query), Question.read(query).names, scope)
        best, idf = await self._ranked(query, wanted, space.store, scale, limit, watch)
        hits = [replace(hit, codebase=self.name_of(hit.chunk.path)) for hit in best]
        await self.note_index(bool(hits), scope, degraded)
        return SearchResult(tuple(hits), tuple(degraded), watch.timings, vector, idf, space)

    async def nearest(self, found: SearchResult, files: Sequence[str], limit: int) -> Sequence[Candidate]:
        """The chunks of some files whose vectors are nearest to that of the query, if it has one."""
        if found.vector is None or found.space is None:
            return ()
        wanted = Query(found.vector, SparseVector((), ()), scope=Scope(files=tuple(files)))
        scale = await self.scales.of(found.space.embedder)
        return scale.applied(await found.space.store.search(wanted, limit)).found

    async def searchable(
        self, names: Sequence[str], store: VectorStore | None = None
    ) -> list[Searchable] | None:
        """What a search can find now of each codebase, counted in the store; None without its answer.

        With `store` what a search could find there.
        """
        store = store or self.store
        try:
            counts = await store.counts()
            headers, wholes = await store.counts("header"), await store.counts("whole")
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
        self, query: str, wanted: Query, store: VectorStore, scale: Scale, limit: int, watch: Stopwatch
    ) -> tuple[list[Hit], Mapping[int, float]]:
        """The best `limit` hits, and how rare the query's terms are.

        More candidates are fetched if too few of them are different texts.
        """
        candidates = CANDIDATES
        while True:
            with watch.step("search"):
                found = scale.applied(await store.search(wanted, candidates))
            with watch.step("rank"):
                hits = rank(query, found)
            if len(hits) >= limit or found.exhausted or candidates >= MAX_CANDIDATES:
                return hits[:limit], found.idf
            candidates *= 4

    async def _embed(self, query: str, space: Space, degraded: list[str]) -> tuple[Vector | None, Scale]:
        gap, name = space.gap, space.embedder.model.name
        if not gap and (reason := unread(query, name)):
            self.count_degradation("question not read")
            degraded.append(reason)
            return None, Scale()
        if not gap and (reason := half_read(query, name)):
            degraded.append(reason)
        try:
            if not gap:
                return (await space.embedder.embed([query]))[0], await self.scales.of(space.embedder)
        except ServiceError as error:
            gap = error.message
        self.count_degradation("semantic search is off")
        degraded.append(f"semantic search is off: {gap}")
        return None, Scale()

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
