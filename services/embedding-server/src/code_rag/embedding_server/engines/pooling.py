"""From rows of different lengths to one padded batch, and from token vectors to one vector a row."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from code_rag.embedding_server.engines.base import Tokens, Vectors


def pad(batch: Sequence[Tokens]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Ids with shape (rows, longest), filled up with 0 on the right, and the rows' lengths."""
    lengths = np.array([len(row.ids) for row in batch], np.int64)
    ids = np.zeros((len(batch), lengths.max()), np.int64)
    for padded, row in zip(ids, batch, strict=True):
        padded[: len(row.ids)] = row.ids
    return ids, lengths


def mean_pool(hidden: Vectors, lengths: NDArray[np.int64]) -> Vectors:
    """The mean of each row's real tokens, scaled to length 1; `hidden` is (rows, tokens, dimension).

    Outside the engines, so that it is done in float32 whatever precision an engine computes in.
    """
    mask = (np.arange(hidden.shape[1]) < lengths[:, None]).astype(np.float32)
    sums = np.matmul(mask[:, None, :], hidden)[:, 0]
    vectors: Vectors = sums / np.linalg.norm(sums, axis=1, keepdims=True)
    return vectors
