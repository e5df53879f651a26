"""An embedder that gets no secrets: a question may hold some, what is indexed does not."""

from collections.abc import Sequence
from dataclasses import dataclass

from code_rag.rag_server.model import EmbeddingModel, Vector
from code_rag.rag_server.ports import Embedder
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
