"""Filters of a Qdrant server: where a search looks, and which points a listing wants."""

from qdrant_client import models

from code_rag.rag_server.adapters.qdrant_payload import DENSE
from code_rag.rag_server.model import Scope


def conditions(scope: Scope) -> list[models.Condition]:
    """The conditions of a scope; none for a search everywhere."""
    wanted = (("path_parents", scope.path), ("language", scope.language))
    return [equals(field, value) for field, value in wanted if value]


def unembedded(wanted: list[models.Condition]) -> models.Filter:
    """The points that meet the conditions and have no dense vector."""
    return models.Filter(must=wanted, must_not=[models.HasVectorCondition(has_vector=DENSE)])


def equals(field: str, value: str) -> models.FieldCondition:
    """The points whose field has this value, or has it among its values."""
    return models.FieldCondition(key=field, match=models.MatchValue(value=value))


def any_of(field: str, values: list[str]) -> models.FieldCondition:
    """The points whose field has one of these values."""
    return models.FieldCondition(key=field, match=models.MatchAny(any=values))
