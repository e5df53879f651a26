"""Looks chunks up in a Qdrant server: by the names that they define or use, and by their place."""

from collections.abc import Mapping, Sequence
from typing import Any

from qdrant_client import AsyncQdrantClient, models

from code_rag.rag_server.adapters.qdrant_errors import nothing_if_missing, translated
from code_rag.rag_server.adapters.qdrant_payload import DENSE, MAX_NAMES, to_chunk
from code_rag.rag_server.adapters.server_queries import any_of, conditions, equals
from code_rag.rag_server.model import Chunk, Scope, Vector

MAX_CHUNKS_OF_FILE = 100_000


class ServerLookup:
    """The part of the store that looks up without ranking."""

    _client: AsyncQdrantClient
    _collection: str

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
        with translated(), nothing_if_missing():
            facet = await self._client.facet(self._collection, "names", limit=MAX_NAMES, exact=True)
            return [str(hit.value) for hit in facet.hits if hit.count]
        return []

    async def vectors(self, ids: Sequence[str]) -> Mapping[str, Vector]:
        """The dense vectors of these chunks, by id; those without one are missing."""
        with translated(), nothing_if_missing():
            records = await self._client.retrieve(
                self._collection, ids, with_payload=False, with_vectors=[DENSE]
            )
            stored: dict[str, Any] = {str(record.id): record.vector or {} for record in records}
            return {id: list(vector[DENSE]) for id, vector in stored.items() if vector.get(DENSE)}
        return {}

    async def _listed(self, wanted: list[models.Condition], limit: int) -> list[Chunk]:
        with translated(), nothing_if_missing():
            records, _ = await self._client.scroll(
                self._collection, models.Filter(must=wanted), limit=limit, with_payload=True
            )
            return [to_chunk(record.id, record.payload or {}) for record in records]
        return []
