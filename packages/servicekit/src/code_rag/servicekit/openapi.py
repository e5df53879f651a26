"""The OpenAPI document of every service: what all routes have in common is written once, here."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.constants import REF_PREFIX

from code_rag.servicekit.errors import InvalidInput, ServiceError, TooLarge, Unauthorized
from code_rag.servicekit.wire.errors import ErrorEnvelope

Json = dict[str, Any]
Responses = dict[int | str, Json]

DOCS_PATHS = frozenset({"/docs", "/openapi.json"})
_KEY: Json = {"type": "http", "scheme": "bearer", "description": "A key that this service accepts."}
_REQUEST_ID: Json = {
    "description": "The id that the request came with, or a new one; every line of the log has it.",
    "required": True,
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9_.-]{1,64}$"},
}
_RETRY_AFTER: Json = {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}
_VALIDATION = ("HTTPValidationError", "ValidationError")


def errors(*kinds: type[ServiceError]) -> Responses:
    """The `responses` of a route that fails in these ways, besides those in which every route may."""
    return {kind.status: {"model": ErrorEnvelope, "description": f"{kind.meaning}."} for kind in kinds}


def events(description: str) -> Responses:
    """The `responses` of a route whose 200 is, or may be, server-sent events: which ones, in words."""
    schema = {"type": "string", "description": description}
    return {200: {"content": {"text/event-stream": {"schema": schema}}}}


class DocumentedApp(FastAPI):
    """An app whose OpenAPI document says what the middleware and the error handlers add to every route.

    `keyless` are the paths that need no key; None where no path needs one.
    """

    def __init__(self, *, keyless: frozenset[str] | None, **settings: Any) -> None:
        super().__init__(**settings, redoc_url=None)
        self._keyless = keyless

    def openapi(self) -> Json:
        """The document, made once."""
        if self.openapi_schema is None:
            self.openapi_schema = self._complete(super().openapi())
        return self.openapi_schema

    def _complete(self, document: Json) -> Json:
        for name in _VALIDATION:
            document["components"]["schemas"].pop(name, None)
        if self._keyless is not None:
            document["components"]["securitySchemes"] = {"key": _KEY}
        for path, operations in document["paths"].items():
            for operation in operations.values():
                _complete(operation, needs_key=self._keyless is not None and path not in self._keyless)
        return document


def _complete(operation: Json, *, needs_key: bool) -> None:
    summary, _, rest = str(operation.get("description", operation["summary"])).partition("\n")
    operation |= {"summary": summary.removesuffix("."), "description": rest.strip()}
    responses: Json = operation["responses"]
    also = list[type[ServiceError]]([InvalidInput] if responses.pop("422", None) else [])
    also += [TooLarge] if "requestBody" in operation else []
    if needs_key:
        operation["security"] = [{"key": []}]
        also.append(Unauthorized)
    for kind in also:
        content = {"application/json": {"schema": {"$ref": REF_PREFIX + ErrorEnvelope.__name__}}}
        responses[str(kind.status)] = {"description": f"{kind.meaning}.", "content": content}
    for status, response in responses.items():
        waits = {"retry-after": _RETRY_AFTER} if status in ("429", "503") else {}
        response["headers"] = {"x-request-id": _REQUEST_ID} | waits
    operation["responses"] = dict(sorted(responses.items()))
