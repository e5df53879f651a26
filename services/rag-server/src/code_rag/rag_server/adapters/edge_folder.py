"""The folder of an embedded index: created, opened and compacted by Qdrant's engine in this process."""

import fcntl
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TypeVar

from qdrant_edge import (
    CountRequest,
    Distance,
    EdgeConfig,
    EdgeOptimizersConfig,
    EdgeShard,
    EdgeSparseVectorParams,
    EdgeVectorParams,
    FacetRequest,
    Modifier,
    PayloadSchemaType,
    ScrollRequest,
    UpdateOperation,
)

from code_rag.rag_server.adapters.damage import is_systems, set_aside
from code_rag.rag_server.adapters.disk_room import too_little_room
from code_rag.rag_server.adapters.qdrant_payload import DENSE, INDEXED_FIELDS, MAX_POINTS, SPARSE
from code_rag.rag_server.ports import StoreUnusable

NO_GRAPH_KB = 1_000_000_000
"""Size above which a graph is built: never. Brute force is exact and takes 2 ms at 20,000 points."""

LOCK_SECONDS = 3.0
"""How long to wait for a stopping process to release the folder, such as the old worker in a reload."""

T = TypeVar("T")


class EngineError(Exception):
    """An error that the engine raised."""


def guarded(call: Callable[[], T]) -> T:
    """Convert the engine's errors, which have no type of their own, to EngineError; others pass through."""
    try:
        return call()
    except BaseException as error:
        panicked = type(error).__module__ == "pyo3_runtime"  # Rust's panics do not derive from `Exception`
        if type(error) is Exception or panicked:
            raise EngineError(str(error)) from error
        raise


def lock_folder(folder: Path, seconds: float = LOCK_SECONDS) -> IO[bytes]:
    """Lock the index in `folder` until the file is closed; waits for a process that is stopping.

    The engine has its own lock, but takes it after reading files that another process may be writing.
    Raises StoreUnusable if another process keeps the lock, or if the lock file cannot be created.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock = folder.with_name(f"{folder.name}.lock").open("wb")
    except OSError as error:
        raise StoreUnusable(f"The index folder {folder} cannot be made: {error.strerror}.") from error
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                lock.close()
                raise StoreUnusable(_in_use(folder)) from None
            time.sleep(0.02)
        else:
            return lock


def open_folder(folder: Path, dimension: int) -> EdgeShard:
    """Open the index in `folder`, creating it if missing or damaged, and remove deleted points from disk.

    Blocks for about 0.2 s per 20,000 points, and for 1 s if a fifth of them was deleted. One that is damaged
    is set aside. Raises StoreUnusable if another process has it open, or if the system refuses something.
    """
    try:
        if room := too_little_room(folder.parent):
            raise StoreUnusable(f"The index {folder} cannot be opened: {room}")
        if not folder.exists():
            _create(folder, dimension)
        try:
            return guarded(lambda: _load(folder, dimension))
        except EngineError as error:
            if is_systems(str(error)) or "WouldBlock" in str(error):
                raise
            set_aside(folder, str(error))
        _create(folder, dimension)
        return guarded(lambda: _load(folder, dimension))
    except OSError as error:
        raise StoreUnusable(f"The index folder {folder} cannot be made: {error.strerror}.") from error
    except EngineError as error:
        raise StoreUnusable(_why_unusable(folder, str(error))) from error


def remove_folder(folder: Path) -> bool:
    """Delete the index in `folder`; return whether it is gone: one that a process uses stays."""
    try:
        lock = lock_folder(folder, seconds=0)
    except StoreUnusable:
        return False
    with lock:
        shutil.rmtree(folder, ignore_errors=True)
        Path(lock.name).unlink(missing_ok=True)
    return not folder.exists()


def _load(folder: Path, dimension: int) -> EdgeShard:
    shard = EdgeShard.load(str(folder), _config(dimension))
    shard.optimize()
    if not shard.count(CountRequest()):  # where a segment is missing, so are the indexes of its fields
        _index_fields(shard)
    # The engine opens what it maps without a look at it: what cannot be read would fail each search.
    shard.scroll(ScrollRequest(limit=MAX_POINTS, with_payload=["path"]))
    for field in INDEXED_FIELDS:
        shard.facet(FacetRequest(field, limit=1))
    return shard


def _create(folder: Path, dimension: int) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Renamed only when complete: a process killed here leaves nothing that looks like an index.
    with TemporaryDirectory(dir=folder.parent, prefix=".new-", ignore_cleanup_errors=True) as scratch:
        building = Path(scratch) / folder.name
        building.mkdir()
        guarded(lambda: _fill(building, dimension))
        building.rename(folder)


def _fill(folder: Path, dimension: int) -> None:
    shard = EdgeShard.create(str(folder), _config(dimension))
    _index_fields(shard)
    shard.flush()
    shard.close()


def _index_fields(shard: EdgeShard) -> None:
    for field in INDEXED_FIELDS:
        shard.update(UpdateOperation.create_field_index(field, PayloadSchemaType.Keyword))


def _config(dimension: int) -> EdgeConfig:
    return EdgeConfig(
        vectors={DENSE: EdgeVectorParams(size=dimension, distance=Distance.Cosine)},
        sparse_vectors={SPARSE: EdgeSparseVectorParams(modifier=Modifier.Idf)},
        optimizers=EdgeOptimizersConfig(indexing_threshold=NO_GRAPH_KB),
    )


def _why_unusable(folder: Path, reason: str) -> str:
    if "WouldBlock" in reason:
        return _in_use(folder)
    return f"The index {folder} cannot be read: {reason}. Make room, or check its permissions."


def _in_use(folder: Path) -> str:
    return f"The index {folder} is in use by another process; stop that process, or set another DATA_DIR."
