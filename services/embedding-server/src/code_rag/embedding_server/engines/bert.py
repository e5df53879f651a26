"""What our own engines share: they differ only in how they compute a batch."""

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from code_rag.embedding_server.engines.base import Prefixes, Tokens, Vectors
from code_rag.embedding_server.engines.pooling import mean_pool, pad
from code_rag.embedding_server.engines.wordpiece import WordPiece
from code_rag.embedding_server.pinned_model import MINILM
from code_rag.embedding_server.planning import INFERENCE_TOKENS


class Encoder(Protocol):
    """Computes the hidden states of a batch; it may run in several threads at once."""

    def __call__(self, ids: NDArray[np.int64], lengths: NDArray[np.int64]) -> Vectors:
        """From ids (rows, tokens), padded on the right, and lengths (rows) to (rows, tokens, hidden size)."""
        ...


class BertEngine(ABC):
    """The pinned model in the folder `location`: `threads` inferences of one thread each.

    Inferences side by side share the weights and, unlike the threads of one inference, never wait for each
    other: measured in docs/performance.md.
    """

    name: str
    why = ""
    batch_tokens = 512  # more gains nothing
    inference_tokens = INFERENCE_TOKENS
    space = MINILM.space  # it serves no other model
    prompts = Prefixes()

    def __init__(self, model: str, location: str, threads: int) -> None:
        folder = Path(location)
        self.model = model
        self.dimension: int = json.loads((folder / "config.json").read_text())["hidden_size"]
        self.max_tokens: int = json.loads((folder / "sentence_bert_config.json").read_text())[
            "max_seq_length"
        ]
        self.lanes = threads
        self._wordpiece = WordPiece(folder / "tokenizer.json", self.max_tokens)
        self._encode = self.encoder(folder, threads)

    @staticmethod
    @abstractmethod
    def encoder(folder: Path, threads: int) -> Encoder:
        """The checkpoint in `folder`, ready to be computed in up to `threads` threads."""

    def tokenize(self, text: str) -> Tokens:
        return self._wordpiece.tokenize(text)

    def count(self, text: str) -> int:
        return self._wordpiece.count(text)

    def decode(self, ids: Sequence[int]) -> str:
        return self._wordpiece.decode(ids)

    def forward(self, batch: Sequence[Tokens]) -> Vectors:
        ids, lengths = pad(batch)
        return mean_pool(self._encode(ids, lengths), lengths)
