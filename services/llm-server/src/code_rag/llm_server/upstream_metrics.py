"""The metrics of the model servers behind llm-server: how they are spared, and who answers for whom."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge


class UpstreamMetrics:
    """Retries, fallbacks, and which servers rest; `server` is an alias, or the host of OPENAI_BASE_URL."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._retries = Counter(
            "llm_retries", "Requests sent again, and those that the retry budget did not allow",
            ["server", "outcome"], registry=registry,
        )  # fmt: skip
        self._fallbacks = Counter(
            "llm_fallbacks", "Requests passed on to the next model, by the one that failed",
            ["server", "reason"], registry=registry,
        )  # fmt: skip
        self._resting = Gauge(
            "llm_server_resting", "1 while a model server that keeps failing is not asked",
            ["server"], registry=registry,
        )  # fmt: skip

    def retried(self, server: str, *, allowed: bool) -> None:
        """Count a retry, or one that had no budget."""
        self._retries.labels(server, "sent" if allowed else "refused").inc()

    def fell_back(self, server: str, reason: str) -> None:
        """Count a request that another server gets, with the code of the failure."""
        self._fallbacks.labels(server, reason).inc()

    def watch(self, server: str, is_resting: Callable[[], bool]) -> None:
        """Show whether the server rests at each scrape."""
        self._resting.labels(server).set_function(lambda: float(is_resting()))
