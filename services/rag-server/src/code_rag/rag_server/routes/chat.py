"""`POST /v1/chat/completions`: answers in OpenAI's format, so that any chat client can ask."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from fastapi import APIRouter, Request

from code_rag.rag_server.answer import Answer, Token
from code_rag.rag_server.answer_wire import AnswerCitation, AskRequest
from code_rag.rag_server.answering import Answerer, Event
from code_rag.rag_server.codebase.codebases import Codebases
from code_rag.rag_server.model import Scope
from code_rag.rag_server.routes.conversation import asked_of
from code_rag.servicekit.disconnect import unless_gone
from code_rag.servicekit.errors import NotFound
from code_rag.servicekit.streaming import EventStream
from code_rag.servicekit.wire.chat import ChatRequest, chunk, completion, completion_id
from code_rag.servicekit.wire.events import DONE, event

MODEL = "code-rag"
LIMIT = AskRequest.model_fields["limit"].default


def chat_router(answerer: Answerer, codebases: Codebases) -> APIRouter:
    """The chat endpoints over `answerer`; where there are several codebases, each is a model too."""
    router = APIRouter(prefix="/v1", tags=["openai"])

    @router.get("/models")
    async def models() -> dict[str, Any]:
        known = _scopes(codebases)
        data = [{"id": id, "object": "model", "created": 0, "owned_by": "rag-server"} for id in known]
        return {"object": "list", "data": data}

    @router.post("/chat/completions", response_model=None)
    async def chat(body: ChatRequest, request: Request) -> dict[str, Any] | EventStream:
        scope = _scope_of_model(body.model, codebases)
        asked = asked_of(body.messages)
        if not body.stream:
            answer = await unless_gone(request, answerer.answer(asked, scope, LIMIT))
            return completion(MODEL, answer.text + appendix(answer), citations=_citations(answer))
        events = answerer.stream(asked, scope, LIMIT)
        await anext(events)  # before the response starts, so that a failed search sets its status
        return EventStream(_encoded(events))

    return router


def appendix(answer: Answer) -> str:
    """What a chat shows below the answer: its verified sources, and what was unavailable."""
    places = (f"{c.path}#L{c.start_line}-L{c.end_line}" for c in answer.citations if c.state != "missing")
    sources = "".join(f"\n- {place}" for place in dict.fromkeys(places))
    notes = "".join(f"\n\nNote: {reason}" for reason in answer.degraded)
    return (f"\n\nSources:{sources}" if sources else "") + notes


async def _encoded(events: AsyncGenerator[Event, None]) -> AsyncGenerator[str, None]:
    id, written = completion_id(), False
    async with aclosing(events):
        yield event(chunk(id, MODEL, {"role": "assistant", "content": ""}))
        async for happened in events:
            if isinstance(happened, Token):
                written = True
                yield event(chunk(id, MODEL, {"content": happened.text}))
            elif isinstance(happened, Answer):
                text = appendix(happened) if written else happened.text + appendix(happened)
                yield event(chunk(id, MODEL, {"content": text}))
                yield event(chunk(id, MODEL, {}, "stop", citations=_citations(happened)))
    yield DONE


def _citations(answer: Answer) -> list[dict[str, Any]]:
    return [AnswerCitation.of(citation).model_dump() for citation in answer.citations]


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
