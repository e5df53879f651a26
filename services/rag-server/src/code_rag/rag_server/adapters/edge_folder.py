"""The folder of an embedded index: made, opened and compacted by Qdrant's engine in this process."""

import fcntl
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TypeVar

from qdrant_edge import (
    Distance,
    EdgeConfig,
    EdgeOptimizersConfig,
    EdgeShard,
    EdgeSparseVectorParams,
    EdgeVectorParams,
    Modifier,
    PayloadSchemaType,
    UpdateOperation,
)

from code_rag.rag_server.adapters.qdrant_payload import DENSE, INDEXED_FIELDS, SPARSE
from code_rag.rag_server.ports import StoreUnusable

NO_GRAPH_KB = 1_000_000_000
"""Size from which a graph is built: never. Brute force is exact and takes 2 ms at 20,000 points."""

LOCK_SECONDS = 3.0
"""How long a process that is stopping may still hold the folder, as the old worker does in a reload."""

T = TypeVar("T")


class EngineError(Exception):
    """What the engine says went wrong."""


def guarded(call: Callable[[], T]) -> T:
    """Tell the engine's errors, which have no type of their own, from all others; raises EngineError."""
    try:
        return call()
    except BaseException as error:
        panicked = type(error).__module__ == "pyo3_runtime"  # Rust's panics are not even `Exception`
        if type(error) is Exception or panicked:
            raise EngineError(str(error)) from error
        raise


def lock_folder(folder: Path) -> IO[bytes]:
    """Take the index in `folder` for this process until the file is closed; waits for who is just letting go.

    The engine has a lock of its own, but takes it after reading files that another process may be writing.
    Raises StoreUnusable where another process keeps it, or no file can be made beside the folder.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock = folder.with_name(f"{folder.name}.lock").open("wb")
    except OSError as error:
        raise StoreUnusable(f"The index folder {folder} cannot be made: {error.strerror}.") from error
    deadline = time.monotonic() + LOCK_SECONDS
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
    """Open the index in `folder`, made if missing, and let go of what was deleted from it.

    Blocks for some 0.2 s per 20,000 points, and for 1 s where a fifth of them was deleted.
    Raises StoreUnusable where another process has it open, it is damaged or cannot be made.
    """
    try:
        if not folder.exists():
            _create(folder, dimension)
        return guarded(lambda: _load(folder, dimension))
    except OSError as error:
        raise StoreUnusable(f"The index folder {folder} cannot be made: {error.strerror}.") from error
    except EngineError as error:
        raise StoreUnusable(_why_unusable(folder, str(error))) from error


def _load(folder: Path, dimension: int) -> EdgeShard:
    shard = EdgeShard.load(str(folder), _config(dimension))
    shard.optimize()
    return shard


def _create(folder: Path, dimension: int) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Renamed when it is whole: a process killed here leaves nothing that looks like an index.
    with TemporaryDirectory(dir=folder.parent, prefix=".new-", ignore_cleanup_errors=True) as scratch:
        building = Path(scratch) / folder.name
        building.mkdir()
        guarded(lambda: _fill(building, dimension))
        building.rename(folder)


def _fill(folder: Path, dimension: int) -> None:
    shard = EdgeShard.create(str(folder), _config(dimension))
    for field in INDEXED_FIELDS:
        shard.update(UpdateOperation.create_field_index(field, PayloadSchemaType.Keyword))
    shard.flush()
    shard.close()


def _config(dimension: int) -> EdgeConfig:
    return EdgeConfig(
        vectors={DENSE: EdgeVectorParams(size=dimension, distance=Distance.Cosine)},
        sparse_vectors={SPARSE: EdgeSparseVectorParams(modifier=Modifier.Idf)},
        optimizers=EdgeOptimizersConfig(indexing_threshold=NO_GRAPH_KB),
    )


def _why_unusable(folder: Path, reason: str) -> str:
    if "WouldBlock" in reason:
        return _in_use(folder)
    return f"The index {folder} cannot be read; delete the folder to have it rebuilt. ({reason})"


def _in_use(folder: Path) -> str:
    return f"The index {folder} is in use by another process; give it another DATA_DIR or stop that one."
