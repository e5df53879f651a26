"""The result of embedding texts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from code_rag.embedding_server.engines.base import Engine, Tokens, Vectors
from code_rag.embedding_server.planning import plan_batches


@dataclass(frozen=True, slots=True)
class Embedded:
    """One text's vector of length 1, with shape (dimension,), how many tokens were read, and if not all."""

    vector: Vectors
    tokens: int
    truncated: bool


@dataclass(frozen=True, slots=True)
class Embeddings:
    """Vectors of length 1 with shape (texts, dimension), in the texts' order, and what was read of each."""

    vectors: Vectors
    tokens: list[int]
    truncated: list[bool]


def stacked(texts: Sequence[Embedded]) -> Embeddings:
    """The texts together, in this order."""
    return Embeddings(
        np.stack([text.vector for text in texts]),
        [text.tokens for text in texts],
        [text.truncated for text in texts],
    )


def _plan(engine: Engine, rows: Sequence[Tokens]) -> list[list[int]]:
    return plan_batches([len(row.ids) for row in rows], engine.batch_tokens, engine.inference_tokens)


def embed_texts(engine: Engine, texts: Sequence[str]) -> Embeddings:
    """Embed all `texts` in this thread, without a queue."""
    rows = [engine.tokenize(text) for text in texts]
    vectors = np.empty((len(rows), engine.dimension), np.float32)
    for batch in _plan(engine, rows):
        vectors[batch] = engine.forward([rows[index] for index in batch])
    return Embeddings(vectors, [len(row.ids) for row in rows], [row.truncated for row in rows])
