"""Translates the errors of a Qdrant server and its client into servicekit's errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from json import JSONDecodeError

import httpx
from qdrant_client.common.client_exceptions import ResourceExhaustedResponse
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from code_rag.servicekit.errors import Unavailable, UpstreamFailed, UpstreamTimeout

_LATE = "The vector database did not answer in time."


@contextmanager
def translated() -> Iterator[None]:
    """Raise the client's errors as servicekit's errors."""
    try:
        yield
    except ResourceExhaustedResponse as error:
        raise Unavailable("The vector database is overloaded.", retry_after=error.retry_after_s) from error
    except UnexpectedResponse as error:
        raise _refused(error) from error
    except ResponseHandlingException as error:
        raise _broken(error.source) from error
    except JSONDecodeError as error:
        raise _broken(error) from error


@contextmanager
def nothing_if_missing() -> Iterator[None]:
    """Ignore the error for a missing collection: it contains nothing."""
    try:
        yield
    except UnexpectedResponse as error:
        if error.status_code != 404:
            raise


def _refused(error: UnexpectedResponse) -> Unavailable | UpstreamFailed | UpstreamTimeout:
    reason = error.content.decode(errors="replace")[:200]
    if error.status_code in (401, 403):
        return UpstreamFailed("The vector database rejects the key in VECTOR_DB_API_KEY.")
    if error.status_code == 408:  # what it gives up by itself, as after a pause
        return UpstreamTimeout(_LATE)
    if error.status_code is None or error.status_code >= 500 or error.status_code == 429:
        return Unavailable(f"The vector database answered {error.status_code}: {reason}", retry_after=1)
    return UpstreamFailed(f"The vector database answered {error.status_code}: {reason}")


def _broken(source: Exception) -> Unavailable | UpstreamFailed | UpstreamTimeout:
    if isinstance(source, httpx.TimeoutException) and not isinstance(source, httpx.ConnectTimeout):
        return UpstreamTimeout(_LATE)
    if isinstance(source, httpx.TransportError):
        return Unavailable("The vector database cannot be reached.", code="store_unavailable", retry_after=1)
    return UpstreamFailed("The server at VECTOR_DB_URL does not answer like Qdrant.")
