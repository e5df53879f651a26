"""The HTTP side: vectors in our shape and in OpenAI's, and token counts."""

import asyncio
import re
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request
from fastapi.responses import Response

from code_rag.embedding_server import rendering
from code_rag.embedding_server.batching import Batcher
from code_rag.embedding_server.embeddings import Embeddings
from code_rag.embedding_server.engines.base import Engine, Tokenizing
from code_rag.embedding_server.opening import Opening
from code_rag.embedding_server.pinned_model import MINILM
from code_rag.embedding_server.served_model import ServedModel
from code_rag.embedding_server.wire import OpenAIAnswer, OpenAIRequest, TokenizedText, TokenizedTexts
from code_rag.servicekit.disconnect import unless_gone
from code_rag.servicekit.errors import Conflict, InvalidInput, NotFound, Overloaded
from code_rag.servicekit.openapi import errors
from code_rag.servicekit.wire.embeddings import (
    EMBEDDING_MODEL_CHANGED,
    FINGERPRINT_HEADER,
    EmbeddedText,
    EmbeddedTexts,
    EmbeddingModelEntry,
    EmbeddingModelList,
    EmbedRequest,
    InputType,
    TokenizeRequest,
)

Fingerprint = Annotated[
    str | None,
    Header(
        alias=FINGERPRINT_HEADER, description="The model that has to answer; another one refuses with 409."
    ),
]
_NAMED: dict[int | str, dict[str, Any]] = {
    200: {
        "headers": {
            FINGERPRINT_HEADER: {
                "description": "The fingerprint of the model that answered, as `/v1/models` has it.",
                "required": True,
                "schema": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
            }
        }
    }
}
_COUNTED = _NAMED | errors(NotFound, Conflict)
_EMBEDDED = _COUNTED | errors(Overloaded)
_SURROGATE = re.compile("[\ud800-\udfff]")  # JSON can hold one half of a pair; no tokenizer can read it


def embeddings_router(opening: Opening) -> APIRouter:
    """Vectors in our shape, and token counts, by the batcher that `opening` opens."""
    router = APIRouter(tags=["embeddings"])

    @router.post("/embed", responses=_EMBEDDED, response_model=EmbeddedText | EmbeddedTexts)
    async def embed(body: EmbedRequest, request: Request, expected: Fingerprint = None) -> Response:
        """One vector for `text`, or one per item of `texts` in order.

        Texts that are too long for the model are truncated, and marked as such.
        """
        served, batcher = _admitted(opening, body.model, expected)
        embeddings = await unless_gone(request, _embed(batcher, served, _texts(body), body.input_type))
        render = rendering.embedded_texts if body.text is None else rendering.embedded_text
        return _json(await asyncio.to_thread(render, embeddings, served.name), served)

    @router.post("/tokenize", responses=_COUNTED, response_model=TokenizedText | TokenizedTexts)
    async def tokenize(body: TokenizeRequest, response: Response, expected: Fingerprint = None) -> Any:
        """How many tokens whole texts have, and whether they would be truncated."""
        served, batcher = _admitted(opening, body.model, expected)
        response.headers[FINGERPRINT_HEADER] = served.fingerprint
        return await _tokenized(batcher, served, body)

    return router


def openai_router(opening: Opening, model: str) -> APIRouter:
    """OpenAI's embeddings, and the list of the one `model`, which is known before it is loaded."""
    router = APIRouter(tags=["embeddings"])

    @router.post(
        "/v1/embeddings",
        response_model=OpenAIAnswer,
        responses=_EMBEDDED,
        openapi_extra=_only_dimension(model),
    )
    async def create_embeddings(
        body: OpenAIRequest, request: Request, expected: Fingerprint = None
    ) -> Response:
        """OpenAI's embeddings, and the indices of the inputs that were truncated."""
        served, batcher = _admitted(opening, body.model, expected)
        _require_dimension(body.dimensions, served.entry)
        texts = await _decoded(batcher, body.input)
        embeddings = await unless_gone(request, _embed(batcher, served, texts, body.input_type))
        render, encoding = rendering.openai_answer, body.encoding_format
        return _json(await asyncio.to_thread(render, embeddings, served.name, encoding), served)

    @router.get("/v1/models")
    async def list_models() -> EmbeddingModelList:
        """The one model that is served; what decides its vectors is known once it is loaded."""
        return EmbeddingModelList(data=[opening.entry()])

    return router


