"""The two percentiles every latency table here has."""

from collections.abc import Sequence
from statistics import quantiles


def milliseconds(seconds: Sequence[float], upper: int = 95, digits: int = 1) -> dict[str, float]:
    """p50 and p95, or another `upper` one, of durations in seconds, in milliseconds; needs two or more."""
    points = quantiles(seconds, n=100, method="inclusive")
    return {f"p{point}_ms": round(points[point - 1] * 1000, digits) for point in (50, upper)}
