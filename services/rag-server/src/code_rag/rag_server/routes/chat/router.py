"""`POST /v1/chat/completions`: answers in OpenAI's format, so that any chat client can ask."""

from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request

from code_rag.rag_server.answering import Answerer
from code_rag.rag_server.codebase.codebases import Codebases
from code_rag.rag_server.model import Scope
from code_rag.rag_server.routes.chat.conversation import asked_of
from code_rag.rag_server.routes.chat.links import page_of
from code_rag.rag_server.routes.chat.messages import check, instructions
from code_rag.rag_server.routes.chat.parts import Parts, answer_parts, streamed, whole
from code_rag.rag_server.routes.chat.replies import reply_parts
from code_rag.rag_server.routes.chat.request import CodeRagRequest
from code_rag.rag_server.routes.chat.tasks import task_of
from code_rag.servicekit.disconnect import unless_gone
from code_rag.servicekit.errors import NotFound, Overloaded, UpstreamFailed, UpstreamTimeout
from code_rag.servicekit.openapi import errors, events
from code_rag.servicekit.streaming import EventStream
from code_rag.servicekit.wire.chat import ChatChunk, ChatCompletion, ListedModel, ModelList
from code_rag.servicekit.wire.errors import ErrorEnvelope

MODEL = "code-rag"
_ANSWERS = errors(NotFound, Overloaded, UpstreamFailed, UpstreamTimeout) | {
    200: events(ChatChunk, ErrorEnvelope, done=True)[200] | {"model": ChatCompletion}
}


def chat_router(answerer: Answerer, codebases: Codebases, public_url: str | None = None) -> APIRouter:
    """The chat endpoints over `answerer`; where there are several codebases, each is a model too."""
    router = APIRouter(prefix="/v1", tags=["openai"])

    @router.get("/models", response_model=None, responses={200: {"model": ModelList}})
    async def models() -> dict[str, Any]:
        """`code-rag`; where there are several codebases, a model for each too."""
        return {"object": "list", "data": [_about(id) for id in _scopes(codebases)]}

    @router.get(
        "/models/{id:path}", response_model=None, responses=errors(NotFound) | {200: {"model": ListedModel}}
    )
    async def model(id: str) -> dict[str, Any]:
        """One of the listed models."""
        _scope_of_model(id, codebases)
        return _about(id)

    @router.post("/chat/completions", response_model=None, responses=_ANSWERS)
    async def chat(body: CodeRagRequest, request: Request) -> dict[str, Any] | EventStream:
        """An answer in OpenAI's format: whole, or with `stream` as server-sent events."""
        scope, name = _scope_of_model(body.model, codebases), body.model or MODEL
        check(body.messages)
        parts = _parts(answerer, body, scope, page_of(request, public_url))
        if not body.stream:
            return await unless_gone(request, whole(parts, name, body.messages))
        await anext(parts)  # before the response starts, so that a failed search sets its status
        counted = bool(body.stream_options and body.stream_options.include_usage)
        return EventStream(streamed(parts, name, body.messages, with_usage=counted))

    return router


def _parts(answerer: Answerer, body: CodeRagRequest, scope: Scope, page: str) -> Parts:
    """The reply to what the chat asks in the end, or to what the chat program asks for itself."""
    if task := task_of(body.messages):
        return answerer.opened.during(reply_parts(answerer.model, body.messages, task, body.sampling()))
    body.require_prose()
    asked = replace(
        asked_of(body.messages), instructions=instructions(body.messages), sampling=body.sampling()
    )
    return answer_parts(answerer, asked, scope, page)


def _about(id: str) -> dict[str, Any]:
    return {"id": id, "object": "model", "created": 0, "owned_by": "rag-server"}


def _scopes(codebases: Codebases) -> dict[str, Scope]:
    """What each model's answers are limited to: `code-rag` to nothing, `code-rag/shop` to a codebase."""
    several = [member for member in codebases if member.prefix]
    return {MODEL: Scope()} | {f"{MODEL}/{member.name}": Scope(member.prefix) for member in several}


def _scope_of_model(model: str | None, codebases: Codebases) -> Scope:
    scopes = _scopes(codebases)
    if model is None:
        return scopes[MODEL]
    if model not in scopes:
        raise NotFound(
            f"There is no model {model!r} here; use {MODEL!r}.", param="model", code="model_not_found"
        )
    return scopes[model]
