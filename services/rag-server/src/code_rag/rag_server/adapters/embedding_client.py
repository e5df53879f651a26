"""The embedder behind embedding-server's `/embed`."""

import asyncio
import math
from collections.abc import Sequence

from pydantic import SecretStr

from code_rag.rag_server.adapters.upstream import Upstream
from code_rag.rag_server.model import Vector
from code_rag.servicekit.errors import UpstreamFailed
from code_rag.servicekit.wire.embeddings import EmbeddedTexts, EmbedRequest

MODEL = "sentence-transformers/all-MiniLM-L6-v2"
DIMENSION = 384

BATCH = 64
"""Texts per request: enough to fill the encoder, few enough for a slow CPU to answer within the time."""
SEARCH_SECONDS = 5.0
PATIENT_SECONDS = 120.0


class EmbeddingClient:
    """An Embedder over HTTP that takes vectors of one model and dimension alone; close it when done."""

    def __init__(
        self,
        url: str,
        api_key: SecretStr | None,
        model: str = MODEL,
        dimension: int = DIMENSION,
        search_seconds: float = SEARCH_SECONDS,
    ) -> None:
        self._upstream = Upstream("embedding-server", url, api_key, PATIENT_SECONDS)
        self._model = model
        self._dimension = dimension
        self._search_seconds = search_seconds

    async def embed(self, texts: Sequence[str], *, patient: bool = False) -> list[Vector]:
        """One vector per text, in order; a request of up to 64 texts may take 5 s, or 2 min for the patient.

        Raises InvalidInput for texts that the server refuses, else Overloaded, Unavailable, UpstreamTimeout
        or UpstreamFailed.
        """
        seconds = PATIENT_SECONDS if patient else self._search_seconds
        batches = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
        return [vector for batch in batches for vector in await self._embed(batch, seconds)]

    async def ping(self) -> str:
        """The name of the server's model; raises as `embed` does where the server is away or unwell."""
        return await self._upstream.ping()

    async def close(self) -> None:
        """Close all connections."""
        await self._upstream.close()

    async def _embed(self, texts: Sequence[str], seconds: float) -> list[list[float]]:
        request = EmbedRequest(texts=list(texts), model=self._model).model_dump(exclude_none=True)
        with self._upstream.errors():
            async with asyncio.timeout(seconds):
                response = await self._upstream.http.post("/embed", json=request)
            self._upstream.require_ok(response)
            answer = EmbeddedTexts.model_validate_json(response.content)
        self._check(answer, len(texts))
        return answer.embeddings

    def _check(self, answer: EmbeddedTexts, expected: int) -> None:
        if answer.model != self._model:
            raise UpstreamFailed(
                f"embedding-server serves {answer.model}, the index is made of {self._model}."
            )
        vectors = answer.embeddings
        if len(vectors) != expected:
            raise UpstreamFailed(f"embedding-server sent {len(vectors)} vectors for {expected} texts.")
        # A sum is finite only if every number in it is.
        if any(len(vector) != self._dimension or not math.isfinite(sum(vector)) for vector in vectors):
            raise UpstreamFailed(f"embedding-server sent something that is no vector of {self._dimension}.")
