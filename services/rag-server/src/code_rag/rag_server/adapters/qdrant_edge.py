"""The embedded vector store, in one folder: Qdrant's own engine in this process, from `qdrant-edge-py`."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any, TypeVar
from uuid import UUID

import structlog
from qdrant_edge import (
    CountRequest,
    EdgeShard,
    FacetRequest,
    Filter,
    HasIdCondition,
    PointVectors,
    QueryBatchRequest,
    QueryRequest,
    ScoredPoint,
    ScrollRequest,
    UpdateOperation,
)
from qdrant_edge import Point as EdgePoint
from qdrant_edge import Query as Nearest
from qdrant_edge import SparseVector as EdgeSparseVector

from code_rag.rag_server.adapters.candidates import PointQuery, find_candidates
from code_rag.rag_server.adapters.edge_folder import EngineError, guarded, lock_folder, open_folder
from code_rag.rag_server.adapters.edge_queries import any_of, conditions, equals, unembedded
from code_rag.rag_server.adapters.qdrant_edge_lookup import EdgeLookup
from code_rag.rag_server.adapters.qdrant_payload import (
    DENSE,
    MAX_FILES,
    SPARSE,
    tally_files,
    to_chunk,
    to_payload,
)
from code_rag.rag_server.model import (
    Candidates,
    Chunk,
    Point,
    Query,
    Scope,
    SparseVector,
    StoredFile,
    Vector,
)
from code_rag.rag_server.ports import StoreUnusable
from code_rag.servicekit.errors import Unavailable

log = structlog.get_logger(__name__)

FLUSH_SECONDS = 5.0
"""How long a write may be only in the write-ahead log; Qdrant's server has the same default.

A write survives the end of the process as soon as it is in the log, and a power failure once it is flushed.
"""

POINTS_PER_WRITE = 64
"""The engine blocks Python's other threads while it writes: about 5 ms for 64 points."""

MAX_POINTS = 1_000_000
"""Limit of a listing; the engine has no listing without a limit."""

T = TypeVar("T")


def open_edge_store(folder: Path, dimension: int) -> "EdgeStore":
    """Open the store in `folder`; blocks and raises StoreUnusable as `lock_folder` and `open_folder` do."""
    lock = lock_folder(folder)
    try:
        return EdgeStore(open_folder(folder, dimension), lock)
    except StoreUnusable:
        lock.close()
        raise


