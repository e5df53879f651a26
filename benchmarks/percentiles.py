"""The two percentiles every latency table here has."""

from collections.abc import Sequence
from statistics import quantiles


def milliseconds(seconds: Sequence[float]) -> dict[str, float]:
    """p50 and p95 of durations given in seconds, in milliseconds; needs at least two."""
    points = quantiles(seconds, n=100, method="inclusive")
    return {"p50_ms": round(points[49] * 1000, 1), "p95_ms": round(points[94] * 1000, 1)}
