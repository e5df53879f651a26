"""The folder of an embedded index: made, opened and compacted by Qdrant's engine in this process."""

import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

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

from rag_server.adapters.qdrant_payload import DENSE, INDEXED_FIELDS, SPARSE
from rag_server.ports import StoreUnusable

NO_GRAPH_KB = 1_000_000_000
"""Size from which a graph is built: never. Brute force is exact and takes 2 ms at 20,000 points."""

LOCKED = "WouldBlock"  # in the engine's message where another process has the folder open
LOCK_SECONDS = 3.0
"""How long a process that is just stopping may still hold the folder; a reload's old worker does."""

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


def open_folder(folder: Path, dimension: int) -> EdgeShard:
    """Open the index in `folder`, made if missing, and let go of what was deleted from it.

    Blocks for some 0.2 s per 20,000 points, for 1 s where a fifth of them was deleted, and while another
    process lets go of it. Raises StoreUnusable where that one keeps it, it is damaged or cannot be made.
    """
    try:
        if not folder.exists():
            _create(folder, dimension)
        return _load_once_free(folder, dimension)
    except OSError as error:
        raise StoreUnusable(f"The index folder {folder} cannot be made: {error.strerror}.") from error
    except EngineError as error:
        raise StoreUnusable(_why_unusable(folder, str(error))) from error


def _load_once_free(folder: Path, dimension: int) -> EdgeShard:
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            return guarded(lambda: _load(folder, dimension))
        except EngineError as error:
            if LOCKED not in str(error) or time.monotonic() > deadline:
                raise
        time.sleep(0.02)


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
    if LOCKED in reason:
        return f"The index {folder} is in use by another process; give it another DATA_DIR or stop that one."
    return f"The index {folder} cannot be read; delete the folder to have it rebuilt. ({reason})"
