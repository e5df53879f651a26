"""What every engine offers, and the steps that do not depend on the engine."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

BATCH_TOKENS = 512
"""Padded tokens per inference: enough to fill two cores, few enough that a short query soon has its turn."""
INFERENCE_TOKENS = 32
"""What an inference costs beside its tokens, in tokens; with more padding than that, two are cheaper."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """One text as the model reads it: its ids with start and end, and whether the rest was cut."""

    ids: Sequence[int]
    truncated: bool


@dataclass(frozen=True, slots=True)
class Encoded:
    """Vectors of length 1 with shape (texts, dimension), in the texts' order, and what was read of each."""

    vectors: Vectors
    tokens: list[int]
    truncated: list[bool]


class Encoder(Protocol):
    """One loaded model; `tokenize` and `count` may run in several threads at once, `embed` in one."""

    model: str
    dimension: int
    max_tokens: int

    def tokenize(self, text: str) -> Tokens:
        """The text's ids, cut to `max_tokens`."""
        ...

    def count(self, text: str) -> int:
        """How many tokens the whole text has, start and end included."""
        ...

    def embed(self, batch: Sequence[Tokens]) -> Vectors:
        """One vector of length 1 per row, by one inference over the padded batch."""
        ...


def encode(encoder: Encoder, texts: Sequence[str]) -> Encoded:
    """Embed all `texts` in this thread."""
    rows = [encoder.tokenize(text) for text in texts]
    vectors = np.empty((len(rows), encoder.dimension), np.float32)
    for batch in plan_batches([len(row.ids) for row in rows]):
        vectors[batch] = encoder.embed([rows[index] for index in batch])
    return Encoded(vectors, [len(row.ids) for row in rows], [row.truncated for row in rows])


def plan_batches(lengths: Sequence[int]) -> list[list[int]]:
    """Indices grouped by similar length, shortest first, as `worth_joining` says."""
    batches: list[list[int]] = []
    longest = 0
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        if not batches or not worth_joining(len(batches[-1]), longest, 1, lengths[index]):
            batches.append([])
        batches[-1].append(index)
        longest = lengths[index]
    return batches


def worth_joining(rows: int, longest: int, other_rows: int, other_longest: int) -> bool:
    """Whether one inference over two groups of rows stays within the budget and is cheaper than two."""
    both = max(longest, other_longest)
    padding = rows * (both - longest) + other_rows * (both - other_longest)
    return both * (rows + other_rows) <= BATCH_TOKENS and padding <= INFERENCE_TOKENS


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
