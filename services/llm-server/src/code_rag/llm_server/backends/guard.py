"""Decides whether a model server is asked, and asked again."""

import time
from collections.abc import Callable

import structlog

from code_rag.llm_server.backends.breaker import Breaker
from code_rag.llm_server.backends.retry_budget import RetryBudget
from code_rag.llm_server.upstream_metrics import UpstreamMetrics
from code_rag.servicekit.errors import ServiceError
from code_rag.servicekit.outside.retrying import pause_before

log = structlog.get_logger(__name__)


class Guard:
    """Spares one model server: it rests after failures, and retries, at most `retries`, have a budget."""

    def __init__(
        self, server: str, retries: int, metrics: UpstreamMetrics, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.breaker = Breaker(server, clock)
        self._server = server
        self._retries = retries
        self._metrics = metrics
        self._budget = RetryBudget()
        metrics.watch(server, lambda: self.breaker.is_resting)

    def admit(self) -> None:
        """Let a request through; raises Resting."""
        self.breaker.admit()
        self._budget.requested()

    def pause_after(self, error: ServiceError, retry: int) -> float | None:
        """Seconds until the request that failed is sent for the retry of that number; None: it is not."""
        pause = pause_before(retry, error.retry_after)
        if retry >= self._retries or pause is None:
            return None
        allowed = self._budget.take()
        self._metrics.retried(self._server, allowed=allowed)
        if not allowed:
            log.warning("no retry: too many requests fail", server=self._server)
            return None
        self.breaker.failed(error)
        return None if self.breaker.is_resting else pause
