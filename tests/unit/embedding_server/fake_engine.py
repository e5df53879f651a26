"""An engine without a model: a text's vector follows from its bytes; it can be held up or made to fail."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from code_rag.embedding_server.engines.base import Prefixes, Tokens, Vectors

GATE_SECONDS = 30.0
POISON = "poison"


class CannotEmbed(Exception):
    """What the fake raises for a text that holds POISON."""


@dataclass
class FakeEngine:
    """One token per byte; `batches` has the lengths of each inference's rows, `gate` holds inferences up."""

    name: str = "fake"
    why: str = "a test asked for it"
    model: str = "sentence-transformers/all-MiniLM-L6-v2"
    dimension: int = 8
    max_tokens: int = 256
    lanes: int = 1
    batch_tokens: int = 512
    inference_tokens: int = 32
    space: str = "fake"
    prompts: Prefixes = field(default_factory=Prefixes)
    gate: threading.Event = field(default_factory=threading.Event)
    started: threading.Event = field(default_factory=threading.Event)
    batches: list[list[int]] = field(default_factory=list)
    tokenized: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.gate.set()

    def tokenize(self, text: str) -> Tokens:
        self.tokenized.append(text)
        ids = list(text.encode())
        return Tokens(ids[: self.max_tokens], len(ids) > self.max_tokens)

    def count(self, text: str) -> int:
        return len(text.encode())

    def decode(self, ids: Sequence[int]) -> str:
        if unknown := [id for id in ids if id > 255]:
            raise ValueError(f"{unknown[0]} is no token id of this model: send text")
        return bytes(ids).decode()

    def forward(self, batch: Sequence[Tokens]) -> Vectors:
        self.batches.append([len(row.ids) for row in batch])
        self.started.set()
        assert self.gate.wait(GATE_SECONDS), "the gate stayed shut"
        if any(POISON in bytes(row.ids).decode(errors="replace") for row in batch):
            raise CannotEmbed("this batch cannot be embedded")
        return np.stack([vector_of(row.ids) for row in batch])


def vector_of(ids: Sequence[int]) -> Vectors:
    """The fake's vector of length 1 for some ids."""
    raw = np.cos(np.arange(1, 9) * (1 + sum(ids)), dtype=np.float32)
    vector: Vectors = raw / np.linalg.norm(raw)
    return vector
