"""The OpenAPI document of every service: what all routes have in common is written once, here."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.constants import REF_PREFIX
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from code_rag.servicekit.errors import (
    Forbidden,
    InvalidInput,
    Misdirected,
    Overloaded,
    ServiceError,
    TooLarge,
    Unauthorized,
)
from code_rag.servicekit.wire.errors import ErrorEnvelope

Json = dict[str, Any]
Responses = dict[int | str, Json]

DOCUMENT = "/openapi.json"
_KEY: Json = {"type": "http", "scheme": "bearer", "description": "A key that this service accepts."}
_REQUEST_ID: Json = {
    "description": "The id that the request came with, or a new one; every line of the log has it.",
    "required": True,
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9_.-]{1,64}$"},
}
_RETRY_AFTER: Json = {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}
_REF = REF_PREFIX + "{model}"
_EVENTS = "text/event-stream"
_VALIDATION = ("HTTPValidationError", "ValidationError")


def errors(*kinds: type[ServiceError]) -> Responses:
    """The `responses` of a route that fails in these ways, besides those in which every route may."""
    return {kind.status: {"model": ErrorEnvelope, "description": f"{kind.meaning}."} for kind in kinds}


def events(*models: type[BaseModel], done: bool = False) -> Responses:
    """The `responses` of a route whose 200 is, or may be, server-sent events with these models in JSON.

    A model with a `NAME` is an event of that name. With `done` the last event is `[DONE]`.
    """
    of, shared = models_json_schema([(model, "serialization") for model in models], ref_template=_REF)
    kinds = [_event(getattr(model, "NAME", "message"), of[model, "serialization"]) for model in models]
    kinds += [{"properties": {"data": {"const": "[DONE]"}}, "required": ["data"]}] if done else []
    return {200: {"content": {_EVENTS: {"itemSchema": {"oneOf": kinds} | shared}}}}


def _event(name: str, schema: Json) -> Json:
    data = {"type": "string", "contentMediaType": "application/json", "contentSchema": schema}
    return {"properties": {"event": {"const": name}, "data": data}, "required": ["event", "data"]}


class DocumentedApp(FastAPI):
    """An app whose OpenAPI document says what the middleware and the error handlers add to every route.

    `keyless` are the paths that need no key; None where no path needs one.
    """

    def __init__(self, keyless: frozenset[str] | None, **settings: Any) -> None:
        # FastAPI's own pages around the document run scripts of another server.
        super().__init__(**settings, openapi_url=DOCUMENT, docs_url=None, redoc_url=None)
        self._keyless = keyless

    def openapi(self) -> Json:
        """The document, made once."""
        if self.openapi_schema is None:
            self.openapi_schema = self._complete(super().openapi())
        return self.openapi_schema

    def _complete(self, document: Json) -> Json:
        schemas: Json = document.setdefault("components", {}).setdefault("schemas", {})
        for name in _VALIDATION:
            schemas.pop(name, None)
        if self._keyless is not None:
            document["components"]["securitySchemes"] = {"key": _KEY}
        for path, operations in document["paths"].items():
            for operation in operations.values():
                schemas |= _shared(operation)
                _complete(operation, needs_key=self._keyless is not None and path not in self._keyless)
        return document


def _shared(operation: Json) -> Json:
    """The schemas that those of the operation's events name; they are taken out of it."""
    streamed: Json = operation["responses"].get("200", {}).get("content", {}).get(_EVENTS, {})
    shared: Json = streamed.get("itemSchema", {}).pop("$defs", {})
    return shared


def _complete(operation: Json, *, needs_key: bool) -> None:
    summary, _, rest = str(operation.get("description", operation["summary"])).partition("\n")
    operation |= {"summary": summary.removesuffix("."), "description": rest.strip()}
    responses: Json = operation["responses"]
    also: list[type[ServiceError]] = [Forbidden, Misdirected]
    also += [InvalidInput] if responses.pop("422", None) else []
    also += [TooLarge] if "requestBody" in operation else []
    if needs_key:
        operation["security"] = [{"key": []}]
        also += [Unauthorized, Overloaded] if "requestBody" in operation else [Unauthorized]
    for kind in also:
        content = {"application/json": {"schema": {"$ref": REF_PREFIX + ErrorEnvelope.__name__}}}
        responses[str(kind.status)] = {"description": f"{kind.meaning}.", "content": content}
    for status, response in responses.items():
        waits = {"retry-after": _RETRY_AFTER} if status in ("429", "503") else {}
        response["headers"] = response.get("headers", {}) | {"x-request-id": _REQUEST_ID} | waits
    operation["responses"] = dict(sorted(responses.items()))
