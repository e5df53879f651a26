"""Repeats calls of other services until they answer, and shows meanwhile what a run waits for."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import structlog

from code_rag.rag_server.progress import Progress
from code_rag.servicekit.errors import Overloaded, Unavailable, UpstreamFailed, UpstreamTimeout

log = structlog.get_logger(__name__)

FIRST_RETRY_SECONDS = 0.5
LAST_RETRY_SECONDS = 10.0
LONGEST_RETRY_SECONDS = 60.0
"""Whatever a service asks for: it may be wrong about the time, and a run must not stand still for hours."""

PASSING = (Overloaded, Unavailable, UpstreamFailed, UpstreamTimeout)
"""Temporary errors of other services; the call is retried."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Retrying:
    """Calls on behalf of one run."""

    progress: Progress
    first_retry_seconds: float = FIRST_RETRY_SECONDS
    longest_retry_seconds: float = LONGEST_RETRY_SECONDS

    async def __call__(self, call: Callable[[], Awaitable[T]]) -> T:
        """The result of `call`, which is repeated until the services answer and must be idempotent."""
        delay, progress = self.first_retry_seconds, self.progress
        while True:
            try:
                result = await call()
            except PASSING as error:
                if progress.waiting_for != error.message:
                    log.warning("indexing is waiting", reason=error.message)
                progress.waiting_for = error.message
                await asyncio.sleep(min(max(delay, error.retry_after or 0), self.longest_retry_seconds))
                delay = min(2 * delay, LAST_RETRY_SECONDS)
            else:
                progress.waiting_for = ""
                return result
