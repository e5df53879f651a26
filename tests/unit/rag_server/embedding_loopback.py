"""An embedding-server on loopback that serves the models it is told to."""

import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from code_rag.rag_server.model import EmbeddingModel, Vector
from code_rag.servicekit.wire.embeddings import FINGERPRINT_HEADER, EmbeddedTexts, EmbeddingModelEntry
from tests.unit.rag_server.loopback_http import Loopback, http, serving

HEALTHY = {"status": "ok", "service": "embedding-server", "version": "1", "checks": {}}


def a_model(name: str, dimension: int, revision: str = "") -> EmbeddingModel:
    """A model whose fingerprint is that of its name and revision."""
    digest = hashlib.sha256(f"{name}{revision}".encode()).hexdigest()
    return EmbeddingModel(name, dimension, 256, digest[:16])


def vector_by(model: EmbeddingModel, text: str) -> Vector:
    """The vector that a model gives a text; those of two models have nothing in common."""
    digest = hashlib.shake_256(f"{model.fingerprint}{text}".encode()).digest(model.dimension)
    return [byte / 255 - 0.5 for byte in digest]


@dataclass
class EmbeddingLoopback:
    """Answers as embedding-server does with `model`."""

    model: EmbeddingModel
    loading: int = 0
    """How many answers say that the model is loading."""
    beside: EmbeddingModel | None = None
    """A model that requests may ask for, too, as where two pods serve two models."""
    full: bool = False
    """Whether it takes no documents."""
    embedded: list[tuple[EmbeddingModel, str]] = field(default_factory=list)
    """Which model embedded which text."""
    at: Loopback = field(default_factory=Loopback)

    def answer(self, path: str, body: bytes) -> bytes:
        """The bytes of the answer."""
        if self.loading:
            self.loading -= 1
            return _error(503, "The model is loading.")
        if path == "/health":
            return http(200, json.dumps(HEALTHY))
        if path == "/v1/models":
            return http(200, json.dumps({"data": [entry(self.model)]}))
        return self._embed(json.loads(body))

    def _embed(self, request: dict[str, Any]) -> bytes:
        if self.full and request["input_type"] == "document":
            return _error(503, "The queue is full.")
        head = self.at.heads[-1]
        for model in (self.model, self.beside):
            if model and f"{FINGERPRINT_HEADER}: {model.fingerprint}" in head:
                return self._vectors(request["texts"], model)
        return _error(409, f"The embedding model is another one now: {self.model.name}.")

    def _vectors(self, texts: list[str], model: EmbeddingModel) -> bytes:
        self.embedded += [(model, text) for text in texts]
        answer = EmbeddedTexts(
            embeddings=[list(vector_by(model, text)) for text in texts],
            dimension=model.dimension,
            model=model.name,
            tokens=[1] * len(texts),
            truncated=[False] * len(texts),
        )
        return http(200, answer.model_dump_json(), f"{FINGERPRINT_HEADER}: {model.fingerprint}")


@asynccontextmanager
async def embedding_server(model: EmbeddingModel, loading: int = 0) -> AsyncIterator[EmbeddingLoopback]:
    """The server, for as long as the context lasts."""
    server = EmbeddingLoopback(model, loading)
    async with serving(server.answer) as server.at:
        yield server


def entry(model: EmbeddingModel) -> dict[str, object]:
    """The model as `/v1/models` lists it."""
    known = {"dimension": model.dimension, "max_tokens": model.max_tokens, "fingerprint": model.fingerprint}
    return EmbeddingModelEntry(id=model.name, engine="fake").model_dump() | known


def _error(status: int, message: str) -> bytes:
    return http(status, json.dumps({"error": {"message": message, "type": "t", "param": None, "code": "c"}}))
