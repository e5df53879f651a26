"""The second half of an index run: adds the dense vectors that stored chunks are missing.

First the vectors of all headers, which takes a fraction of the time, then those of the whole texts. A text
that was embedded before, in whichever file, is not embedded again.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from code_rag.rag_server.chunking.header import header_text
from code_rag.rag_server.model import Chunk, DenseVector, Point, Vector, VectorKind
from code_rag.rag_server.pace import StepName
from code_rag.rag_server.ports import Embedder, VectorCache, VectorStore
from code_rag.rag_server.progress import Progress
from code_rag.rag_server.retrying import Retrying
from code_rag.rag_server.vectors import as_kept, vector_key
from code_rag.servicekit.errors import InvalidInput

GROUP_CHUNKS = 128
"""Chunks embedded at a time, more where one file has more."""
EMBED_WORKERS = 2
"""While one of them stores, the other keeps the embedder busy."""

STEPS: Mapping[VectorKind, StepName] = {"header": "headers", "whole": "whole chunks"}


async def with_known_vectors(points: Sequence[Point], cache: VectorCache) -> list[Point]:
    """The points, each with the best dense vector that can be made of vectors in the cache."""
    keys = [(vector_key(point.header), vector_key(point.chunk.text)) for point in points]
    known = await cache.get([key for pair in keys for key in pair])
    return [replace(point, dense=_known(known, *pair)) for point, pair in zip(points, keys, strict=True)]


def _known(known: Mapping[str, Vector], header_key: str, text_key: str) -> DenseVector | None:
    if text_key in known:
        return DenseVector("whole", known[text_key])
    return DenseVector("header", known[header_key]) if header_key in known else None


@dataclass(frozen=True, slots=True)
class Embedding:
    """Embeds what one run waits for, until it is done or `is_interrupted`."""

    store: VectorStore
    embedder: Embedder
    progress: Progress
    retrying: Retrying
    last: VectorKind
    """The kind of vector with which a chunk is done."""
    is_interrupted: Callable[[], bool]

    async def run(self) -> None:
        """Headers first; a small rest gets the vectors of its whole texts at once."""
        small = sum(self.progress.wholes.values()) <= GROUP_CHUNKS
        if self.last == "header" or not small:
            await self._step("header", self.progress.headers)
        if self.last == "whole":
            await self._step("whole", self.progress.wholes)

    async def _step(self, kind: VectorKind, waiting: Mapping[str, int]) -> None:
        groups = deque(_packed(waiting))
        if groups and not self.is_interrupted():
            self.progress.begin(STEPS[kind], sum(waiting.values()))
        async with asyncio.TaskGroup() as workers:
            for _ in range(EMBED_WORKERS):
                workers.create_task(self._embed_groups(kind, groups))

    async def _embed_groups(self, kind: VectorKind, groups: deque[list[str]]) -> None:
        while groups and not self.is_interrupted():
            await self.retrying(partial(self._embed_group, kind, groups.popleft(), groups))

    async def _embed_group(self, kind: VectorKind, paths: list[str], groups: deque[list[str]]) -> None:
        if self.is_interrupted():
            return  # the services may be down for hours, and a run requested in the meantime must not wait
        chunks = await self.store.stored_chunks(paths, missing=kind)
        try:
            vectors = await self._vectors(chunks, kind)
        except InvalidInput as error:
            self._rejected(paths, groups, error.message)
            return
        if chunks:
            await self.store.add_vectors(vectors, kind)
        self.progress.advance(len(chunks))
        for path in paths:
            self.progress.embedded(path, kind)

    async def _vectors(self, chunks: Sequence[Chunk], kind: VectorKind) -> dict[str, Vector]:
        """The vector of each chunk, by its id."""
        texts = {chunk.id: header_text(chunk) if kind == "header" else chunk.text for chunk in chunks}
        known = await self._by_text(texts.values())
        return {key: known[text] for key, text in texts.items()}

    async def _by_text(self, texts: Iterable[str]) -> dict[str, Vector]:
        """The vectors of texts; only those that are not in the cache are computed."""
        keys = {text: vector_key(text) for text in texts}
        cached = await self.store.cache.get(list(keys.values()))
        known = {text: cached[key] for text, key in keys.items() if key in cached}
        if missing := [text for text in keys if text not in known]:
            vectors = await self.embedder.embed(missing, background=True)
            computed = {text: as_kept(vector) for text, vector in zip(missing, vectors, strict=True)}
            await self.store.cache.put({keys[text]: vector for text, vector in computed.items()})
            self.progress.computed += len(computed)
            known |= computed
        return known

    def _rejected(self, paths: list[str], groups: deque[list[str]], reason: str) -> None:
        if len(paths) > 1:
            groups.extend([path] for path in paths)  # to find out which file was rejected
        else:
            self.progress.fail(paths[0], f"Keyword search only; embedding was rejected: {reason}")


def _packed(waiting: Mapping[str, int]) -> Iterator[list[str]]:
    """Whole files in groups of about `GROUP_CHUNKS` chunks."""
    group: list[str] = []
    size = 0
    for path, chunks in waiting.items():
        group.append(path)
        size += chunks
        if size >= GROUP_CHUNKS:
            yield group
            group, size = [], 0
    if group:
        yield group
