"""The HTTP side: OpenAI's chat API."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from code_rag.llm_server.backends.base import Call, ChatBackend, Json
from code_rag.llm_server.metrics import ChatMetrics
from code_rag.llm_server.streaming import stream_of
from code_rag.llm_server.token_charge import TokenCharge
from code_rag.servicekit.disconnect import unless_gone
from code_rag.servicekit.errors import NotFound
from code_rag.servicekit.json_answer import JSONAnswer
from code_rag.servicekit.middleware import caller_of, notes
from code_rag.servicekit.wire import deadline
from code_rag.servicekit.wire.chat import ChatRequest


def chat_router(backend: ChatBackend, metrics: ChatMetrics) -> APIRouter:
    """The chat endpoints over `backend`."""
    router = APIRouter(tags=["chat"])

    @router.post("/v1/chat/completions")
    @router.post("/chat/completions")
    async def complete_chat(body: ChatRequest, request: Request) -> Response:
        """OpenAI's chat completion: whole, or with `stream` as server-sent events."""
        call = _call(body, request)
        charge = _charge(call, request)
        if body.stream:
            with_usage = bool(body.stream_options and body.stream_options.include_usage)
            chunks = metrics.watch_stream(backend.stream(call), call)
            chunks = charge.stream(chunks) if charge else chunks
            answer: Response = await stream_of(request, chunks, with_usage=with_usage)
        else:
            whole = metrics.watch_answer(backend.complete(call), call)
            whole = charge.answer(whole) if charge else whole
            answer = JSONAnswer(await unless_gone(request, whole))
        answer.headers.update(call.headers)
        return answer

    return router


def models_router(backend: ChatBackend) -> APIRouter:
    """The list of the models of `backend`."""
    router = APIRouter(tags=["models"])

    @router.get("/v1/models")
    @router.get("/models")
    async def list_models() -> Json:
        """The models that the upstream lists, the default first, with the tokens it takes where known."""
        return {"object": "list", "data": await backend.models()}

    @router.get("/v1/models/{name:path}")
    @router.get("/models/{name:path}")
    async def find_model(name: str) -> Json:
        """One of the listed models."""
        for model in await backend.models():
            if model["id"] == name:
                return model
        raise NotFound(f"There is no model {name!r} in the list.", param="model", code="model_not_found")

    return router


def _call(body: ChatRequest, request: Request) -> Call:
    within = deadline.parse(request.headers.get(deadline.HEADER))
    key = request.headers.get("idempotency-key")
    return Call(body.model_dump(exclude_unset=True), within, key, notes=notes(request))


def _charge(call: Call, request: Request) -> TokenCharge | None:
    caller = caller_of(request)
    return TokenCharge(caller, call.request) if caller and caller.tokens else None
