"""Finds the candidates of a search, by the same few queries in the embedded engine and in a Qdrant server."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from code_rag.rag_server.adapters.qdrant_payload import SPARSE, to_chunk
from code_rag.rag_server.model import Candidate, Candidates, Chunk, Query, Scope, SparseVector, Vector

MAX_TERMS = 64
"""How many terms of a query are looked up one by one; a pasted file has hundreds."""


@dataclass(frozen=True, slots=True)
class PointQuery:
    """The points nearest to a dense vector, or with the highest scores for a sparse one, best first."""

    vector: Vector | SparseVector
    limit: int
    scope: Scope = field(default_factory=Scope)
    names: frozenset[str] = frozenset()
    """If there are any: only definitions of these names."""
    ids: Sequence[str] = ()
    """If there are any: only these points."""
    with_payload: bool = False
    with_sparse: bool = False


class FoundPoint(Protocol):
    """A point as the engine and the server return it."""

    @property
    def id(self) -> Any:
        """Its UUID."""

    @property
    def score(self) -> float:
        """Its score for the query that found it."""

    @property
    def payload(self) -> Any:
        """Its payload, if that was asked for."""

    @property
    def vector(self) -> Any:
        """Its vectors by name, if they were asked for."""


Ask = Callable[[Sequence[PointQuery]], Awaitable[Sequence[Sequence[FoundPoint]]]]
"""The answers to several queries, in order."""


async def find_candidates(ask: Ask, query: Query, limit: int) -> Candidates:
    """The best `limit` chunks by each vector, and as many definitions of the names; all with both scores."""
    chunks_wanted = _chunks_wanted(query, limit)
    if not chunks_wanted:
        return Candidates()
    terms = query.sparse.indices[:MAX_TERMS]
    terms_wanted = [PointQuery(SparseVector((term,), (1.0,)), 1, with_sparse=True) for term in terms]
    found = await ask([*chunks_wanted, *terms_wanted])
    gathered = _Gathered()
    for wanted, points in zip(chunks_wanted, found, strict=False):
        gathered.add(wanted, points)
    missing = gathered.missing_scores(query)
    for wanted, points in zip(missing, await ask(missing) if missing else [], strict=True):
        gathered.add(wanted, points)
    best = found[len(chunks_wanted) :]
    idf = {term: _inverse_frequency(term, points) for term, points in zip(terms, best, strict=True)}
    exhausted = all(len(points) < limit for points in found[: len(chunks_wanted)])
    return gathered.candidates(idf, exhausted)


def _chunks_wanted(query: Query, limit: int) -> list[PointQuery]:
    wanted = []
    if query.dense is not None:
        wanted.append(PointQuery(query.dense, limit, query.scope, with_payload=True))
    if query.sparse.indices:
        wanted.append(PointQuery(query.sparse, limit, query.scope, with_payload=True))
    if query.sparse.indices and query.names:  # a definition has the terms of its name
        wanted.append(PointQuery(query.sparse, limit, query.scope, query.names, with_payload=True))
    return wanted


@dataclass(slots=True)
class _Gathered:
    """The chunks found so far, and their scores as far as they are known."""

    chunks: dict[str, Chunk] = field(default_factory=dict)
    cosines: dict[str, float] = field(default_factory=dict)
    bm25: dict[str, float] = field(default_factory=dict)

    def add(self, wanted: PointQuery, points: Sequence[FoundPoint]) -> None:
        """Record scores, and the chunks if they were asked for."""
        scores = self.bm25 if isinstance(wanted.vector, SparseVector) else self.cosines
        for point in points:
            id = str(point.id)
            scores[id] = point.score
            if wanted.with_payload and id not in self.chunks:
                self.chunks[id] = to_chunk(id, point.payload or {})

    def missing_scores(self, query: Query) -> list[PointQuery]:
        """The queries for scores of chunks that only the other search found."""
        wanted = []
        if query.dense is not None and (ids := [id for id in self.chunks if id not in self.cosines]):
            wanted.append(PointQuery(query.dense, len(ids), ids=ids))
        if query.sparse.indices and (ids := [id for id in self.chunks if id not in self.bm25]):
            wanted.append(PointQuery(query.sparse, len(ids), ids=ids))
        return wanted

    def candidates(self, idf: Mapping[int, float], exhausted: bool) -> Candidates:
        """All chunks; one that no sparse query has scored contains no term of the query."""
        found = tuple(
            Candidate(chunk, self.bm25.get(id, 0.0), self.cosines.get(id))
            for id, chunk in self.chunks.items()
        )
        return Candidates(found, idf, exhausted)


def _inverse_frequency(term: int, best: Sequence[FoundPoint]) -> float:
    """The best point's score for one term, divided by the term's weight there; 0 without a point."""
    if not best:
        return 0.0
    vector = best[0].vector[SPARSE]
    return float(best[0].score / vector.values[list(vector.indices).index(term)])
