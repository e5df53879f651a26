"""What the embedded engine is asked: its filters and queries, and points in its own form."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from qdrant_edge import (
    FieldCondition,
    Filter,
    HasIdCondition,
    MatchAny,
    MatchValue,
    Point,
    Query,
    QueryRequest,
)
from qdrant_edge import SparseVector as EdgeSparseVector

from code_rag.rag_server import model
from code_rag.rag_server.adapters.candidates import PointQuery
from code_rag.rag_server.adapters.qdrant_payload import (
    DENSE,
    KINDS_WITH,
    SPARSE,
    VECTOR,
    point_payload,
)


def stored(point: model.Point) -> Point:
    """A point as the engine stores it."""
    vectors: dict[str, Any] = {SPARSE: terms(point.sparse)}
    if point.dense:
        vectors[DENSE] = list(point.dense.values)
    return Point(point.chunk.id, vectors, point_payload(point))


def terms(vector: model.SparseVector) -> EdgeSparseVector:
    """Term weights as the engine takes them."""
    return EdgeSparseVector(list(vector.indices), list(vector.values))


def request(query: PointQuery) -> QueryRequest:
    """A query as the engine takes it."""
    if isinstance(query.vector, model.SparseVector):
        nearest = Query.Nearest(terms(query.vector), using=SPARSE)
    else:
        nearest = Query.Nearest(list(query.vector), using=DENSE)
    wanted = conditions(query.scope)
    if query.names:
        wanted.append(any_of("names", sorted(query.names)))
    if query.ids:
        wanted.append(HasIdCondition({UUID(id) for id in query.ids}))
    return QueryRequest(
        limit=query.limit,
        query=nearest,
        filter=Filter(must=wanted),
        with_payload=query.with_payload,
        with_vector=[SPARSE] if query.with_sparse else False,
    )


def missing(kind: model.VectorKind | None, wanted: list[Any]) -> Filter:
    """The points that meet `wanted` and have no dense vector of this kind; None: whatever they have."""
    has_it: list[Any] = [any_of(VECTOR, KINDS_WITH[kind])] if kind else []
    return Filter(must=wanted, must_not=has_it)


def of_paths(paths: Sequence[str]) -> FieldCondition:
    """The points of these files."""
    return any_of("path", paths)


def conditions(scope: model.Scope) -> list[Any]:
    """The conditions of a scope."""
    wanted = (("path_parents", scope.path), ("language", scope.language))
    filters = [equals(field, value) for field, value in wanted if value]
    return [*filters, of_paths(scope.files)] if scope.files else filters


def equals(field: str, value: str) -> FieldCondition:
    """The points with this value of a field."""
    return FieldCondition(field, MatchValue(value))


def any_of(field: str, values: Sequence[str]) -> FieldCondition:
    """The points whose field has one of these values."""
    return FieldCondition(field, MatchAny(list(values)))
