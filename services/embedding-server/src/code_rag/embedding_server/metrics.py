"""The metrics of embedding, besides the HTTP metrics of every service."""

from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from code_rag.embedding_server.engines.base import Tokens
from code_rag.servicekit.metrics import LATENCY_BUCKETS


class EmbeddingMetrics:
    """Texts asked for, found in the cache and embedded, tokens, what waits, and seconds per inference."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requested = Counter("embedding_requested_texts", "Texts that callers sent", registry=registry)
        self._cached = Counter(
            "embedding_cached_texts", "Texts sent whose vectors were in the cache", registry=registry
        )
        self._texts = Counter("embedding_texts", "Texts embedded, one sent twice once", registry=registry)
        self._tokens = Counter("embedding_tokens", "Tokens embedded, without padding", registry=registry)
        self._truncated = Counter("embedding_truncated_texts", "Texts that were truncated", registry=registry)
        self.queued_tokens = Gauge(
            "embedding_queued_tokens", "Tokens that wait or are being embedded", registry=registry
        )
        self.queued_seconds = Gauge(
            "embedding_queued_seconds", "How long these are predicted to take", registry=registry
        )
        self.inference_seconds = Histogram(
            "embedding_inference_seconds", "Seconds of one batch", buckets=LATENCY_BUCKETS, registry=registry
        )

    def look_up(self, requested: int, cached: int) -> None:
        """Count the texts of one request, and those of them that the cache knew."""
        self._requested.inc(requested)
        self._cached.inc(cached)

    def count(self, batch: Sequence[Tokens], seconds: float) -> None:
        """Count one embedded batch."""
        self._texts.inc(len(batch))
        self._tokens.inc(sum(len(row.ids) for row in batch))
        self._truncated.inc(sum(row.truncated for row in batch))
        self.inference_seconds.observe(seconds)
