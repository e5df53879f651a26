"""What the service says of the model that it serves."""

import hashlib
import json
from dataclasses import dataclass

from code_rag.embedding_server.engines.base import Engine, Prefixes
from code_rag.embedding_server.settings import Settings
from code_rag.servicekit.wire.embeddings import EmbeddingModelEntry

FINGERPRINT_DIGITS = 16


@dataclass(frozen=True, slots=True)
class ServedModel:
    """The model's name, the prefixes it is served with, and the entry that lists it."""

    name: str
    prefixes: Prefixes
    entry: EmbeddingModelEntry
    fingerprint: str


def describe(engine: Engine, settings: Settings) -> ServedModel:
    """The model that `engine` serves; prefixes of the settings replace those that the model asks for."""
    prefixes = Prefixes(
        settings.embedding_query_prefix or engine.prompts.query,
        settings.embedding_document_prefix or engine.prompts.document,
    )
    fingerprint = _fingerprint(engine, prefixes)
    entry = EmbeddingModelEntry(
        id=engine.model,
        dimension=engine.dimension,
        max_tokens=engine.max_tokens,
        fingerprint=fingerprint,
        engine=engine.name,
    )
    return ServedModel(engine.model, prefixes, entry, fingerprint)


def _fingerprint(engine: Engine, prefixes: Prefixes) -> str:
    """A digest of all that decides a vector; every engine scales its vectors to length 1."""
    decides = [engine.space, engine.max_tokens, prefixes.query, prefixes.document, "length 1"]
    return hashlib.sha256(json.dumps(decides).encode()).hexdigest()[:FINGERPRINT_DIGITS]
