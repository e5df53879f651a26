"""Translates what the model server says of a failure to errors for the caller."""

import re
from collections.abc import Mapping

import httpx2

from code_rag.servicekit.errors import (
    InvalidInput,
    NotFound,
    Overloaded,
    ServiceError,
    TooLarge,
    UpstreamFailed,
    UpstreamTimeout,
)
from code_rag.servicekit.outside.reason import Reason
from code_rag.servicekit.outside.retrying import LONGEST_WAIT_SECONDS, retry_after

CHECK_URL = "Check OPENAI_BASE_URL: it usually ends in /v1."
_NOT_AGAIN = {"x-should-retry": "false"}
"""Keeps OpenAI's clients from repeating what was tried here already."""
TOO_LONG = "context_length_exceeded"
_TOO_LONG = re.compile(r"context[ _](length|window|size)|maximum context|prompt is too long", re.IGNORECASE)


SERVERS_FAULT = (UpstreamFailed, UpstreamTimeout, Overloaded)
"""Failures that say nothing against the request: the server, its key, or how busy it is."""


def of_status(status: int, headers: Mapping[str, str], reason: Reason) -> ServiceError:
    """The error for an answer with another status than success."""
    wait, said = retry_after(headers), reason.message
    match status:
        case 401 | 403:
            # The upstream's message may quote the key.
            return UpstreamFailed(
                f"The model server refused this server's own key (HTTP {status}). Check OPENAI_API_KEY.",
                code="upstream_auth",
            )
        case 408:
            return UpstreamTimeout("The model server timed out while waiting for the request (HTTP 408).")
        case 400 | 404 | 413 | 422:
            return _of_request(status, reason)
        case 429:
            again = wait is not None and wait > LONGEST_WAIT_SECONDS
            code, extra = reason.code or "rate_limit_exceeded", {} if again else _NOT_AGAIN
            return Overloaded(said, code=code, retry_after=wait, headers=extra)
        case status if 300 <= status < 400:
            return _redirected(status, headers.get("location", ""))
        case status if status >= 500:
            message = f"The model server failed with HTTP {status}. {said}"
            return UpstreamFailed(message, code="upstream_5xx", retry_after=wait)
        case status:
            return UpstreamFailed(f"The model server answered with HTTP {status}.")


def _of_request(status: int, reason: Reason) -> ServiceError:
    """The error for a request that is at fault."""
    said = reason.message
    if status == 404:
        hint = "If the model exists there, check OPENAI_BASE_URL: it usually ends in /v1."
        return NotFound(f"{said} {hint}", param="model", code="model_not_found")
    if status == 413:
        return TooLarge(said)
    too_long = reason.code == TOO_LONG or _TOO_LONG.search(said)
    return InvalidInput(said, param=reason.param, code=TOO_LONG if too_long else reason.code)


def in_band(reason: Reason) -> UpstreamFailed:
    """The error for one that came with a status of success."""
    return UpstreamFailed(f"The model server failed: {reason.message}")


def _redirected(status: int, location: str) -> UpstreamFailed:
    try:
        target = httpx2.URL(location)
        to = f" to {target.scheme}://{target.netloc.decode()}" if target.host else ""
    except httpx2.InvalidURL:
        to = ""
    return UpstreamFailed(
        f"The model server redirects{to} (HTTP {status}), which is not followed, because the request holds "
        "source code. If that is its new address, set OPENAI_BASE_URL to it.",
        code="upstream_redirected",
    )
