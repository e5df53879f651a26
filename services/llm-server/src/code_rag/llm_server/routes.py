"""The HTTP side: OpenAI's chat API."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from code_rag.llm_server.backends.base import ChatBackend
from code_rag.llm_server.metrics import ChatMetrics
from code_rag.llm_server.streaming import events_of, first_of
from code_rag.servicekit.disconnect import unless_gone
from code_rag.servicekit.streaming import EventStream
from code_rag.servicekit.wire import deadline
from code_rag.servicekit.wire.chat import ChatRequest


def chat_router(backend: ChatBackend, metrics: ChatMetrics) -> APIRouter:
    """The chat endpoints over `backend`."""
    router = APIRouter(tags=["chat"])

    @router.post("/v1/chat/completions")
    @router.post("/chat/completions")
    async def complete_chat(body: ChatRequest, request: Request) -> Response:
        """OpenAI's chat completion: whole, or with `stream` as server-sent events."""
        asked, within = (
            body.model_dump(exclude_unset=True),
            deadline.parse(request.headers.get(deadline.HEADER)),
        )
        if body.stream:
            chunks = metrics.watch_stream(backend.stream(asked, within))
            return EventStream(events_of(await unless_gone(request, first_of(chunks)), chunks))
        return JSONResponse(await unless_gone(request, metrics.watch_answer(backend.complete(asked, within))))

    @router.get("/v1/models")
    @router.get("/models")
    async def list_models() -> dict[str, Any]:
        """The available models, the default first, with the tokens it takes where they are known."""
        about: dict[str, Any] = {"object": "model", "created": 0, "owned_by": "llm-server"}
        if size := await backend.context_window():
            about["context_window"] = size
        return {"object": "list", "data": [{"id": name} | about for name in backend.models]}

    return router
