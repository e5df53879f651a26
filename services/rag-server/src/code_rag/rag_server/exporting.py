"""The use case of handing the vectors of the index out, for a backup or for another server's index.

The vectors are what takes long to make: everything else of an index is read from the codebase within seconds,
and checked against it. They are handed out by the keys of their texts, so the texts themselves stay here.
"""

from collections.abc import AsyncGenerator, Iterator, Mapping
from dataclasses import dataclass

from code_rag.rag_server.chunking.header import header_text
from code_rag.rag_server.model import EmbeddingModel, StoredFile, Vector
from code_rag.rag_server.ports import VectorStore
from code_rag.rag_server.searching import Searcher
from code_rag.rag_server.vector_table import row_bytes
from code_rag.rag_server.vectors import vector_key
from code_rag.servicekit.errors import Unavailable

GROUP_CHUNKS = 500
"""Chunks that are read at a time, more where one file has more."""
PART_BYTES = 1_000_000
"""Size of a part: as JSON it fits in a request body, whatever the model's dimension."""


@dataclass(frozen=True, slots=True)
class Part:
    """Vectors of some files, which follow each other in the order of their paths."""

    after: str
    """The path after which an export that ends with this part goes on: all up to it is complete."""
    files: int
    chunks: int
    vectors: Mapping[str, Vector]


@dataclass(slots=True)
class Exporter:
    """Hands out the vectors of the index that `searcher` searches."""

    searcher: Searcher

    def export(self, path: str = "", after: str = "") -> tuple[EmbeddingModel, AsyncGenerator[Part, None]]:
        """The model, and the vectors of all files at or under `path` and after the path `after`.

        Reads as the index is at that moment; searches and index runs go on meanwhile. Raises Unavailable for
        an index of an earlier version until embedding-server has answered once; the parts the store's errors.
        """
        space = self.searcher.space
        model = space.embedder.model
        if not model.fingerprint:
            raise Unavailable(
                "Which model made the index is not known until embedding-server answers: start it, then "
                "export again."
            )
        size = max(1, PART_BYTES // row_bytes(model.dimension))
        return model, self._parts(space.store, size, path, after)

    async def _parts(
        self, store: VectorStore, size: int, path: str, after: str
    ) -> AsyncGenerator[Part, None]:
        files = await store.files(path)
        for paths in _groups({path: files[path] for path in sorted(files) if path > after}):
            chunks = await store.stored_chunks(paths)
            texts = {text for chunk in chunks for text in (header_text(chunk), chunk.text)}
            vectors = await store.cache.get(sorted(map(vector_key, texts)))
            *others, last = _slices(vectors, size)
            for each in others:
                yield Part(after, 0, 0, each)
            after = paths[-1]
            yield Part(after, len(paths), len(chunks), last)


def _slices(vectors: Mapping[str, Vector], size: int) -> list[dict[str, Vector]]:
    """The vectors in parts of at most `size`; one part at least."""
    rows = list(vectors.items())
    return [dict(rows[start : start + size]) for start in range(0, len(rows), size)] or [{}]


def _groups(files: Mapping[str, StoredFile]) -> Iterator[list[str]]:
    group: list[str] = []
    size = 0
    for path, file in files.items():
        group.append(path)
        size += file.chunks
        if size >= GROUP_CHUNKS:
            yield group
            group, size = [], 0
    if group:
        yield group
