"""The errors that services answer with, grouped by what the caller can do, and their common envelope."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException

from code_rag.servicekit.json_answer import JSONAnswer
from code_rag.servicekit.wire.errors import ErrorDetail, ErrorEnvelope


class ServiceError(Exception):
    """An error with its HTTP status; its message is sent to callers, so it holds no secret."""

    status: ClassVar[int] = 500
    type: ClassVar[str] = "server_error"
    default_code: ClassVar[str] = "internal_error"
    meaning: ClassVar[str] = "A bug in the service: report it with the request id"

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        retry_after: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.code = code or self.default_code
        self.retry_after = retry_after
        self.headers = headers or {}


class InvalidInput(ServiceError):
    status, type, default_code = 400, "invalid_request_error", "invalid_value"
    meaning = "Change the request; `param` says what of it"


class Unauthorized(ServiceError):
    status, type, default_code = 401, "authentication_error", "invalid_api_key"
    meaning = "Send the right key"


class Forbidden(ServiceError):
    status, type, default_code = 403, "permission_error", "forbidden"
    meaning = "Send it from another place"


class NotFound(ServiceError):
    status, type, default_code = 404, "invalid_request_error", "not_found"
    meaning = "Ask for something that exists"


class Conflict(ServiceError):
    status, type, default_code = 409, "invalid_request_error", "conflict"
    meaning = "It was made for another state of the service: ask for the present one"


class TooLarge(ServiceError):
    status, type, default_code = 413, "invalid_request_error", "request_too_large"
    meaning = "Send less"


class Misdirected(ServiceError):
    status, type, default_code = 421, "invalid_request_error", "unknown_host"
    meaning = "Call the service by one of its names"


class Overloaded(ServiceError):
    status, type, default_code = 429, "rate_limit_error", "overloaded"
    meaning = "Wait, then send it again"


class UpstreamFailed(ServiceError):
    status, type, default_code = 502, "upstream_error", "upstream_failed"
    meaning = "A service that this one calls failed"


class Unavailable(ServiceError):
    status, type, default_code = 503, "server_error", "unavailable"
    meaning = "Not ready yet, or shutting down: send it again"


class UpstreamTimeout(ServiceError):
    status, type, default_code = 504, "upstream_error", "upstream_timeout"
    meaning = "A service that this one calls was too slow"


def body_of(error: ServiceError) -> dict[str, Any]:
    """The envelope of a ServiceError, for answers and for events inside a stream."""
    return _envelope(error.message, error.type, error.code, error.param)


def _envelope(message: str, type: str, code: str, param: str | None = None) -> dict[str, Any]:
    detail = ErrorDetail(message=message, type=type, param=param, code=code)
    return ErrorEnvelope(error=detail).model_dump()


def response_of(error: ServiceError) -> Response:
    """The HTTP answer for a ServiceError, with `Retry-After` in whole seconds where it is known.

    A failed upstream call was retried already: `x-should-retry: false` stops OpenAI's clients from doing so.
    """
    headers = dict(error.headers)
    if error.retry_after is not None:
        headers["retry-after"] = str(max(1, math.ceil(error.retry_after)))
    if error.type == UpstreamFailed.type:
        headers["x-should-retry"] = "false"
    return JSONAnswer(body_of(error), status_code=error.status, headers=headers)


async def _on_service_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, ServiceError)  # noqa: S101 – narrows the type starlette's signature widens
    return response_of(error)


def _on_invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return response_of(InvalidInput("The body is not valid JSON.", code="invalid_json"))
    if first["loc"] == ("body",) and "json" not in request.headers.get("content-type", ""):
        return response_of(InvalidInput("Send the body as JSON, with 'content-type: application/json'."))
    # FastAPI prefixes the value's source ("body", "query"); callers know their fields by name.
    where = ".".join(str(part) for part in first["loc"][1:]) or None
    message = first["msg"].removeprefix("Value error, ")
    return response_of(InvalidInput(f"{where}: {message}" if where else message, param=where))


def _unreadable(cause: Exception) -> str:
    if isinstance(cause, RecursionError):
        return "The body's JSON is nested too deeply."
    if isinstance(cause, UnicodeDecodeError):
        return "The body is not valid JSON: it is not UTF-8."
    return "The body's JSON holds a number with too many digits."  # Python reads integers of up to 4,300


_STATUS_TYPES = {400: InvalidInput, 401: Unauthorized, 404: NotFound, 413: TooLarge, 429: Overloaded}


def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    if isinstance(error.__cause__, ValueError | RecursionError):  # while FastAPI reads a body
        return response_of(InvalidInput(_unreadable(error.__cause__), code="invalid_json"))
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    if error.status_code == 404:
        message = f"There is nothing at {request.method} {request.url.path}."
    elif error.status_code == 405:
        message = f"{request.url.path} does not accept {request.method}."
        headers["allow"] = ", ".join(_methods_at(request))
    else:
        message = str(error.detail)
    kind = _STATUS_TYPES.get(error.status_code, InvalidInput if error.status_code < 500 else ServiceError)
    code = "method_not_allowed" if error.status_code == 405 else kind.default_code
    body = _envelope(message, kind.type, code)
    return JSONAnswer(body, status_code=error.status_code, headers=headers)


def _methods_at(request: Request) -> list[str]:
    """All methods at the path of a request: for each of them there is a route, and Starlette names one's."""
    path = getattr(request.scope.get("route"), "path", None)
    routes = [route for route in iter_route_contexts(request.app.routes) if route.path == path]
    methods = {method for route in routes for method in route.methods or ()} or {"GET"}  # or a file
    return sorted(methods | {"HEAD"} if "GET" in methods else methods)


def add_error_handlers(app: FastAPI) -> None:
    """Answer every expected failure of `app` with the error envelope; RequestLayer handles the others."""
    app.add_exception_handler(ServiceError, _on_service_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_exception)
