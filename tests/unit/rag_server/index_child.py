"""A process that indexes a codebase until it is done or killed: `index_child.py CODEBASE INDEX [watch]`.

With `watch` it goes on with what changes, until it is killed.

It prints a line of JSON for every write that the store has confirmed: its kind and the ids of the chunks.
"""

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import structlog

from code_rag.rag_server.adapters.edge_folder import lock_folder, open_folder
from code_rag.rag_server.adapters.file_events import SystemFileEvents
from code_rag.rag_server.adapters.qdrant_edge import EdgeStore
from code_rag.rag_server.adapters.sqlite_cache import open_sqlite_cache
from code_rag.rag_server.codebase import Codebase
from code_rag.rag_server.indexing import Indexer
from code_rag.rag_server.model import Point, Vector, VectorKind
from code_rag.rag_server.watching import Watcher
from tests.unit.rag_server.fakes import DIMENSION, FakeEmbedder


class TellingStore(EdgeStore):
    """Tells of a write once it is confirmed, and not before."""

    async def upsert(self, points: Sequence[Point]) -> None:
        await super().upsert(points)
        print(json.dumps(["stored", [point.chunk.id for point in points]]), flush=True)

    async def add_vectors(self, vectors: Mapping[str, Vector], kind: VectorKind) -> None:
        await super().add_vectors(vectors, kind)
        print(json.dumps(["embedded", list(vectors)]), flush=True)


async def main(root: Path, folder: Path, *, watch: bool) -> None:
    lock, cache = lock_folder(folder), open_sqlite_cache(folder.with_name("cache.sqlite3"))
    store = TellingStore(folder, open_folder(folder, DIMENSION), lock, cache)
    codebase = Codebase(root)
    indexer = Indexer(codebase, store, FakeEmbedder())
    indexer.start()
    if watch:
        await Watcher(codebase, indexer, SystemFileEvents()).run()
    while indexer.status().finished_at is None:  # noqa: ASYNC110 – nothing tells of the end
        await asyncio.sleep(0.01)
    await indexer.close()
    await store.close()


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]), watch="watch" in sys.argv[3:]))
