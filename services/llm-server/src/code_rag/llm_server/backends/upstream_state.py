"""What is known of the model server: from calls, which say most, and from probes, which cost nothing."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from code_rag.servicekit.errors import ServiceError

log = structlog.get_logger(__name__)

REMEMBERED_SECONDS = 60.0
"""How long a failed call counts that a probe cannot see, such as an exhausted quota."""
_SEEN_BY_PROBES = {"upstream_unreachable", "upstream_untrusted"}
_CALLERS_FAULT = {400, 404, 413}  # the upstream works: the request was at fault


class UpstreamState:
    """The last failure, until a call succeeds, a probe shows that it is over, or it is old."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._calls = 0
        self._failed_at = 0.0
        self._was_down = False
        self.failure: ServiceError | None = None

    @property
    def is_calling(self) -> bool:
        """Whether an answer is being written."""
        return self._calls > 0

    @contextmanager
    def calling(self) -> Iterator[None]:
        """While a call takes place."""
        self._calls += 1
        try:
            yield
        finally:
            self._calls -= 1

    def answered(self) -> None:
        """A call has succeeded."""
        self.failure, self._was_down = None, False

    def failed(self, failure: ServiceError) -> None:
        """A call has failed."""
        log.warning("upstream failed", status=failure.status, code=failure.code, reason=failure.message)
        self.failure = None if failure.status in _CALLERS_FAULT else failure
        self._failed_at = self._clock()

    def seen(self, failure: ServiceError | None) -> None:
        """A probe has failed or succeeded."""
        if failure:
            self.failure, self._was_down = failure, True
        elif self.failure and (self._was_down or self._is_over(self.failure)):
            self.failure, self._was_down = None, False

    def _is_over(self, failure: ServiceError) -> bool:
        return failure.code in _SEEN_BY_PROBES or self._clock() - self._failed_at > REMEMBERED_SECONDS
