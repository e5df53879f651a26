"""What the tests of both vector stores ask them."""

from code_rag.rag_server.model import Candidates, Point, Query, Scope, SparseVector, Vector
from code_rag.rag_server.ports import VectorStore
from tests.unit.rag_server.fakes import vector_of

NOTHING = SparseVector((), ())


def words(*indices: int) -> SparseVector:
    """A query of these terms."""
    return SparseVector(tuple(sorted(indices)), (1.0,) * len(indices))


def paths(found: Candidates) -> set[str]:
    """Where the candidates are."""
    return {candidate.chunk.path for candidate in found.found}


async def search(
    store: VectorStore,
    dense: Vector | None,
    sparse: SparseVector,
    scope: Scope | None = None,
    limit: int = 10,
) -> Candidates:
    """The candidates for two vectors."""
    return await store.search(Query(dense, sparse, scope=scope or Scope()), limit)


async def embed_all(store: VectorStore, points: list[Point]) -> None:
    """Add the vectors of all points."""
    await store.add_vectors({point.chunk.id: vector_of(point.chunk.text) for point in points}, "whole")
