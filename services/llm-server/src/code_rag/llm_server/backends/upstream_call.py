"""Sends a request to the model server, and again where a failure is likely to pass."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import httpx2

from code_rag.llm_server.backends.base import Call
from code_rag.llm_server.backends.guard import Guard
from code_rag.llm_server.backends.upstream_body import read_start
from code_rag.llm_server.backends.upstream_client import Upstream
from code_rag.llm_server.backends.upstream_errors import of_status
from code_rag.servicekit.errors import ServiceError
from code_rag.servicekit.middleware import request_id
from code_rag.servicekit.outside.reason import Reason
from code_rag.servicekit.outside.retrying import is_passing
from code_rag.servicekit.outside.upstream_connection import of_transport

_PASSED_ON = ("x-ratelimit-", "openai-")
_RENAMED = {"x-request-id": "x-upstream-request-id"}  # the caller's own id is in x-request-id


@dataclass(frozen=True, slots=True)
class _Failure:
    error: ServiceError
    is_passing: bool


async def ask(upstream: Upstream, call: Call, body: bytes, guard: Guard) -> httpx2.Response:
    """The answer, with a status of success and its body unread, to close; raises the last attempt's error.

    Nothing is sent again once an answer has started: the caller may have read of it.
    """
    guard.admit()
    retry = 0
    while True:
        call.attempts += 1
        outcome = await _attempt(upstream, call, body)
        if isinstance(outcome, httpx2.Response):
            return outcome
        pause = guard.pause_after(outcome.error, retry) if outcome.is_passing else None
        if pause is None:
            raise outcome.error
        await asyncio.sleep(pause)
        retry += 1


async def _attempt(upstream: Upstream, call: Call, body: bytes) -> httpx2.Response | _Failure:
    headers = {"content-type": "application/json", "x-request-id": request_id.get()}
    if call.idempotency_key:
        headers["idempotency-key"] = call.idempotency_key
    request = upstream.http.build_request("POST", "/chat/completions", content=body, headers=headers)
    try:
        response = await upstream.http.send(request, stream=True)
    except httpx2.TransportError as error:
        failure = of_transport(error, "OPENAI_BASE_URL")
        failure.__cause__ = error
        return _Failure(failure, is_passing=failure.code != "upstream_untrusted")
    call.headers = _repeated(response.headers)
    if response.is_success:
        return response
    try:
        reason = Reason(await read_start(response), upstream.key)
    finally:
        await response.aclose()
    failed = of_status(response.status_code, response.headers, reason)
    failed.headers = {**call.headers, **failed.headers}
    return _Failure(failed, is_passing(response.status_code, failed.code, response.headers))


def _repeated(headers: Mapping[str, str]) -> dict[str, str]:
    """What the caller gets of the model server's headers: its limits, its version, its request id."""
    passed = {name: value for name, value in headers.items() if name.startswith(_PASSED_ON)}
    return passed | {own: headers[theirs] for theirs, own in _RENAMED.items() if theirs in headers}
