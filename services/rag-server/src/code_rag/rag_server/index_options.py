"""How index runs work."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from code_rag.rag_server.model import VectorKind
from code_rag.rag_server.ports import Preparer
from code_rag.rag_server.preparing import InProcess


async def nothing_to_prune() -> Sequence[str]:
    """For an index that has no others beside it."""
    return ()


@dataclass(frozen=True, slots=True)
class IndexOptions:
    """Who prepares files, with which vector a chunk is done, and what else may be deleted."""

    preparer: Preparer = field(default_factory=InProcess)
    last_vector: VectorKind = "whole"
    prune_indexes: Callable[[], Awaitable[Sequence[str]]] = nothing_to_prune
    """Deletes the indexes that are not used; their names."""
