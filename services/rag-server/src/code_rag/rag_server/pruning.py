"""Deletes vectors that no stored chunk uses any more."""

from collections.abc import Iterator, Sequence

from code_rag.rag_server.chunking.header import header_text
from code_rag.rag_server.ports import VectorStore
from code_rag.rag_server.vectors import vector_key

SPARE_VECTORS = 100_000
"""Unused vectors that are kept beside as many as the chunks have: other branches, files just deleted."""
FILES_PER_PAGE = 200


async def prune(store: VectorStore) -> int:
    """Delete every vector of the cache that is not that of a stored chunk; how many they were.

    The whole store is read, since other codebases may share it.
    """
    keep: set[str] = set()
    for paths in _pages(list(await store.files())):
        for chunk in await store.stored_chunks(paths):
            keep |= {vector_key(chunk.text), vector_key(header_text(chunk))}
    return await store.cache.prune(keep)


async def prune_if_large(store: VectorStore, spare: int = SPARE_VECTORS) -> int:
    """Do so if there are far more vectors than the chunks can use."""
    in_use = 2 * await store.count()
    return await prune(store) if await store.cache.count() > 2 * in_use + spare else 0


def _pages(paths: Sequence[str]) -> Iterator[Sequence[str]]:
    return (paths[start : start + FILES_PER_PAGE] for start in range(0, len(paths), FILES_PER_PAGE))
