"""The vector cache of a Qdrant server: a collection of its own, with two bytes per number."""

from collections.abc import Mapping, Sequence, Set
from typing import Any, cast

from qdrant_client import AsyncQdrantClient, models
from qdrant_client.http.exceptions import UnexpectedResponse

from code_rag.rag_server.adapters.qdrant_errors import nothing_if_missing, translated
from code_rag.rag_server.model import Vector

POINTS_PER_REQUEST = 256
PAGE = 10_000
"""Keys per page of a listing."""
TIMEOUT_SECONDS = 60


class QdrantCache:
    """The vectors of one model, in a collection that the first `put` creates."""

    def __init__(
        self,
        client: AsyncQdrantClient,
        collection: str,
        dimension: int,
        metadata: Mapping[str, Any],
        page: int = PAGE,
    ) -> None:
        self._client = client
        self.collection = collection
        self._dimension = dimension
        self._metadata = metadata
        self._page = page

    async def get(self, keys: Sequence[str]) -> Mapping[str, Vector]:
        """The vectors that are there, by key."""
        found: dict[str, Vector] = {}
        with translated(), nothing_if_missing():
            for start in range(0, len(keys), POINTS_PER_REQUEST):
                part = keys[start : start + POINTS_PER_REQUEST]
                records = await self._client.retrieve(
                    self.collection, part, with_payload=False, with_vectors=True, timeout=TIMEOUT_SECONDS
                )
                found |= {str(record.id): cast(Vector, record.vector) for record in records}
        return found

    async def put(self, vectors: Mapping[str, Vector]) -> None:
        """Keep vectors by their keys."""
        points = [models.PointStruct(id=key, vector=list(vector)) for key, vector in vectors.items()]
        with translated():
            for start in range(0, len(points), POINTS_PER_REQUEST):
                await self._put(points[start : start + POINTS_PER_REQUEST])

    async def count(self) -> int:
        """How many vectors there are."""
        with translated(), nothing_if_missing():
            return (await self._client.count(self.collection, exact=True, timeout=TIMEOUT_SECONDS)).count
        return 0

    async def prune(self, keep: Set[str]) -> int:
        """Delete the vectors with other keys than these; how many they were."""
        removed, page = 0, cast(Any, None)
        with translated(), nothing_if_missing():
            while True:
                records, page = await self._client.scroll(
                    self.collection,
                    limit=self._page,
                    offset=page,
                    with_payload=False,
                    timeout=TIMEOUT_SECONDS,
                )
                unused: list[Any] = [record.id for record in records if str(record.id) not in keep]
                if unused:
                    await self._client.delete(self.collection, models.PointIdsList(points=unused), wait=True)
                removed += len(unused)
                if page is None:
                    break
        return removed

    async def _put(self, points: list[models.PointStruct]) -> None:
        try:
            await self._client.upsert(self.collection, points, wait=True, timeout=TIMEOUT_SECONDS)
        except UnexpectedResponse as error:
            if error.status_code != 404:
                raise
            await self._make()
            await self._client.upsert(self.collection, points, wait=True, timeout=TIMEOUT_SECONDS)

    async def _make(self) -> None:
        # Never searched, so there is no graph; a dot product leaves the vectors as they are.
        params = models.VectorParams(
            size=self._dimension,
            distance=models.Distance.DOT,
            datatype=models.Datatype.FLOAT16,
            on_disk=True,
            hnsw_config=models.HnswConfigDiff(m=0),
        )
        try:
            await self._client.create_collection(
                self.collection, vectors_config=params, metadata={**self._metadata, "holds": "vectors"}
            )
        except UnexpectedResponse as error:
            if error.status_code != 409:  # another replica has just created it
                raise
