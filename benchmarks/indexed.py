"""Indexes a corpus with the product's own pipeline, over an embedding-server that is started for it."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from benchmarks.corpora import Corpus
from code_rag.localstack.ports import HOST, free_ports
from code_rag.localstack.processes import LocalStack
from code_rag.rag_server.adapters.embedding_client import EmbeddingClient
from code_rag.rag_server.adapters.qdrant_edge import EdgeStore, open_edge_store
from code_rag.rag_server.codebase import Codebase
from code_rag.rag_server.indexing import Indexer
from code_rag.rag_server.ports import Embedder


@contextmanager
def embedding_server() -> Iterator[str]:
    """The URL of an embedding-server."""
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder) / "codebase"
        empty.mkdir()
        ports = free_ports()
        stack = LocalStack(empty, Path(folder) / "index", Path(folder) / "logs", ports, {"VECTOR_DB_URL": ""})
        with stack:
            stack.wait_ready(120)
            yield f"http://{HOST}:{ports.embedding}"


async def embedder_at(url: str) -> Embedder:
    """An embedder of the model that is served there."""
    client = EmbeddingClient(url, None)
    return client.embedder(await client.served())


@asynccontextmanager
async def indexed(corpus: Corpus, embedder: Embedder) -> AsyncIterator[EdgeStore]:
    """A store that holds the corpus."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_edge_store(Path(folder) / "index", embedder.model.dimension)
        indexer = Indexer(Codebase(corpus.root()), store, embedder)
        indexer.start()
        while indexer.status().finished_at is None:  # noqa: ASYNC110 – nothing signals the end
            await asyncio.sleep(0.1)
        report = indexer.status()
        print(f"{corpus.package}: {report.chunks} chunks in {report.seconds:.1f} s", flush=True)
        try:
            yield store
        finally:
            await store.close()
