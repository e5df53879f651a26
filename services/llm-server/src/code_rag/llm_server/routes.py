"""The HTTP side: OpenAI's chat API."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from code_rag.llm_server.backends.base import Call, ChatBackend, Json
from code_rag.llm_server.metrics import ChatMetrics
from code_rag.llm_server.model_names import ModelNames
from code_rag.llm_server.streaming import stream_of
from code_rag.llm_server.token_charge import TokenCharge
from code_rag.servicekit.disconnect import unless_gone
from code_rag.servicekit.errors import NotFound, Overloaded, Unavailable, UpstreamFailed, UpstreamTimeout
from code_rag.servicekit.json_answer import JSONAnswer
from code_rag.servicekit.middleware import caller_of, notes
from code_rag.servicekit.openapi import errors, events
from code_rag.servicekit.wire import deadline
from code_rag.servicekit.wire.chat import ChatChunk, ChatCompletion, ChatRequest, ListedModel, ModelList
from code_rag.servicekit.wire.errors import ErrorEnvelope

UPSTREAM = errors(NotFound, Overloaded, Unavailable, UpstreamFailed, UpstreamTimeout)


def chat_router(backend: ChatBackend, metrics: ChatMetrics) -> APIRouter:
    """The chat endpoints over `backend`."""
    router = APIRouter(tags=["chat"], responses=UPSTREAM | events(ChatChunk, ErrorEnvelope, done=True))

    @router.post("/v1/chat/completions", response_model=ChatCompletion)
    @router.post("/chat/completions", response_model=ChatCompletion)
    async def complete_chat(body: ChatRequest, request: Request) -> Response:
        """OpenAI's chat completion: whole, or with `stream` as server-sent events.

        What is not listed here is passed on to the model.
        """
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


def models_router(backend: ChatBackend, names: ModelNames) -> APIRouter:
    """The list of the models of `backend`, from which `names` learns."""
    router = APIRouter(tags=["models"], responses=UPSTREAM)

    async def listed() -> list[Json]:
        models = await backend.models()
        names.learn(models)
        return models

    @router.get("/v1/models", response_model=None, responses={200: {"model": ModelList}})
    @router.get("/models", response_model=None, responses={200: {"model": ModelList}})
    async def list_models() -> Json:
        """The models that the upstream lists, the default first.

        Each with the tokens that it takes, where they are known.
        """
        return {"object": "list", "data": await listed()}

    @router.get("/v1/models/{name:path}", response_model=None, responses={200: {"model": ListedModel}})
    @router.get("/models/{name:path}", response_model=None, responses={200: {"model": ListedModel}})
    async def find_model(name: str) -> Json:
        """One of the listed models."""
        for model in await listed():
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
