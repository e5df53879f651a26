"""Client of embedding-server: which model it serves, and vectors of the model that is asked for."""

import asyncio
import math
import time
from collections.abc import Callable, Sequence

import httpx2
from pydantic import SecretStr

from code_rag.rag_server.adapters.upstream import Upstream
from code_rag.rag_server.model import EmbeddingModel, Vector
from code_rag.rag_server.ports import ModelChanged
from code_rag.servicekit.errors import Unavailable, UpstreamFailed, UpstreamTimeout
from code_rag.servicekit.wire.embeddings import (
    FINGERPRINT_HEADER,
    EmbeddedTexts,
    EmbeddingModelList,
    EmbedRequest,
    InputType,
)

BATCH = 64
"""Texts per request: enough to fill the encoder, few enough for a slow CPU to answer in time."""
SEARCH_SECONDS = 1.0
"""How long a search waits for its vector before it goes on by words."""
REST_SECONDS = 5.0
"""How long searches do not ask a server that did not answer one in time."""
MODEL_SECONDS = 5.0
BACKGROUND_SECONDS = 120.0


class EmbeddingClient:
    """The EmbeddingServer behind a URL; close it when done."""

    def __init__(
        self,
        url: str,
        api_key: SecretStr | None,
        search_seconds: float = SEARCH_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.upstream = Upstream("embedding-server", url, api_key, BACKGROUND_SECONDS)
        self.changed = asyncio.Event()
        self._search_seconds = search_seconds
        self._clock = clock
        self._rests_until = float("-inf")

    async def served(self) -> EmbeddingModel:
        """The server's model; raises Unavailable while it is loading, else as an embedder does."""
        upstream = self.upstream
        with upstream.errors():
            async with asyncio.timeout(MODEL_SECONDS):
                response = await upstream.http.get("/v1/models")
            upstream.require_ok(response)
            listed = EmbeddingModelList.model_validate_json(response.content).data
        if not listed or not listed[0].dimension or not listed[0].fingerprint:
            raise Unavailable("embedding-server has not loaded its model yet.", retry_after=1)
        entry = listed[0]
        return EmbeddingModel(entry.id, entry.dimension or 0, entry.max_tokens or 0, entry.fingerprint or "")

    def embedder(self, model: EmbeddingModel) -> "ModelEmbedder":
        """An embedder that gives vectors of this model or none, over the same connections."""
        return ModelEmbedder(self, model)

    async def ask(self, request: EmbedRequest, fingerprint: str) -> httpx2.Response:
        """The answer to a request for this model; documents may take 2 min, queries 1 s.

        After a query that got no answer in time, queries fail at once for 5 s, so that they do not all wait.
        """
        if request.input_type == "document":
            response = await self._post(request, fingerprint, BACKGROUND_SECONDS)
            self._rests_until = float("-inf")
            return response
        left = self._rests_until - self._clock()
        if left > 0:
            raise UpstreamTimeout(
                f"embedding-server did not answer in time; it is asked again in {math.ceil(left)} s."
            )
        try:
            return await self._post(request, fingerprint, self._search_seconds)
        except UpstreamTimeout:
            self._rests_until = self._clock() + REST_SECONDS
            raise

    async def close(self) -> None:
        """Close all connections."""
        await self.upstream.close()

    async def _post(self, request: EmbedRequest, fingerprint: str, seconds: float) -> httpx2.Response:
        body = request.model_dump(exclude_none=True)
        with self.upstream.errors():
            async with asyncio.timeout(seconds):
                return await self.upstream.http.post(
                    "/embed", json=body, headers={FINGERPRINT_HEADER: fingerprint}
                )


class ModelEmbedder:
    """An Embedder that accepts only answers that name the fingerprint of its model."""

    def __init__(self, client: EmbeddingClient, model: EmbeddingModel) -> None:
        self._client = client
        self.model = model

    async def embed(self, texts: Sequence[str], *, background: bool = False) -> list[Vector]:
        """One vector per text, in order, 64 in a request; in the background documents, else queries.

        Raises InvalidInput for texts that the server rejects, ModelChanged where it serves another model,
        else Overloaded, Unavailable, UpstreamTimeout or UpstreamFailed.
        """
        if not self.model.fingerprint:
            await self._client.served()  # which raises what keeps the model from being known
            raise self._changed("has just said which model it serves")
        kind: InputType = "document" if background else "query"
        batches = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
        return [vector for batch in batches for vector in await self._embed(batch, kind)]

    async def ping(self) -> str:
        """The name of the server's model; raises if the server is unreachable or unhealthy."""
        return await self._client.upstream.ping()

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()

    async def _embed(self, texts: Sequence[str], kind: InputType) -> list[list[float]]:
        upstream, wanted = self._client.upstream, self.model.fingerprint
        response = await self._client.ask(EmbedRequest(texts=list(texts), input_type=kind), wanted)
        named = response.headers.get(FINGERPRINT_HEADER, "")
        if response.status_code == httpx2.codes.CONFLICT or (response.is_success and named != wanted):
            raise self._changed("serves another model now")
        upstream.require_ok(response)
        with upstream.errors():
            vectors = EmbeddedTexts.model_validate_json(response.content).embeddings
        self._check(vectors, len(texts))
        return vectors

    def _check(self, vectors: list[list[float]], expected: int) -> None:
        if len(vectors) != expected:
            raise UpstreamFailed(f"embedding-server sent {len(vectors)} vectors for {expected} texts.")
        # A sum is finite only if every number in it is.
        dimension = self.model.dimension
        if any(len(vector) != dimension or not math.isfinite(sum(vector)) for vector in vectors):
            raise UpstreamFailed(f"embedding-server sent a vector that is not {dimension} finite numbers.")

    def _changed(self, what: str) -> ModelChanged:
        self._client.changed.set()
        return ModelChanged(
            f"embedding-server {what}, and the index was made with {self.model.name}: the index of the model "
            "that it serves is looked for, or made.",
            code="embedding_model_changed",
        )
