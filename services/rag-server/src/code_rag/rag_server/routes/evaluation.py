"""`POST /eval`: how well search finds what the codebase itself says is right, as server-sent events."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from fastapi import APIRouter, Response

from code_rag.rag_server.codebase.codebases import Codebases
from code_rag.rag_server.evaluating import Commit, Evaluation, EvaluationProgress, Evaluator
from code_rag.rag_server.evaluation_wire import (
    EvaluationEvent,
    EvaluationProgressEvent,
    EvaluationRequest,
    event_of,
)
from code_rag.rag_server.routes.inputs import scope_of
from code_rag.servicekit.errors import NotFound, Overloaded
from code_rag.servicekit.openapi import errors, events
from code_rag.servicekit.streaming import EventStream
from code_rag.servicekit.wire.errors import ErrorEvent
from code_rag.servicekit.wire.events import event

_EVENTS = events(EvaluationProgressEvent, EvaluationEvent, ErrorEvent)

Happened = EvaluationProgress | Evaluation


def evaluation_router(evaluator: Evaluator, codebases: Codebases) -> APIRouter:
    """The evaluation endpoint over `evaluator`."""
    router = APIRouter(tags=["eval"])

    @router.post(
        "/eval",
        response_model=None,
        response_class=Response,
        responses=errors(NotFound, Overloaded) | _EVENTS,
    )
    async def evaluate(body: EvaluationRequest) -> EventStream:
        """How well search finds what the codebase itself says is right."""
        member = codebases.named(body.codebase.strip()) if body.codebase else None
        prefix = f"{member.prefix}/" if member and member.prefix else ""
        # A checkout does not know what its codebase is called here, where there are several.
        commits = [Commit(each.subject, tuple(prefix + path for path in each.paths)) for each in body.commits]
        scope = scope_of(codebases, body.path, body.language, body.codebase)
        happening = evaluator.evaluate(commits, scope, body.questions, body.seed)
        first = await anext(happening)  # before the response starts, so that a failure sets its status
        return EventStream(_encoded(first, happening), error_name=ErrorEvent.NAME)

    return router


async def _encoded(first: Happened, rest: AsyncGenerator[Happened, None]) -> AsyncGenerator[str, None]:
    async with aclosing(rest):
        yield _encode(first)
        async for following in rest:
            yield _encode(following)


def _encode(happened: Happened) -> str:
    body = event_of(happened)
    return event(body.model_dump(), body.NAME)
