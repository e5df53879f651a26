"""Translates failures of the model server to errors for the caller."""

import re
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from openai import APIConnectionError, APIError, APIStatusError, APITimeoutError

from code_rag.servicekit.errors import (
    InvalidInput,
    NotFound,
    Overloaded,
    ServiceError,
    TooLarge,
    UpstreamFailed,
    UpstreamTimeout,
)

PEER = "code_rag.peer"
"""The request extension that holds host and port of the machine it was sent to."""

_LONGEST_MESSAGE = 500
# By OpenSSL's X509_V_ERR numbers; every other number means an untrusted certificate.
_OBJECTIONS = {
    9: "is not valid yet; check the clocks of both machines",
    10: "has expired",
    62: "is for another host name; check OPENAI_BASE_URL",
    64: "is for another address; check OPENAI_BASE_URL",
}
_TOO_LONG = re.compile(r"context[ _](length|window|size)|maximum context|prompt is too long", re.IGNORECASE)


def translate(error: Exception, *, started: bool, secret: str) -> ServiceError:
    """The ServiceError for an exception of the client, before or after a stream `started`; omits `secret`."""
    match error:
        case APITimeoutError() | TimeoutError():
            return UpstreamTimeout("The model server did not answer in time.")
        case APIConnectionError() if started:
            message = "The connection to the model server was lost during the answer."
            return UpstreamFailed(message, code="upstream_stream_truncated")
        case APIConnectionError():
            return _unreachable(error)
        case APIStatusError():
            return _of_status(error, _said(error, secret))
        case APIError():
            return UpstreamFailed(f"The model server failed: {_said(error, secret)}")
        case _:
            return UpstreamFailed("The model server answered with something that is not JSON.")


def _unreachable(error: APIConnectionError) -> UpstreamFailed:
    server = error.request.url.netloc.decode()  # without the user part of the URL
    if refused := _refused_certificate(error):
        message = f"The certificate of the model server at {server} {_objection(refused)}."
        return UpstreamFailed(message, code="upstream_untrusted")
    peer, port = error.request.extensions.get(PEER, ("", 0))
    via = f" through the proxy at {peer}:{port}" if peer not in ("", error.request.url.host) else ""
    return UpstreamFailed(
        f"The model server at {server} cannot be reached{via}.", code="upstream_unreachable"
    )


def _refused_certificate(error: BaseException | None) -> ssl.SSLCertVerificationError | None:
    """The certificate error that caused `error`, if any."""
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    return error


def _objection(error: ssl.SSLCertVerificationError) -> str:
    return _OBJECTIONS.get(error.verify_code, "is not trusted: set SSL_CERT_FILE to the file of its CA")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, from `retry-after-ms` or from `retry-after` as seconds or as an HTTP date."""
    for name, divisor in (("retry-after-ms", 1000), ("retry-after", 1)):
        text = headers.get(name, "")
        if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text):
            return float(text) / divisor
    try:
        moment = parsedate_to_datetime(headers.get("retry-after", ""))
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _of_status(error: APIStatusError, said: str) -> ServiceError:
    wait = retry_after(error.response.headers)
    match error.status_code:
        case 401 | 403 as status:
            # The upstream's message may quote the key.
            return UpstreamFailed(
                f"The model server refused this server's own key (HTTP {status}). Check OPENAI_API_KEY.",
                code="upstream_auth",
            )
        case 404:
            hint = "If the model exists there, check OPENAI_BASE_URL: it usually ends in /v1."
            return NotFound(f"{said} {hint}", param="model", code="model_not_found")
        case 408:
            return UpstreamTimeout("The model server timed out while waiting for the request (HTTP 408).")
        case 400 | 422:
            too_long = error.code == "context_length_exceeded" or _TOO_LONG.search(said)
            code = "context_length_exceeded" if too_long else _text(error.code)
            return InvalidInput(said, param=_text(error.param), code=code)
        case 413:
            return TooLarge(said)
        case 429:
            return Overloaded(said, code=_text(error.code) or "rate_limit_exceeded", retry_after=wait)
        case status if status >= 500:
            message = f"The model server failed with HTTP {status}. {said}"
            return UpstreamFailed(message, code="upstream_5xx", retry_after=wait)
        case status:
            return UpstreamFailed(f"The model server answered with HTTP {status}.")


def _text(value: object) -> str | None:
    """The upstream's value as text: where OpenAI sends a word, some servers send a number or an object."""
    return None if value is None else str(value)


def _said(error: APIError, secret: str) -> str:
    """The upstream's own message, shortened and without `secret`."""
    body = error.body
    said = body.get("message") or body.get("error") or body.get("detail") if isinstance(body, dict) else body
    if not isinstance(said, str) or not said.strip() or said.lstrip().startswith("<"):  # a proxy's HTML page
        return "The model server gave no reason."
    return said.strip().replace(secret, "[key]")[:_LONGEST_MESSAGE]
