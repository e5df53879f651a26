"""Looks chunks up in the embedded store: by the names that they define or use, and by their place."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from qdrant_edge import EdgeShard, FacetRequest, Filter, ScrollRequest

from code_rag.rag_server.adapters.edge_queries import any_of, conditions, equals
from code_rag.rag_server.adapters.qdrant_payload import DENSE, MAX_NAMES, to_chunk
from code_rag.rag_server.model import Chunk, Scope, Vector

MAX_CHUNKS_OF_FILE = 100_000

T = TypeVar("T")


class EdgeLookup(ABC):
    """The part of the embedded store that looks up without ranking."""

    _shard: EdgeShard

    async def defining(self, names: Sequence[str], scope: Scope, limit: int) -> Sequence[Chunk]:
        """Up to `limit` chunks within `scope` that define one of these plain names."""
        return await self._listed([*conditions(scope), any_of("names", list(names))], limit)

    async def referencing(self, names: Sequence[str], scope: Scope, limit: int) -> Sequence[Chunk]:
        """Up to `limit` chunks within `scope` that use one of these names."""
        return await self._listed([*conditions(scope), any_of("references", list(names))], limit)

    async def in_file(self, path: str) -> Sequence[Chunk]:
        """All chunks of a file, in order."""
        chunks = await self._listed([equals("path", path)], MAX_CHUNKS_OF_FILE)
        return sorted(chunks, key=lambda chunk: chunk.start_line)

    async def defined_names(self) -> Sequence[str]:
        """The plain names that the index defines; where there are too many, those defined most often."""
        request = FacetRequest("names", limit=MAX_NAMES, exact=True, filter=Filter())
        return [str(hit.value) for hit in await self._read(lambda: self._shard.facet(request)) if hit.count]

    async def vectors(self, ids: Sequence[str]) -> Mapping[str, Vector]:
        """The dense vectors of these chunks, by id; those without one are missing."""
        wanted: list[int | UUID | str] = list(ids)

        def read() -> Mapping[str, Vector]:
            records = self._shard.retrieve(wanted, with_payload=False, with_vector=[DENSE])
            stored: dict[str, Any] = {str(record.id): record.vector or {} for record in records}
            return {id: list(vector[DENSE]) for id, vector in stored.items() if vector.get(DENSE)}

        return await self._read(read)

    async def _listed(self, wanted: list[Any], limit: int) -> list[Chunk]:
        request = ScrollRequest(limit=limit, filter=Filter(must=wanted), with_payload=True)

        def read() -> list[Chunk]:
            return [to_chunk(record.id, record.payload or {}) for record in self._shard.scroll(request)[0]]

        return await self._read(read)

    @abstractmethod
    async def _read(self, work: Callable[[], T]) -> T:
        """The result of `work`, done in the thread that reads."""
