"""A codebase, a store, an embedder and the indexer between them, for tests."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

from code_rag.rag_server.adapters.qdrant_edge import open_edge_store
from code_rag.rag_server.codebase import Codebase
from code_rag.rag_server.indexing import Indexer
from code_rag.rag_server.lexical import encode_query
from code_rag.rag_server.model import Query, SparseVector
from code_rag.rag_server.ports import VectorStore
from code_rag.rag_server.progress import IndexReport
from tests.unit.rag_server.fakes import DIMENSION, FakeEmbedder, FlakyStore, vector_of

DEADLINE_SECONDS = 60
EVERYTHING = 10_000


class Bench:
    """A codebase, a store, an embedder and the indexer between them."""

    def __init__(self, root: Path, store: VectorStore) -> None:
        self.root = root
        self.store = FlakyStore(store)
        self.embedder = FakeEmbedder()
        self.indexer = Indexer(Codebase(root), self.stores(), self.embedder, first_retry_seconds=0.01)

    def stores(self) -> VectorStore:
        """The store, as what it stands for."""
        return cast(VectorStore, self.store)

    def write(self, path: str, text: str) -> None:
        """Put a file into the codebase."""
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    async def index(self, path: str = "") -> IndexReport:
        """Run to the end."""
        self.indexer.start(path)
        return await self.finished()

    async def finished(self) -> IndexReport:
        """The report once the run is over."""
        return await self.until(lambda report: report.finished_at is not None)

    async def until(self, condition: Callable[[IndexReport], bool]) -> IndexReport:
        """The report once it meets a condition."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not condition(self.indexer.status()):  # noqa: ASYNC110 – nothing tells of a change
                await asyncio.sleep(0.002)
        return self.indexer.status()

    async def found(self, word: str) -> list[str]:
        """The paths that a word leads to."""
        found = await self.store.search(Query(None, encode_query(word)), EVERYTHING)
        return sorted(each.chunk.path for each in found.found)

    async def meant(self) -> set[str]:
        """The ids of all chunks with dense vectors."""
        nothing = SparseVector((), ())
        found = await self.store.search(Query(vector_of("x"), nothing), EVERYTHING)
        return {each.chunk.id for each in found.found}

    async def stored(self) -> dict[str, int]:
        """Chunks per file, all of them embedded and of one version."""
        files = await self.store.files()
        assert all(file.complete and not file.unembedded for file in files.values())
        return {path: file.chunks for path, file in files.items()}


@asynccontextmanager
async def bench_in(folder: Path) -> AsyncIterator[Bench]:
    """A bench with an empty codebase and an empty embedded store."""
    (folder / "code").mkdir()
    store = open_edge_store(folder / "index", DIMENSION)
    bench = Bench(folder / "code", store)
    yield bench
    await bench.indexer.close()
    await store.close()


def function(name: str, lines: int = 15) -> str:
    """A function of so many lines, some 30 characters each."""
    return (
        f"def {name}():\n"
        + "".join(f"    {name}_step_{line} = {line} + 1\n" for line in range(lines))
        + "\n\n"
    )
