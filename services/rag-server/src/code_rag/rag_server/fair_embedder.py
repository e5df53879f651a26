"""The embedder as several indexers share it."""

import asyncio
from collections.abc import Sequence

from code_rag.rag_server.model import EmbeddingModel, Vector
from code_rag.rag_server.ports import Embedder

IN_FLIGHT = 2
"""Batches at the embedder at a time: while one is stored, the other keeps it busy."""


class FairEmbedder:
    """Sends the batches of all indexers in the order in which they were asked for, `IN_FLIGHT` at a time.

    Each indexer asks for one or two batches at a time, so that a small codebase waits for a batch of a
    large one and not for all of it.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._turns = asyncio.Semaphore(IN_FLIGHT)

    @property
    def model(self) -> EmbeddingModel:
        """The model whose vectors it gives."""
        return self._embedder.model

    async def embed(self, texts: Sequence[str], *, background: bool = False) -> list[Vector]:
        """One vector per text, in order, once it is this batch's turn."""
        async with self._turns:
            return await self._embedder.embed(texts, background=background)

    async def ping(self) -> str:
        """Return when the service is healthy, with the name of its model."""
        return await self._embedder.ping()

    async def close(self) -> None:
        """Close all connections."""
        await self._embedder.close()
