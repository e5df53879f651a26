"""Client of embedding-server's `/embed`."""

import asyncio
import math
import time
from collections.abc import Callable, Sequence

from pydantic import SecretStr

from code_rag.rag_server.adapters.upstream import Upstream
from code_rag.rag_server.model import EmbeddingModel, Vector
from code_rag.servicekit.errors import UpstreamFailed, UpstreamTimeout
from code_rag.servicekit.wire.embeddings import EmbeddedTexts, EmbedRequest

BATCH = 64
"""Texts per request: enough to fill the encoder, few enough for a slow CPU to answer in time."""
SEARCH_SECONDS = 1.0
"""How long a search waits for its vector before it goes on by words."""
REST_SECONDS = 5.0
"""How long searches do not ask a server that did not answer one in time."""
MODEL_SECONDS = 5.0
BACKGROUND_SECONDS = 120.0


class EmbeddingClient:
    """An Embedder over HTTP that accepts only vectors of `model`, the index's model; close it when done."""

    def __init__(
        self,
        url: str,
        api_key: SecretStr | None,
        model: EmbeddingModel,
        search_seconds: float = SEARCH_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._upstream = Upstream("embedding-server", url, api_key, BACKGROUND_SECONDS)
        self.model = model
        self._search_seconds = search_seconds
        self._clock = clock
        self._rests_until = float("-inf")

    async def embed(self, texts: Sequence[str], *, background: bool = False) -> list[Vector]:
        """One vector per text, in order; each 64 texts may take 1 s, or 2 min for background calls.

        After one that got no answer in time, searches fail at once for 5 s, so that they do not all wait.
        Raises InvalidInput for texts that the server rejects, else Overloaded, Unavailable, UpstreamTimeout
        or UpstreamFailed.
        """
        batches = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
        embed = self._embed_later if background else self._embed_now
        return [vector for batch in batches for vector in await embed(batch)]

    async def ping(self) -> str:
        """The name of the server's model; raises if it is unreachable, unhealthy or serves another model."""
        name = await self._upstream.ping()
        self._require_model(name)
        return name

    async def served(self) -> EmbeddingModel:
        """The server's model, read from its answer to a short text; raises as `embed` does."""
        answer = await self._ask(EmbedRequest(texts=["dimension"]), MODEL_SECONDS)
        return EmbeddingModel(answer.model, answer.dimension)

    async def close(self) -> None:
        """Close all connections."""
        await self._upstream.close()

    async def _embed_later(self, texts: Sequence[str]) -> list[list[float]]:
        vectors = await self._embed(texts, BACKGROUND_SECONDS)
        self._rests_until = float("-inf")
        return vectors

    async def _embed_now(self, texts: Sequence[str]) -> list[list[float]]:
        left = self._rests_until - self._clock()
        if left > 0:
            raise UpstreamTimeout(
                f"embedding-server did not answer in time; it is asked again in {math.ceil(left)} s."
            )
        try:
            return await self._embed(texts, self._search_seconds)
        except UpstreamTimeout:
            self._rests_until = self._clock() + REST_SECONDS
            raise

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
