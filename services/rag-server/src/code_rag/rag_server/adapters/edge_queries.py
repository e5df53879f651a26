"""Filters of the embedded engine: where a search looks, and which points a listing wants."""

from typing import Any

from qdrant_edge import FieldCondition, Filter, HasVectorCondition, MatchAny, MatchValue

from code_rag.rag_server.adapters.qdrant_payload import DENSE
from code_rag.rag_server.model import Scope


def conditions(scope: Scope) -> list[Any]:
    """The conditions of a scope; none for a search everywhere."""
    wanted = (("path_parents", scope.path), ("language", scope.language))
    return [equals(field, value) for field, value in wanted if value]


def unembedded(wanted: list[Any]) -> Filter:
    """The points that meet the conditions and have no dense vector."""
    return Filter(must=wanted, must_not=[HasVectorCondition(DENSE)])


def equals(field: str, value: str) -> FieldCondition:
    """The points whose field has this value, or has it among its values."""
    return FieldCondition(field, MatchValue(value))


def any_of(field: str, values: list[str]) -> FieldCondition:
    """The points whose field has one of these values."""
    return FieldCondition(field, MatchAny(list(values)))