class EdgeStore(EdgeLookup):
    """Writes in one thread, in order, and reads in another, so that searches do not wait for the disk."""

    def __init__(self, shard: EdgeShard, lock: IO[bytes]) -> None:
        self._shard = shard
        self._lock = lock
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="edge-write")
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="edge-read")
        self._flushing: asyncio.Task[None] | None = None

    async def upsert(self, points: Sequence[Point]) -> None:
        """Store points; one with a known id replaces what was there but keeps its dense vector."""

        def write() -> None:
            for start in range(0, len(points), POINTS_PER_WRITE):
                self._upsert(points[start : start + POINTS_PER_WRITE])

        await self._write(write)

    async def remove_stale(self, path: str, digest: str) -> None:
        """Delete the chunks of `path` whose file digest is not `digest`; "" deletes all of them."""
        stale = Filter(must=[equals("path", path)], must_not=[equals("file_digest", digest)])
        await self._write(lambda: self._shard.update(UpdateOperation.delete_points_by_filter(stale)))

    async def files(self, path: str = "") -> Mapping[str, StoredFile]:
        """Every stored file at or under `path`, counted from the points themselves."""
        scope = conditions(Scope(path=path))

        def read() -> Mapping[str, StoredFile]:
            versions = self._counted("file_version", Filter(must=scope))
            return tally_files(versions, self._counted("path", unembedded(scope)))

        return await self._read(read)

    async def unembedded(self, paths: Sequence[str]) -> Sequence[Chunk]:
        """The chunks of these files that have no dense vector yet."""
        wanted = unembedded([any_of("path", list(paths))])
        request = ScrollRequest(limit=MAX_POINTS, filter=wanted, with_payload=True)

        def read() -> Sequence[Chunk]:
            records, _ = self._shard.scroll(request)
            return [to_chunk(record.id, record.payload or {}) for record in records]

        return await self._read(read)

    async def add_vectors(self, vectors: Mapping[str, Vector]) -> None:
        """Add dense vectors to stored chunks, by chunk id; fails if one of the chunks is gone."""

        def write() -> None:
            points = [PointVectors(key, {DENSE: list(vector)}) for key, vector in vectors.items()]
            self._shard.update(UpdateOperation.update_vectors(points))

        await self._write(write)

    async def search(self, query: Query, limit: int) -> Candidates:
        """The best `limit` chunks by each vector and definitions of the names, with both scores."""
        return await find_candidates(self._ask, query, limit)

    async def count(self) -> int:
        """How many chunks are stored."""
        return await self._read(lambda: self._shard.count(CountRequest()))

    async def counts(self) -> Mapping[str, int]:
        """How many chunks are stored of each file, by path."""
        return await self._read(lambda: self._counted("path", Filter()))

    async def ping(self) -> None:
        """Return when the engine answers."""
        await self.count()

    async def close(self) -> None:
        """Flush and release the folder."""
        if self._flushing is not None:
            self._flushing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._flushing
        await self._flush()
        await self._read(self._shard.close)
        self._writer.shutdown()
        self._reader.shutdown()
        self._lock.close()

    async def _ask(self, queries: Sequence[PointQuery]) -> list[list[ScoredPoint]]:
        requests = [_request(query) for query in queries]
        return await self._read(lambda: self._shard.query_batch(QueryBatchRequest(requests)))

    def _upsert(self, points: Sequence[Point]) -> None:
        ids: list[int | UUID | str] = [point.chunk.id for point in points]
        known = self._shard.retrieve(ids, with_payload=False, with_vector=[DENSE])
        vectors: dict[str, Any] = {str(record.id): record.vector for record in known}
        self._shard.update(UpdateOperation.upsert_points([_stored(point, vectors) for point in points]))

    def _counted(self, field: str, wanted: Filter) -> dict[str, int]:
        """How many points have each value of a field."""
        facet = self._shard.facet(FacetRequest(field, limit=MAX_FILES, exact=True, filter=wanted))
        # The engine still lists the values of points deleted since the folder was opened, with count 0.
        return {str(hit.value): hit.count for hit in facet if hit.count}

    async def _read(self, work: Callable[[], T]) -> T:
        return await _in_thread(self._reader, work)

    async def _write(self, work: Callable[[], None]) -> None:
        await _in_thread(self._writer, work)
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.create_task(self._flush_later())

    async def _flush_later(self) -> None:
        await asyncio.sleep(FLUSH_SECONDS)
        await self._flush()

    async def _flush(self) -> None:
        try:
            await _in_thread(self._writer, self._shard.flush)
        except Unavailable as error:
            log.warning("cannot flush the index", reason=error.message)


async def _in_thread(thread: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    try:
        return await asyncio.get_running_loop().run_in_executor(thread, guarded, work)
    except EngineError as error:
        raise Unavailable(f"The embedded index failed: {error}", code="store_unavailable") from error


def _stored(point: Point, vectors: Mapping[str, Any]) -> EdgePoint:
    known = vectors.get(point.chunk.id) or {}
    return EdgePoint(point.chunk.id, {**known, SPARSE: _terms(point.sparse)}, to_payload(point.chunk))


def _terms(vector: SparseVector) -> EdgeSparseVector:
    return EdgeSparseVector(list(vector.indices), list(vector.values))


def _request(query: PointQuery) -> QueryRequest:
    if isinstance(query.vector, SparseVector):
        nearest = Nearest.Nearest(_terms(query.vector), using=SPARSE)
    else:
        nearest = Nearest.Nearest(list(query.vector), using=DENSE)
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
