"""A small codebase, indexed in an embedded store, for tests of what looks things up in it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from code_rag.rag_server.adapters.qdrant_edge import open_edge_store
from code_rag.rag_server.chunking import chunk_file
from code_rag.rag_server.codebase import Codebase
from code_rag.rag_server.lexical import encode_document
from code_rag.rag_server.model import Point, SourceFile
from code_rag.rag_server.ports import VectorStore
from code_rag.rag_server.searching import Searcher
from code_rag.rag_server.space import Space
from tests.unit.rag_server.answer_fakes import a_report
from tests.unit.rag_server.fakes import DIMENSION, FakeEmbedder, vector_of


def write(folder: Path, files: Mapping[str, str]) -> Codebase:
    """A codebase of these files."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return Codebase(folder)


async def index(codebase: Codebase, store: VectorStore, *, embedded: bool = True) -> None:
    """Store all chunks of the codebase, with a vector each."""
    for entry in codebase.walk():
        file = codebase.read(entry.path)
        assert isinstance(file, SourceFile)
        chunks = chunk_file(file).chunks
        await store.upsert([Point(chunk, encode_document(chunk)) for chunk in chunks])
        if embedded:
            await store.add_vectors({chunk.id: vector_of(chunk.text) for chunk in chunks}, "whole")


@asynccontextmanager
async def searcher_of(
    folder: Path, files: Mapping[str, str], *, embedded: bool = True
) -> AsyncIterator[tuple[Searcher, Codebase]]:
    """A searcher over the index of these files, and their codebase."""
    codebase = write(folder / "code", files)
    store = open_edge_store(folder / "index", DIMENSION)
    await index(codebase, store, embedded=embedded)
    searcher = Searcher(
        Space(store, FakeEmbedder()), lambda _: a_report(), lambda _: "shop", list[str]().append
    )
    try:
        yield searcher, codebase
    finally:
        await store.close()
