"""Says what a refusal of the server behind `EMBEDDING_BASE_URL` means, and what to do."""

import re
from collections.abc import Mapping

from code_rag.servicekit.errors import InvalidInput, Overloaded, ServiceError, UpstreamFailed
from code_rag.servicekit.outside.reason import Reason
from code_rag.servicekit.outside.retrying import retry_after

NAMED = "EMBEDDING_BASE_URL"
NO_KEY = "no-key-is-set"
"""Stands for the key where there is none."""
TOO_LONG = "context_length_exceeded"
_TOO_LONG = re.compile(
    r"(context|sequence|input)[ _](length|window|size)|maximum context|less than \d+ tokens"
    r"|too (long|large|many tokens)|token limit",
    re.IGNORECASE,
)
_CHECK_URL = f"check {NAMED}, which usually ends in /v1"


def of_status(status: int, headers: Mapping[str, str], reason: Reason, model: str, key: str) -> ServiceError:
    """The error for an answer with another status than success."""
    if status in (401, 403):
        # Its own words are left out: they may quote a part of the key.
        refused = "wants a key: set" if key == NO_KEY else "refuses the key: check"
        says = f"The embeddings server {refused} EMBEDDING_API_KEY (HTTP {status})."
        return UpstreamFailed(says, code="upstream_auth")
    said, wait = f"The embeddings server says (HTTP {status}): {reason.message}", retry_after(headers)
    if status == 404:
        advice = f"If it has the model {model}, {_CHECK_URL}; else change EMBEDDING_MODEL."
        return UpstreamFailed(f"{said} {advice}")
    if status == 429:
        return Overloaded(said, code=reason.code or "rate_limit_exceeded", retry_after=wait)
    if status == 413 or reason.code == TOO_LONG or _TOO_LONG.search(reason.message):
        return InvalidInput(said, code=TOO_LONG)
    if status in (400, 422):
        return InvalidInput(said)
    if 300 <= status < 400:
        return UpstreamFailed(
            f"The embeddings server redirects (HTTP {status}), which is not followed, because the texts are "
            f"source code: set {NAMED} to its new address.",
            code="upstream_redirected",
        )
    return UpstreamFailed(said, code="upstream_5xx" if status >= 500 else None, retry_after=wait)


def unreadable(what: str) -> UpstreamFailed:
    """The error for a success that holds no vectors."""
    return UpstreamFailed(f"The embeddings server sent {what}: {_CHECK_URL}.")
