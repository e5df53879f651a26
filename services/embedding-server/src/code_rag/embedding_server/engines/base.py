"""The interface of every engine."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from code_rag.servicekit.health import CheckResult
from code_rag.servicekit.wire.embeddings import InputType

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Prefixes:
    """What a model expects before a text, by what the text is."""

    query: str = ""
    document: str = ""

    def of(self, input_type: InputType) -> str:
        """The prefix for texts of this type."""
        return self.query if input_type == "query" else self.document


@dataclass(slots=True)
class Tokens:
    """One text as the model reads it: its ids with start and end, and whether it was truncated."""

    ids: Sequence[int]
    truncated: bool


class Engine(Protocol):
    """One loaded model; `tokenize` and `count` may run in several threads at once, `forward` in `lanes`.

    `name` is the engine's in EMBEDDING_ENGINE, `why` says why it was chosen and on what it computes.
    `batch_tokens` is how many padded tokens one inference takes: enough to keep a lane busy, few
    enough that a short query does not wait long; `inference_tokens` is its fixed cost, in tokens. `space`
    is a digest of what decides its vectors: weights, tokenizer and pooling; `prompts` are the prefixes
    of the settings, else those of the model's own files.
    """

    name: str
    why: str
    model: str
    dimension: int
    max_tokens: int
    lanes: int
    batch_tokens: int
    inference_tokens: int
    space: str
    prompts: Prefixes

    def tokenize(self, text: str) -> Tokens:
        """The text's ids, truncated to `max_tokens`."""
        ...

    def count(self, text: str) -> int:
        """How many tokens the whole text has, start and end included."""
        ...

    def forward(self, batch: Sequence[Tokens]) -> Vectors:
        """One vector of length 1 per row, by one inference over the padded batch."""
        ...


@runtime_checkable
class Tokenizing(Protocol):
    """An engine whose ids are the model's own, while another one's are only as many as it estimates."""

    def decode(self, ids: Sequence[int]) -> str:
        """The text that `tokenize` gives these ids for; raises ValueError, in a sentence, if none."""
        ...


@runtime_checkable
class Outside(Protocol):
    """An engine that needs another server."""

    async def check(self) -> CheckResult:
        """How that server is."""
        ...

    def close(self) -> None:
        """Close all connections to it."""
        ...
