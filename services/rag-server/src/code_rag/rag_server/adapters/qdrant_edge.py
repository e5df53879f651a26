"""The embedded vector store, in one folder: Qdrant's own engine in this process, from `qdrant-edge-py`."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, TypeVar

import structlog
from qdrant_edge import (
    CountRequest,
    EdgeShard,
    FacetRequest,
    Filter,
    PointVectors,
    QueryBatchRequest,
    ScoredPoint,
    ScrollRequest,
    UpdateOperation,
)

from code_rag.rag_server.adapters import edge_queries as queries
from code_rag.rag_server.adapters.candidates import PointQuery, find_candidates
from code_rag.rag_server.adapters.disk_room import too_little_room
from code_rag.rag_server.adapters.edge_folder import (
    EngineError,
    guarded,
    lock_folder,
    open_folder,
)
from code_rag.rag_server.adapters.qdrant_edge_lookup import EdgeLookup
from code_rag.rag_server.adapters.qdrant_payload import (
    DENSE,
    MAX_FILES,
    MAX_POINTS,
    VECTOR,
    tally_files,
    to_chunk,
)
from code_rag.rag_server.adapters.sqlite_cache import SqliteCache, open_sqlite_cache
from code_rag.rag_server.model import Candidates, Chunk, Point, Query, Scope, StoredFile, Vector, VectorKind
from code_rag.rag_server.ports import StoreUnusable
from code_rag.servicekit.errors import Unavailable

log = structlog.get_logger(__name__)

FLUSH_SECONDS = 5.0
"""How long a write may be only in the write-ahead log; Qdrant's server has the same default.

A write survives the end of the process as soon as it is in the log, and a power failure once it is flushed.
"""

POINTS_PER_WRITE = 64
"""The engine blocks Python's other threads while it writes: about 5 ms for 64 points."""

T = TypeVar("T")


def open_edge_store(folder: Path, dimension: int, cache_file: Path | None = None) -> "EdgeStore":
    """Open the store in `folder`, and the vector cache next to it; blocks.

    Raises StoreUnusable as `lock_folder`, `open_folder` and `open_sqlite_cache` do.
    """
    lock = lock_folder(folder)
    try:
        shard = open_folder(folder, dimension)
        try:
            cache = open_sqlite_cache(cache_file or folder.with_name(f"{folder.name}.sqlite3"))
        except StoreUnusable:
            shard.close()
            raise
    except StoreUnusable:
        lock.close()
        raise
    return EdgeStore(folder, shard, lock, cache)


class EdgeStore(EdgeLookup):
    """Writes in one thread, in order, and reads in another, so that searches do not wait for the disk."""

    def __init__(self, folder: Path, shard: EdgeShard, lock: IO[bytes], cache: SqliteCache) -> None:
        self._folder = folder
        self.cache = cache
        self._shard = shard
        self._lock = lock
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="edge-write")
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="edge-read")
        self._flushing: asyncio.Task[None] | None = None

    async def upsert(self, points: Sequence[Point]) -> None:
        """Store points; one with a known id replaces what was there, its dense vector included."""

        def write() -> None:
            for start in range(0, len(points), POINTS_PER_WRITE):
                part = [queries.stored(point) for point in points[start : start + POINTS_PER_WRITE]]
                self._shard.update(UpdateOperation.upsert_points(part))

        await self._write(write)

    async def remove_stale(self, path: str, digest: str) -> None:
        """Delete the chunks of `path` whose file digest is not `digest`; "" deletes all of them."""
        stale = Filter(must=[queries.equals("path", path)], must_not=[queries.equals("file_digest", digest)])
        await self._write(lambda: self._shard.update(UpdateOperation.delete_points_by_filter(stale)))

    async def files(self, path: str = "") -> Mapping[str, StoredFile]:
        """Every stored file at or under `path`, counted from the points themselves."""
        scope = queries.conditions(Scope(path=path))

        def read() -> Mapping[str, StoredFile]:
            versions = self._counted("file_version", Filter(must=scope))
            unembedded = self._counted("path", queries.missing("header", scope))
            headers = self._counted("path", Filter(must=[*scope, queries.equals(VECTOR, "header")]))
            return tally_files(versions, unembedded, headers)

        return await self._read(read)

    async def stored_chunks(self, paths: Sequence[str], missing: VectorKind | None = None) -> Sequence[Chunk]:
        """The chunks of these files; with `missing` those without a dense vector of that kind."""
        wanted = queries.missing(missing, [queries.of_paths(paths)])
        request = ScrollRequest(limit=MAX_POINTS, filter=wanted, with_payload=True)

        def read() -> Sequence[Chunk]:
            records, _ = self._shard.scroll(request)
            return [to_chunk(record.id, record.payload or {}) for record in records]

        return await self._read(read)

    async def add_vectors(self, vectors: Mapping[str, Vector], kind: VectorKind) -> None:
        """Set dense vectors of stored chunks, by chunk id; fails if one of the chunks is gone."""

        def write() -> None:
            points = [PointVectors(key, {DENSE: list(vector)}) for key, vector in vectors.items()]
            self._shard.update(UpdateOperation.update_vectors(points))
            # In this order: a process killed in between leaves a vector that is only computed again.
            self._shard.update(UpdateOperation.set_payload(list(vectors), {VECTOR: kind}))

        await self._write(write)

    async def search(self, query: Query, limit: int) -> Candidates:
        """The best `limit` chunks by each vector and definitions of the names, with both scores."""
        return await find_candidates(self._ask, query, limit)

    async def count(self) -> int:
        """How many chunks are stored."""
        return await self._read(lambda: self._shard.count(CountRequest()))

    async def counts(self, kind: VectorKind | None = None) -> Mapping[str, int]:
        """How many chunks are stored of each file, by path; with `kind` those with that dense vector."""
        wanted = Filter(must=[queries.equals(VECTOR, kind)]) if kind else Filter()
        return await self._read(lambda: self._counted("path", wanted))

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
        await self.cache.close()
        self._writer.shutdown()
        self._reader.shutdown()
        self._lock.close()

    async def _ask(self, wanted: Sequence[PointQuery]) -> list[list[ScoredPoint]]:
        requests = [queries.request(query) for query in wanted]
        return await self._read(lambda: self._shard.query_batch(QueryBatchRequest(requests)))

    def _counted(self, field: str, wanted: Filter) -> dict[str, int]:
        """How many points have each value of a field."""
        facet = self._shard.facet(FacetRequest(field, limit=MAX_FILES, exact=True, filter=wanted))
        # The engine still lists the values of points deleted since the folder was opened, with count 0.
        return {str(hit.value): hit.count for hit in facet if hit.count}

    async def _read(self, work: Callable[[], T]) -> T:
        return await _in_thread(self._reader, work)

    async def _write(self, work: Callable[[], None]) -> None:
        await _in_thread(self._writer, lambda: self._written(work))
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.create_task(self._flush_later())

    def _written(self, work: Callable[[], None]) -> None:
        """Write, unless the disk is almost full: searches go on, and so does the run once there is room."""
        if room := too_little_room(self._folder):
            raise Unavailable(f"The index takes nothing more: {room}", code="disk_full", retry_after=10)
        work()

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
        working = asyncio.get_running_loop().run_in_executor(thread, guarded, work)
    except RuntimeError as error:  # so says a thread that has ended
        raise Unavailable("The index was closed: repeat the request.", code="store_unavailable") from error
    try:
        return await working
    except EngineError as error:
        raise Unavailable(f"The embedded index failed: {error}", code="store_unavailable") from error
