"""An embedder that gets no secrets: a question may hold some, what is indexed does not."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from code_rag.rag_server.model import EmbeddingModel, Vector
from code_rag.rag_server.ports import Embedder, EmbeddingServer
from code_rag.rag_server.redaction import redact


@dataclass(frozen=True, slots=True)
class RedactedEmbedder:
    """Passes everything on to `embedder`, questions without their secrets."""

    embedder: Embedder

    @property
    def model(self) -> EmbeddingModel:
        """The model whose vectors it gives."""
        return self.embedder.model

    async def embed(self, texts: Sequence[str], *, background: bool = False) -> list[Vector]:
        """One vector per text, in order; in the background come chunks, which were redacted when read."""
        wanted = texts if background else [redact(text).text for text in texts]
        return await self.embedder.embed(wanted, background=background)

    async def ping(self) -> str:
        """Return when the service is healthy, with the name of its model."""
        return await self.embedder.ping()

    async def close(self) -> None:
        """Close all connections."""
        await self.embedder.close()


@dataclass(frozen=True, slots=True)
class RedactedEmbeddingServer:
    """An embedding server whose embedders are such."""

    server: EmbeddingServer

    @property
    def changed(self) -> asyncio.Event:
        """Set once an answer came from another model than was asked for."""
        return self.server.changed

    async def served(self) -> EmbeddingModel:
        """The model that is served."""
        return await self.server.served()

    def embedder(self, model: EmbeddingModel) -> Embedder:
        """An embedder that gives vectors of this model or none."""
        return RedactedEmbedder(self.server.embedder(model))
