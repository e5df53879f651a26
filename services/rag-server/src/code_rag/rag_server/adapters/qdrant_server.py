"""The vector store behind a URL: a Qdrant server or cluster."""

from collections.abc import Mapping, Sequence
from typing import Any

from qdrant_client import AsyncQdrantClient, models
from qdrant_client.http.exceptions import UnexpectedResponse

from code_rag.rag_server.adapters import server_queries as queries
from code_rag.rag_server.adapters.candidates import PointQuery, find_candidates
from code_rag.rag_server.adapters.qdrant_cache import QdrantCache
from code_rag.rag_server.adapters.qdrant_errors import nothing_if_missing, translated
from code_rag.rag_server.adapters.qdrant_payload import (
    DENSE,
    INDEXED_FIELDS,
    MAX_FILES,
    SPARSE,
    VECTOR,
    tally_files,
    to_chunk,
)
from code_rag.rag_server.adapters.qdrant_server_lookup import ServerLookup
from code_rag.rag_server.adapters.tls import verify_for
from code_rag.rag_server.model import Candidates, Chunk, Point, Query, Scope, StoredFile, Vector, VectorKind

TIMEOUT_SECONDS = 4
"""For requests that a person waits for: with the query's embedding, a reply or an error comes within 10 s."""
INDEXING_SECONDS = 60
POINTS_PER_REQUEST = 128
PAGE = 1_000
"""Points per page of a listing."""


def connect(url: str, api_key: str | None, timeout: int = TIMEOUT_SECONDS) -> AsyncQdrantClient:
    """A client for the server at `url`; it connects on first use."""
    # As a header: the client's own parameter warns about plain HTTP, which is normal inside a cluster.
    headers = {"api-key": api_key} if api_key else None
    return AsyncQdrantClient(
        url=url,
        headers=headers,
        timeout=timeout,
        check_compatibility=False,
        trust_env=False,
        verify=verify_for(url),
    )


