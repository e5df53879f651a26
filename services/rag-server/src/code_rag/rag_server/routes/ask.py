"""`POST /ask`: an answer with checked citations, as JSON or as server-sent events."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import asdict, replace

from fastapi import APIRouter, Request

from code_rag.rag_server.answer import Answer, Waiting
from code_rag.rag_server.answer_wire import (
    MAX_QUESTION_CHARS,
    AnswerEvent,
    AskRequest,
    AskResponse,
    HitsEvent,
    ProgressEvent,
    TokenEvent,
)
from code_rag.rag_server.answering import Event
from code_rag.rag_server.codebase.codebases import Codebases
from code_rag.rag_server.keeping import AnswerKeeper
from code_rag.rag_server.routes.inputs import clean_query, scope_of
from code_rag.rag_server.searching import SearchResult
from code_rag.rag_server.wire import SearchHit
from code_rag.servicekit.disconnect import unless_gone
from code_rag.servicekit.errors import NotFound, Overloaded
from code_rag.servicekit.openapi import errors, events
from code_rag.servicekit.streaming import EventStream
from code_rag.servicekit.wire.errors import ErrorEvent
from code_rag.servicekit.wire.events import event

_EVENTS = events(HitsEvent, ProgressEvent, TokenEvent, AnswerEvent, ErrorEvent)


def ask_router(keeper: AnswerKeeper, codebases: Codebases) -> APIRouter:
    """The question endpoint over `keeper`."""
    router = APIRouter(tags=["ask"])

    @router.post("/ask", response_model=AskResponse, responses=errors(NotFound, Overloaded) | _EVENTS)
    async def ask(body: AskRequest, request: Request) -> AskResponse | EventStream:
        """An answer with checked citations: whole, or with `stream` as server-sent events."""
        asked = replace(body.asked(), question=clean_query(body.question, "question", MAX_QUESTION_CHARS))
        scope = scope_of(codebases, body.path, body.language, body.codebase)
        if not body.stream:
            answer = keeper.answer(asked, scope, body.limit, again=body.again)
            return AskResponse.of(await unless_gone(request, answer))
        happening = keeper.stream(asked, scope, body.limit, again=body.again)
        first = await anext(happening)  # before the response starts, so that a failed search sets its status
        return EventStream(_encoded(first, happening), error_name=ErrorEvent.NAME)

    return router


async def _encoded(first: Event, rest: AsyncGenerator[Event, None]) -> AsyncGenerator[str, None]:
    async with aclosing(rest):
        yield _encode(first)
        async for following in rest:
            yield _encode(following)


def _encode(happened: Event) -> str:
    body = _body(happened)
    return event(body.model_dump(mode="json"), body.NAME)


def _body(happened: Event) -> HitsEvent | ProgressEvent | TokenEvent | AnswerEvent:
    match happened:
        case SearchResult():
            hits = [SearchHit.of(hit) for hit in happened.hits]
            return HitsEvent(hits=hits, degraded=list(happened.degraded))
        case Waiting():
            return ProgressEvent(**asdict(happened))
        case Answer():
            return AnswerEvent.of(happened)
    return TokenEvent(text=happened.text)
