"""What a Qdrant server is asked: its filters and queries, and points in its own form."""

from collections.abc import Sequence
from typing import Any

from qdrant_client import models

from code_rag.rag_server.adapters.candidates import PointQuery
from code_rag.rag_server.adapters.qdrant_payload import (
    DENSE,
    KINDS_WITH,
    SPARSE,
    VECTOR,
    point_payload,
)
from code_rag.rag_server.model import Point, Scope, SparseVector, VectorKind


def stored(point: Point) -> models.PointStruct:
    """A point as the server stores it."""
    vectors: dict[str, Any] = {SPARSE: terms(point.sparse)}
    if point.dense:
        vectors[DENSE] = list(point.dense.values)
    return models.PointStruct(id=point.chunk.id, vector=vectors, payload=point_payload(point))


def terms(vector: SparseVector) -> models.SparseVector:
    """Term weights as the server takes them."""
    return models.SparseVector(indices=list(vector.indices), values=list(vector.values))


def request(query: PointQuery) -> models.QueryRequest:
    """A query as the server takes it."""
    by_words = isinstance(query.vector, SparseVector)
    wanted = conditions(query.scope)
    if query.names:
        wanted.append(any_of("names", sorted(query.names)))
    if query.ids:
        wanted.append(models.HasIdCondition(has_id=list(query.ids)))
    return models.QueryRequest(
        query=terms(query.vector) if isinstance(query.vector, SparseVector) else list(query.vector),
        using=SPARSE if by_words else DENSE,
        filter=models.Filter(must=wanted),
        limit=query.limit,
        with_payload=query.with_payload,
        with_vector=[SPARSE] if query.with_sparse else False,
    )


def missing(kind: VectorKind | None, wanted: list[models.Condition]) -> models.Filter:
    """The points that meet `wanted` and have no dense vector of this kind; None: whatever they have."""
    has_it: list[models.Condition] = [any_of(VECTOR, KINDS_WITH[kind])] if kind else []
    return models.Filter(must=wanted, must_not=has_it)


def of_paths(paths: Sequence[str]) -> models.FieldCondition:
    """The points of these files."""
    return any_of("path", paths)


def conditions(scope: Scope) -> list[models.Condition]:
    """The conditions of a scope."""
    wanted = (("path_parents", scope.path), ("language", scope.language))
    filters: list[models.Condition] = [equals(field, value) for field, value in wanted if value]
    return [*filters, of_paths(scope.files)] if scope.files else filters


def equals(field: str, value: str) -> models.FieldCondition:
    """The points with this value of a field."""
    return models.FieldCondition(key=field, match=models.MatchValue(value=value))


def any_of(field: str, values: Sequence[str]) -> models.FieldCondition:
    """The points whose field has one of these values."""
    return models.FieldCondition(key=field, match=models.MatchAny(any=list(values)))
