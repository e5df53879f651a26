"""What the service says of the model that it serves."""

import hashlib
import json
from dataclasses import dataclass

from code_rag.embedding_server.engines.base import Engine, Prefixes
from code_rag.servicekit.wire.embeddings import EmbeddingModelEntry

FINGERPRINT_DIGITS = 16


@dataclass(frozen=True, slots=True)
class ServedModel:
    """The model's name, the prefixes it is served with, and the entry that lists it."""

    name: str
    prefixes: Prefixes
    entry: EmbeddingModelEntry
    fingerprint: str


def describe(engine: Engine) -> ServedModel:
    """The model that the engine serves."""
    fingerprint = _fingerprint(engine)
    entry = EmbeddingModelEntry(
        id=engine.model,
        dimension=engine.dimension,
        max_tokens=engine.max_tokens,
        fingerprint=fingerprint,
        engine=engine.name,
    )
    return ServedModel(engine.model, engine.prompts, entry, fingerprint)


def _fingerprint(engine: Engine) -> str:
    """A digest of all that decides a vector; every engine scales its vectors to length 1."""
    decides = [engine.space, engine.max_tokens, engine.prompts.query, engine.prompts.document, "length 1"]
    return hashlib.sha256(json.dumps(decides).encode()).hexdigest()[:FINGERPRINT_DIGITS]
