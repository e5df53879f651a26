"""Recognises an embedding model by its vectors, where no fingerprint of it was kept."""

from code_rag.rag_server.chunking.header import header_text
from code_rag.rag_server.model import Vector
from code_rag.rag_server.ports import Embedder, VectorStore
from code_rag.rag_server.vectors import as_kept

PROBE = "def area(width: float, height: float) -> float:\n    return width * height"
"""The text whose vector stands in exported files of earlier versions, so it stays as it is."""

SAME = 0.995
"""Cosine from which two vectors of a text are one model's: its engines differ by less than 0.001."""


async def gives(embedder: Embedder, text: str, vector: Vector) -> bool:
    """Whether the embedder's model gives the text this vector; raises the embedder's errors."""
    if len(vector) != embedder.model.dimension:
        return False
    [given] = await embedder.embed([text], background=True)
    # Written so that what is no number is not the same.
    return sum(one * other for one, other in zip(as_kept(given), vector, strict=True)) >= SAME


async def made(embedder: Embedder, store: VectorStore) -> bool:
    """Whether the embedder's model can have made the vectors in the store; true where there are none.

    Compares the vector of one chunk. Raises the embedder's and the store's errors.
    """
    for path in await store.counts("whole") or await store.counts("header"):
        chunks = {chunk.id: chunk for chunk in await store.stored_chunks([path])}
        for key, vector in (await store.vectors(list(chunks))).items():
            known, chunk = as_kept(vector), chunks[key]
            return await gives(embedder, chunk.text, known) or await gives(
                embedder, header_text(chunk), known
            )
    return True