class ServerStore(ServerLookup):
    """One collection of a Qdrant server, created when indexing first needs it, and again if it disappears."""

    def __init__(
        self,
        client: AsyncQdrantClient,
        collection: str,
        dimension: int,
        metadata: Mapping[str, Any] | None = None,
        page: int = PAGE,
        cache: str = "",
    ) -> None:
        self._client = client
        self._collection = collection
        self._dimension = dimension
        self._metadata = dict(metadata or {})
        self._page = page
        self._made = False
        self.cache = QdrantCache(client, cache or f"{collection}-vectors", dimension, self._metadata)

    async def upsert(self, points: Sequence[Point]) -> None:
        """Store points; one with a known id replaces what was there, its dense vector included."""
        with translated():
            for start in range(0, len(points), POINTS_PER_REQUEST):
                await self._upsert(points[start : start + POINTS_PER_REQUEST])

    async def remove_stale(self, path: str, digest: str) -> None:
        """Delete the chunks of `path` whose file digest is not `digest`; "" deletes all of them."""
        stale = models.Filter(
            must=[queries.equals("path", path)], must_not=[queries.equals("file_digest", digest)]
        )
        with translated(), nothing_if_missing():
            await self._client.delete(
                self._collection, models.FilterSelector(filter=stale), wait=True, timeout=INDEXING_SECONDS
            )

    async def files(self, path: str = "") -> Mapping[str, StoredFile]:
        """Every stored file at or under `path`, counted from the points themselves."""
        if not self._made:
            with translated():
                await self.make()
        scope = queries.conditions(Scope(path=path))
        headers = models.Filter(must=[*scope, queries.equals(VECTOR, "header")])
        return tally_files(
            await self._counted("file_version", models.Filter(must=scope), INDEXING_SECONDS),
            await self._counted("path", queries.missing("header", scope), INDEXING_SECONDS),
            await self._counted("path", headers, INDEXING_SECONDS),
        )

    async def stored_chunks(self, paths: Sequence[str], missing: VectorKind | None = None) -> Sequence[Chunk]:
        """The chunks of these files; with `missing` those without a dense vector of that kind."""
        wanted = queries.missing(missing, [queries.of_paths(paths)])
        chunks: list[Chunk] = []
        page: Any = None
        with translated(), nothing_if_missing():
            while True:
                records, page = await self._client.scroll(
                    self._collection,
                    wanted,
                    limit=self._page,
                    offset=page,
                    with_payload=True,
                    timeout=INDEXING_SECONDS if missing else None,  # an answer reads files whole, too
                )
                chunks += [to_chunk(record.id, record.payload or {}) for record in records]
                if page is None:
                    break
        return chunks

    async def add_vectors(self, vectors: Mapping[str, Vector], kind: VectorKind) -> None:
        """Set dense vectors of stored chunks, by chunk id; fails if one of the chunks is gone."""
        points = [models.PointVectors(id=key, vector={DENSE: list(v)}) for key, v in vectors.items()]
        with translated():
            for start in range(0, len(points), POINTS_PER_REQUEST):
                part = points[start : start + POINTS_PER_REQUEST]
                await self._client.update_vectors(self._collection, part, wait=True, timeout=INDEXING_SECONDS)
            # In this order: a process killed in between leaves vectors that are only computed again.
            await self._client.set_payload(
                self._collection, {VECTOR: kind}, list(vectors), wait=True, timeout=INDEXING_SECONDS
            )

    async def search(self, query: Query, limit: int) -> Candidates:
        """The best `limit` chunks by each vector and definitions of the names, with both scores."""
        with translated(), nothing_if_missing():
            return await find_candidates(self._ask, query, limit)
        return Candidates()

    async def count(self) -> int:
        """How many chunks are stored."""
        with translated(), nothing_if_missing():
            return (await self._client.count(self._collection, exact=True)).count
        return 0

    async def counts(self, kind: VectorKind | None = None) -> Mapping[str, int]:
        """How many chunks are stored of each file, by path; with `kind` those with that dense vector."""
        wanted = models.Filter(must=[queries.equals(VECTOR, kind)]) if kind else models.Filter()
        return await self._counted("path", wanted, TIMEOUT_SECONDS)

    async def ping(self) -> None:
        """Return when the server answers."""
        with translated():
            await self._client.collection_exists(self._collection)

    async def close(self) -> None:
        """Close the connections; whatever was upserted is already durable."""
        await self._client.close()

    async def _ask(self, wanted: Sequence[PointQuery]) -> list[list[models.ScoredPoint]]:
        answers = await self._client.query_batch_points(
            self._collection, [queries.request(each) for each in wanted]
        )
        return [answer.points for answer in answers]

    async def _upsert(self, points: Sequence[Point]) -> None:
        structs = [queries.stored(point) for point in points]
        try:
            await self._client.upsert(self._collection, structs, wait=True, timeout=INDEXING_SECONDS)
        except UnexpectedResponse as error:
            if error.status_code != 404:
                raise
            await self.make()
            await self._client.upsert(self._collection, structs, wait=True, timeout=INDEXING_SECONDS)

    async def _counted(self, field: str, wanted: models.Filter, seconds: int) -> dict[str, int]:
        """How many points have each value of a field."""
        with translated(), nothing_if_missing():
            facet = await self._client.facet(
                self._collection, field, facet_filter=wanted, limit=MAX_FILES, exact=True, timeout=seconds
            )
            return {str(hit.value): hit.count for hit in facet.hits if hit.count}
        return {}

    async def make(self) -> None:
        """Create the collection and its indexes if they are missing; raises the client's errors."""
        try:
            await self._client.create_collection(
                self._collection,
                vectors_config={
                    DENSE: models.VectorParams(size=self._dimension, distance=models.Distance.COSINE)
                },
                sparse_vectors_config={SPARSE: models.SparseVectorParams(modifier=models.Modifier.IDF)},
                metadata=self._metadata,
            )
        except UnexpectedResponse as error:
            if error.status_code != 409:  # another replica has just created it
                raise
        for field in INDEXED_FIELDS:
            await self._client.create_payload_index(
                self._collection, field, models.PayloadSchemaType.KEYWORD, wait=True
            )
        self._made = True
