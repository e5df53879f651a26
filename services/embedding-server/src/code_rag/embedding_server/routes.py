"""The HTTP side: vectors in our shape and in OpenAI's, and token counts."""

import asyncio
import re
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from code_rag.embedding_server import rendering
from code_rag.embedding_server.batching import Batcher
from code_rag.embedding_server.embeddings import Embeddings
from code_rag.embedding_server.opening import Opening
from code_rag.embedding_server.pinned_model import MINILM
from code_rag.embedding_server.wire import OpenAIAnswer, OpenAIRequest, TokenizedText, TokenizedTexts
from code_rag.servicekit.disconnect import unless_gone
from code_rag.servicekit.errors import InvalidInput, NotFound, Overloaded
from code_rag.servicekit.openapi import errors
from code_rag.servicekit.wire.chat import ModelList
from code_rag.servicekit.wire.embeddings import EmbeddedText, EmbeddedTexts, EmbedRequest, TokenizeRequest

_REFUSED = errors(NotFound, Overloaded)
_SURROGATE = re.compile("[\ud800-\udfff]")  # JSON can hold one half of a pair; no tokenizer can read it


def embeddings_router(opening: Opening) -> APIRouter:
    """Vectors in our shape, and token counts, by the batcher that `opening` opens."""
    router = APIRouter(tags=["embeddings"])

    @router.post("/embed", responses=_REFUSED, response_model=EmbeddedText | EmbeddedTexts)
    async def embed(body: EmbedRequest, request: Request) -> Response:
        """One vector for `text`, or one per item of `texts` in order.

        Texts that are too long for the model are truncated, and marked as such.
        """
        batcher = opening.batcher()
        _require_model(body.model, batcher.engine.model)
        embeddings = await unless_gone(request, _embed(batcher, _texts(body)))
        render = rendering.embedded_texts if body.text is None else rendering.embedded_text
        return _json(await asyncio.to_thread(render, embeddings, batcher.engine.model))

    @router.post("/tokenize", responses=errors(NotFound), response_model=TokenizedText | TokenizedTexts)
    async def tokenize(body: TokenizeRequest) -> TokenizedText | TokenizedTexts:
        """How many tokens whole texts have, and whether they would be truncated."""
        batcher = opening.batcher()
        _require_model(body.model, batcher.engine.model)
        return await _tokenized(batcher, body)

    return router


def openai_router(opening: Opening, model: str) -> APIRouter:
    """OpenAI's embeddings, and the list of the one `model`, which is known before it is loaded."""
    router = APIRouter(tags=["embeddings"])

    @router.post(
        "/v1/embeddings",
        response_model=OpenAIAnswer,
        responses=_REFUSED,
        openapi_extra=_only_dimension(model),
    )
    async def create_embeddings(body: OpenAIRequest, request: Request) -> Response:
        """OpenAI's embeddings, and the indices of the inputs that were truncated."""
        batcher = opening.batcher()
        engine = batcher.engine
        _require_model(body.model, engine.model)
        if body.dimensions not in (None, engine.dimension):
            raise InvalidInput(f"{engine.model} has {engine.dimension} dimensions only.", param="dimensions")
        embeddings = await unless_gone(request, _embed(batcher, body.input))
        render, encoding = rendering.openai_answer, body.encoding_format
        return _json(await asyncio.to_thread(render, embeddings, engine.model, encoding))

    @router.get("/v1/models", responses={200: {"model": ModelList}})
    async def list_models() -> dict[str, Any]:
        """The one model that is served."""
        served = {"id": model, "object": "model", "created": 0, "owned_by": "embedding-server"}
        return {"object": "list", "data": [served]}

    return router


def _only_dimension(model: str) -> dict[str, Any] | None:
    """What a request may ask for, where it is known before the model is loaded."""
    if model != MINILM.name:
        return None
    known = {"properties": {"dimensions": {"enum": [MINILM.dimension, None]}}}
    return {"requestBody": {"content": {"application/json": {"schema": known}}}}


async def _embed(batcher: Batcher, texts: Sequence[str]) -> Embeddings:
    for index, text in enumerate(texts):
        if not text.strip():
            raise InvalidInput(
                f"The text at index {index} is empty: send text with at least one visible character."
            )
    return await batcher.embed(_readable(texts))


async def _tokenized(batcher: Batcher, body: TokenizeRequest) -> TokenizedText | TokenizedTexts:
    texts = _readable(_texts(body))
    counts = await batcher.count(texts)
    truncated = [count > batcher.engine.max_tokens for count in counts]
    if body.text is None:
        return TokenizedTexts(counts=counts, truncated=truncated)
    (tokens,) = await batcher.tokenize(texts)
    return TokenizedText(count=counts[0], truncated=truncated[0], ids=list(tokens.ids))


def _readable(texts: Sequence[str]) -> Sequence[str]:
    for index, text in enumerate(texts):
        if _SURROGATE.search(text):
            raise InvalidInput(
                f"The text at index {index} holds half a character (a lone surrogate): send Unicode."
            )
    return texts


def _texts(body: TokenizeRequest) -> list[str]:
    return [body.text] if body.text is not None else body.texts or []


def _require_model(asked: str | None, served: str) -> None:
    names = {served, MINILM.short_name} if served == MINILM.name else {served}
    if asked is not None and asked not in names:
        raise NotFound(
            f"There is no model {asked!r} here, only {served}.", param="model", code="model_not_found"
        )


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")
