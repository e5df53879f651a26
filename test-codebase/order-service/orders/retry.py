"""Calling other services again when they fail for a moment."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

import structlog

BASE_DELAY_SECONDS = 0.2
LONGEST_DELAY_SECONDS = 5.0
ATTEMPTS = 4

T = TypeVar("T")
log = structlog.get_logger()


class Transient(Exception):
    """A failure worth another attempt: a timeout, a refused connection, a 429 or a 5xx."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


def call(operation: Callable[[], T], name: str, sleep: Callable[[float], None] = time.sleep) -> T:
    """Run `operation`, again after a pause each time it raises `Transient`.

    The last failure is raised as it is. Anything else is raised at once: a declined card stays
    declined however often one asks.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return operation()
        except Transient as failure:
            if attempt == ATTEMPTS:
                raise
            pause = delay(attempt, failure.retry_after)
            log.warning("retrying", call=name, attempt=attempt, pause=round(pause, 3), reason=str(failure))
            sleep(pause)
    raise AssertionError("unreachable")


def delay(attempt: int, retry_after: float | None) -> float:
    """Seconds to wait after the given attempt (the first is 1).

    Exponential with full jitter, because clients that back off in step come back in step. A
    server that says when to return is believed, up to the longest delay.
    """
    if retry_after is not None:
        return min(retry_after, LONGEST_DELAY_SECONDS)
    ceiling = min(LONGEST_DELAY_SECONDS, BASE_DELAY_SECONDS * 2 ** (attempt - 1))
    return random.uniform(0, ceiling)  # noqa: S311 - spreads load, guards no secret
