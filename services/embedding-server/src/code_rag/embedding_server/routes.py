"""The HTTP side: vectors in our shape and in OpenAI's, and token counts."""

import asyncio
import re
from collections.abc import Sequence
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from code_rag.embedding_server import rendering
from code_rag.embedding_server.batching import Batcher
from code_rag.embedding_server.encoders.base import Encoded
from code_rag.embedding_server.pinned_model import MINILM
from code_rag.embedding_server.wire import OpenAIAnswer, OpenAIRequest, TokenizedText, TokenizedTexts
from code_rag.servicekit.disconnect import unless_gone
from code_rag.servicekit.errors import InvalidInput, NotFound
from code_rag.servicekit.wire.embeddings import EmbeddedText, EmbeddedTexts, EmbedRequest

router = APIRouter(tags=["embeddings"])

_SURROGATE = re.compile("[\ud800-\udfff]")  # JSON can spell one half of a pair; no tokenizer can read it


def batcher_of(request: Request) -> Batcher:
    """The open batcher; raises Unavailable before it is ready."""
    request.app.state.health.require_ready()
    return cast(Batcher, request.app.state.batcher)


Open = Annotated[Batcher, Depends(batcher_of)]


@router.post("/embed", response_model=EmbeddedText | EmbeddedTexts)
async def embed(body: EmbedRequest, request: Request, batcher: Open) -> Response:
    """One vector for `text`, or one per item of `texts`, in order; longer texts are cut and marked."""
    _require_model(body.model, batcher.encoder.model)
    encoded = await unless_gone(request, _encode(batcher, _texts(body)))
    render = rendering.embedded_texts if body.text is None else rendering.embedded_text
    return _json(await asyncio.to_thread(render, encoded, batcher.encoder.model))


@router.post("/v1/embeddings", response_model=OpenAIAnswer)
async def create_embeddings(body: OpenAIRequest, request: Request, batcher: Open) -> Response:
    """OpenAI's embeddings; `truncated` lists the inputs that were cut."""
    encoder = batcher.encoder
    _require_model(body.model, encoder.model)
    if body.dimensions not in (None, encoder.dimension):
        raise InvalidInput(f"{encoder.model} has {encoder.dimension} dimensions only.", param="dimensions")
    encoded = await unless_gone(request, _encode(batcher, body.input))
    return _json(
        await asyncio.to_thread(rendering.openai_answer, encoded, encoder.model, body.encoding_format)
    )


@router.post("/tokenize", response_model=TokenizedText | TokenizedTexts)
async def tokenize(body: EmbedRequest, batcher: Open) -> TokenizedText | TokenizedTexts:
    """How many tokens whole texts have, and whether they would be cut."""
    _require_model(body.model, batcher.encoder.model)
    texts = _readable(_texts(body))
    counts = await batcher.count(texts)
    truncated = [count > batcher.encoder.max_tokens for count in counts]
    if body.text is None:
        return TokenizedTexts(counts=counts, truncated=truncated)
    (tokens,) = await batcher.tokenize(texts)
    return TokenizedText(count=counts[0], truncated=truncated[0], ids=list(tokens.ids))


@router.get("/v1/models")
async def list_models(request: Request) -> dict[str, Any]:
    """The one model that is served."""
    model = {"id": request.app.state.model, "object": "model", "created": 0, "owned_by": "embedding-server"}
    return {"object": "list", "data": [model]}


async def _encode(batcher: Batcher, texts: Sequence[str]) -> Encoded:
    for index, text in enumerate(texts):
        if not text.strip():
            raise InvalidInput(f"The text at index {index} is empty: a vector needs something to read.")
    return await batcher.encode(_readable(texts))


def _readable(texts: Sequence[str]) -> Sequence[str]:
    for index, text in enumerate(texts):
        if _SURROGATE.search(text):
            raise InvalidInput(f"The text at index {index} holds half a character, a lone surrogate.")
    return texts


def _texts(body: EmbedRequest) -> list[str]:
    return [body.text] if body.text is not None else body.texts or []


def _require_model(asked: str | None, served: str) -> None:
    names = {served, MINILM.short_name} if served == MINILM.name else {served}
    if asked is not None and asked not in names:
        raise NotFound(
            f"There is no model {asked!r} here, only {served}.", param="model", code="model_not_found"
        )


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")