def _only_dimension(model: str) -> dict[str, Any] | None:
    """What a request may ask for, where it is known before the model is loaded."""
    if model != MINILM.name:
        return None
    known = {"properties": {"dimensions": {"enum": [MINILM.dimension, None]}}}
    return {"requestBody": {"content": {"application/json": {"schema": known}}}}


def _admitted(opening: Opening, model: str | None, expected: str | None) -> tuple[ServedModel, Batcher]:
    """What serves a request for this model and fingerprint; None of either asks for whatever is served."""
    served, batcher = opening.model(), opening.batcher()
    _require_model(model, served.name)
    if expected is not None and expected != served.fingerprint:
        raise Conflict(
            f"The embedding model is another one now: {served.name} with fingerprint {served.fingerprint}, "
            f"not {expected[:64]}. Vectors of the two cannot be compared: embed all texts with this one and "
            "send its fingerprint, or start embedding-server with the settings of the earlier model.",
            code=EMBEDDING_MODEL_CHANGED,
            headers={"x-should-retry": "false"},  # OpenAI's clients repeat a 409 otherwise
        )
    return served, batcher


async def _decoded(batcher: Batcher, inputs: Sequence[str | list[int]]) -> list[str]:
    """The texts, also those that came as token ids, which are read in a thread."""
    return await asyncio.to_thread(
        lambda: [_text_of(batcher.engine, index, each) for index, each in enumerate(inputs)]
    )


def _text_of(engine: Engine, index: int, given: str | list[int]) -> str:
    if isinstance(given, str):
        return given
    if not isinstance(engine, Tokenizing):
        raise InvalidInput("Another server tokenizes for this model: send text.", param="input")
    try:
        return engine.decode(given)
    except ValueError as error:
        raise InvalidInput(f"The input at index {index}: {error}.", param="input") from error


async def _embed(
    batcher: Batcher, served: ServedModel, texts: Sequence[str], input_type: InputType | None
) -> Embeddings:
    for index, text in enumerate(texts):
        if not text.strip():
            raise InvalidInput(
                f"The text at index {index} is empty: send text with at least one visible character."
            )
    return await batcher.embed(_as_read(served, texts, input_type))


async def _tokenized(
    batcher: Batcher, served: ServedModel, body: TokenizeRequest
) -> TokenizedText | TokenizedTexts:
    texts = _as_read(served, _texts(body), body.input_type)
    counts = await batcher.count(texts)
    truncated = [count > batcher.engine.max_tokens for count in counts]
    estimated = not isinstance(batcher.engine, Tokenizing)
    if body.text is None:
        return TokenizedTexts(counts=counts, truncated=truncated, estimated=estimated)
    (tokens,) = await batcher.tokenize(texts)
    ids = None if estimated else list(tokens.ids)
    return TokenizedText(count=counts[0], truncated=truncated[0], ids=ids, estimated=estimated)


def _as_read(served: ServedModel, texts: Sequence[str], input_type: InputType | None) -> list[str]:
    """The texts with their prefix."""
    for index, text in enumerate(texts):
        if _SURROGATE.search(text):
            raise InvalidInput(
                f"The text at index {index} holds half a character (a lone surrogate): send Unicode."
            )
    prefix = served.prefixes.of(input_type or "document")
    return [prefix + text for text in texts]


def _texts(body: TokenizeRequest) -> list[str]:
    return [body.text] if body.text is not None else body.texts or []


def _require_model(asked: str | None, served: str) -> None:
    names = {served, MINILM.short_name} if served == MINILM.name else {served}
    if asked is not None and asked not in names:
        raise NotFound(
            f"There is no model {asked!r} here, only {served}.", param="model", code="model_not_found"
        )


def _require_dimension(asked: int | None, entry: EmbeddingModelEntry) -> None:
    if asked not in (None, entry.dimension):
        raise InvalidInput(f"{entry.id} has {entry.dimension} dimensions only.", param="dimensions")


def _json(body: bytes, served: ServedModel) -> Response:
    return Response(body, media_type="application/json", headers={FINGERPRINT_HEADER: served.fingerprint})
