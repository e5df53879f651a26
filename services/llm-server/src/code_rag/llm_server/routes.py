"""The HTTP side: OpenAI's chat API."""

from dataclasses import dataclass
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response

from code_rag.llm_server.generators.base import Generator
from code_rag.llm_server.metrics import ChatMetrics
from code_rag.llm_server.streaming import events_of, first_of
from code_rag.servicekit.disconnect import unless_gone
from code_rag.servicekit.streaming import EventStream
from code_rag.servicekit.wire.chat import ChatRequest

router = APIRouter(tags=["chat"])


@dataclass(frozen=True, slots=True)
class Gateway:
    """What the routes work with."""

    generator: Generator
    metrics: ChatMetrics


def gateway_of(request: Request) -> Gateway:
    """What the app's lifespan opened."""
    return cast(Gateway, request.app.state.gateway)


OpenGateway = Annotated[Gateway, Depends(gateway_of)]


@router.post("/v1/chat/completions")
@router.post("/chat/completions")
async def complete_chat(body: ChatRequest, request: Request, gateway: OpenGateway) -> Response:
    """OpenAI's chat completion: whole, or with `stream` as server-sent events."""
    asked = body.model_dump(exclude_unset=True)
    if body.stream:
        chunks = gateway.metrics.watch_stream(gateway.generator.stream(asked))
        return EventStream(events_of(await unless_gone(request, first_of(chunks)), chunks))
    answer = gateway.metrics.watch_answer(gateway.generator.complete(asked))
    return JSONResponse(await unless_gone(request, answer))


@router.get("/v1/models")
@router.get("/models")
async def list_models(gateway: OpenGateway) -> dict[str, Any]:
    """The models on offer, the default first."""
    about = {"object": "model", "created": 0, "owned_by": "llm-server"}
    return {"object": "list", "data": [{"id": name} | about for name in gateway.generator.models]}
