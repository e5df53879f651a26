"""The ASGI middleware around every app: request id, access log, metrics, doors, keys, limits.

It is pure ASGI because Starlette's BaseHTTPMiddleware hides client disconnects from streaming routes.
"""

import asyncio
import re
import time
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from code_rag.servicekit.doors.door import Door
from code_rag.servicekit.errors import ServiceError, TooLarge, Unavailable, response_of
from code_rag.servicekit.keys.caller import HEADERS, Caller
from code_rag.servicekit.keys.callers import Callers
from code_rag.servicekit.metrics import Metrics

log = structlog.get_logger("access")
request_id: ContextVar[str] = ContextVar("request_id", default="")

_SAFE_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)
NOT_ANSWERED = 499  # nginx's status for a client that disconnected before the answer started
BUG_MESSAGE = "Internal error; search the service's log for this request id."
STOPPING_MESSAGE = "The service is shutting down and could not finish this request in time. Try again."
_NOTES = "code_rag.notes"
_CALLER = "code_rag.caller"
QUIET_PATHS = frozenset({"/health", "/livez", "/metrics"})  # polled every few seconds: not logged


def notes(request: Request) -> dict[str, Any]:
    """What a route adds to the line of its request in the log; no field of a text that a caller sent."""
    noted: dict[str, Any] = request.scope[_NOTES]
    return noted


def caller_of(request: Request) -> Caller | None:
    """Whose key the request came with; None where none is needed."""
    caller: Caller | None = request.scope.get(_CALLER)
    return caller


Precheck = Callable[[str], None]
"""Raises Overloaded for a POST to a path that would be sent back anyway: before its body that costs least."""


def no_check(path: str) -> None:
    """Lets in everything."""


@dataclass
class RequestLayer:
    """Wraps `app`; `open_paths` need no key, and no limit counts there.

    A caller's limit of requests counts POSTs: they cost work, and polling a state does not.
    """

    app: ASGIApp
    metrics: Metrics
    max_body_bytes: int
    door: Door
    callers: Callers
    open_paths: frozenset[str] = frozenset()
    precheck: Precheck = no_check

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        method = scope["method"]
        if method == "HEAD":  # the server leaves the body out, by its own scope
            scope = dict(scope) | {"method": "GET"}
        chosen = _chosen_id(scope)
        request_id.set(chosen)
        structlog.contextvars.bind_contextvars(request_id=chosen)
        scope[_NOTES] = {}
        started, answer = time.perf_counter(), _Answer(send, chosen, scope)
        try:
            await self._answered(scope, receive, answer)
        finally:
            self._record(method, scope, answer.status, time.perf_counter() - started)
            structlog.contextvars.unbind_contextvars("request_id")

    async def _answered(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        try:
            await self._guarded(scope, receive, answer)
        except asyncio.CancelledError:
            if answer.status != NOT_ANSWERED:
                raise
            # At shutdown the server cancels requests that exceed the grace period.
            stopping = Unavailable(STOPPING_MESSAGE, code="draining", retry_after=1)
            await response_of(stopping)(scope, receive, answer)
        except Exception as error:
            log.error("unhandled error", path=scope["path"], exc_info=error)
            if answer.status != NOT_ANSWERED:
                raise  # the answer has started: only the server can close the connection
            await response_of(ServiceError(BUG_MESSAGE))(scope, receive, answer)

    async def _guarded(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            self.door.check(scope)
            self._check_caller(scope)
            self._check_length(scope)
            if scope["method"] == "POST":
                self.precheck(scope["path"])
        except ServiceError as error:
            await response_of(error)(scope, receive, send)
            return
        await self.app(scope, self._limited(receive), send)

    def _check_caller(self, scope: Scope) -> None:
        if scope["path"] in self.open_paths:
            return
        caller = self.callers.find(Headers(scope=scope).get("authorization", ""))
        if caller is None:
            return
        scope[_CALLER] = caller
        scope[_NOTES]["key"] = caller.name
        if scope["method"] == "POST":
            caller.take_request()

    def _check_length(self, scope: Scope) -> None:
        declared = Headers(scope=scope).get("content-length", "0")
        if declared.isdecimal() and int(declared) > self.max_body_bytes:
            raise self._too_large()

    def _limited(self, receive: Receive) -> Receive:
        seen = 0

        async def receive_counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self.max_body_bytes:
                # While FastAPI reads a body, it passes on HTTPException only.
                raise HTTPException(413, self._too_large().message)
            return message

        return receive_counted

    def _too_large(self) -> TooLarge:
        return TooLarge(f"The body is larger than {self.max_body_bytes:,} bytes.")

    def _record(self, method: str, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unmatched")
        self.metrics.observe(method, route, status, seconds)
        if caller := scope.get(_CALLER):
            self.metrics.key_requests.labels(caller.name, str(status)).inc()
        if route not in QUIET_PATHS:
            milliseconds = round(seconds * 1000, 1)
            log.info(
                "request",
                method=method,
                route=route,
                status=status,
                ms=milliseconds,
                **scope[_NOTES],
            )


@dataclass
class _Answer:
    """Sends an answer's messages, adds the service's own headers, and records its status."""

    send: Send
    request_id: str
    scope: Scope
    status: int = NOT_ANSWERED

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = int(message["status"])  # some send an HTTPStatus
            headers = MutableHeaders(scope=message)
            headers["x-request-id"] = self.request_id
            Door.add_headers(headers)
            if caller := self.scope.get(_CALLER):
                _add_limits(headers, caller)
        await self.send(message)


def _add_limits(headers: MutableHeaders, caller: Caller) -> None:
    """The caller's own limits, where it has any, in place of a model server's."""
    if limits := caller.headers():
        for name in [name for name in headers if name.startswith(HEADERS)]:
            del headers[name]
        headers.update(limits)


def _chosen_id(scope: Scope) -> str:
    """The caller's request id; one that could forge a log line or a header is replaced by a new one."""
    given = Headers(scope=scope).get("x-request-id", "")
    return given if _SAFE_ID.fullmatch(given) else uuid.uuid4().hex
