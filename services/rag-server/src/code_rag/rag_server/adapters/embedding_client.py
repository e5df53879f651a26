"""Client of embedding-server's `/embed`."""

import asyncio
import math
from collections.abc import Sequence

from pydantic import SecretStr

from code_rag.rag_server.adapters.upstream import Upstream
from code_rag.rag_server.model import EmbeddingModel, Vector
from code_rag.servicekit.errors import UpstreamFailed
from code_rag.servicekit.wire.embeddings import EmbeddedTexts, EmbedRequest

BATCH = 64
"""Texts per request: enough to fill the encoder, few enough for a slow CPU to answer in time."""
SEARCH_SECONDS = 5.0
BACKGROUND_SECONDS = 120.0


class EmbeddingClient:
    """An Embedder over HTTP that accepts only vectors of `model`, the index's model; close it when done."""

    def __init__(
        self,
        url: str,
        api_key: SecretStr | None,
        model: EmbeddingModel,
        search_seconds: float = SEARCH_SECONDS,
    ) -> None:
        self._upstream = Upstream("embedding-server", url, api_key, BACKGROUND_SECONDS)
        self.model = model
        self._search_seconds = search_seconds

    async def embed(self, texts: Sequence[str], *, background: bool = False) -> list[Vector]:
        """One vector per text, in order; each 64 texts may take 5 s, or 2 min for background calls.

        Raises InvalidInput for texts that the server rejects, else Overloaded, Unavailable, UpstreamTimeout
        or UpstreamFailed.
        """
        seconds = BACKGROUND_SECONDS if background else self._search_seconds
        batches = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
        return [vector for batch in batches for vector in await self._embed(batch, seconds)]

    async def ping(self) -> str:
        """The name of the server's model; raises if it is unreachable, unhealthy or serves another model."""
        name = await self._upstream.ping()
        self._require_model(name)
        return name

    async def served(self) -> EmbeddingModel:
        """The server's model, read from its answer to a short text; raises as `embed` does."""
        answer = await self._ask(EmbedRequest(texts=["dimension"]), self._search_seconds)
        return EmbeddingModel(answer.model, answer.dimension)

    async def close(self) -> None:
        """Close all connections."""
        await self._upstream.close()

    async def _embed(self, texts: Sequence[str], seconds: float) -> list[list[float]]:
        answer = await self._ask(EmbedRequest(texts=list(texts), model=self.model.name), seconds)
        self._check(answer, len(texts))
        return answer.embeddings

    async def _ask(self, request: EmbedRequest, seconds: float) -> EmbeddedTexts:
        with self._upstream.errors():
            async with asyncio.timeout(seconds):
                response = await self._upstream.http.post(
                    "/embed", json=request.model_dump(exclude_none=True)
                )
            self._upstream.require_ok(response)
            return EmbeddedTexts.model_validate_json(response.content)

    def _check(self, answer: EmbeddedTexts, expected: int) -> None:
        self._require_model(answer.model)
        vectors = answer.embeddings
        if len(vectors) != expected:
            raise UpstreamFailed(f"embedding-server sent {len(vectors)} vectors for {expected} texts.")
        # A sum is finite only if every number in it is.
        dimension = self.model.dimension
        if any(len(vector) != dimension or not math.isfinite(sum(vector)) for vector in vectors):
            raise UpstreamFailed(f"embedding-server sent a vector that is not {dimension} finite numbers.")

    def _require_model(self, served: str) -> None:
        if served != self.model.name:
            raise UpstreamFailed(
                f"embedding-server serves {served}, but the index was built with {self.model.name}: "
                f"restart rag-server to index with {served}."
            )
