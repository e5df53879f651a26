"""The measures of a ranking, for one question each, and the interval of their mean.

A ranking is given by its grades: how relevant the result at each rank is, best rank first, 0 for one that is
not relevant. Where results are files, each file counts once, at its best rank.
"""

from collections.abc import Sequence
from math import log2
from random import Random
from statistics import fmean

SAMPLES = 2_000
"""Bootstrap samples: the ends of an interval vary by less than 0.005 from one seed to another."""


def ndcg(grades: Sequence[float], relevant: Sequence[float], k: int = 10) -> float:
    """Normalised discounted cumulative gain at k, 1 for an ideal ranking; the gain of a result is its grade.

    `relevant` are the grades of everything that is relevant, found or not; without any the result is 0.
    """
    ideal = _gain(sorted(relevant, reverse=True)[:k])
    return _gain(grades[:k]) / ideal if ideal else 0.0


def reciprocal_rank(grades: Sequence[float], k: int = 10) -> float:
    """1 over the rank of the first relevant result among the first k; 0 if there is none."""
    return next((1 / rank for rank, grade in enumerate(grades[:k], 1) if grade > 0), 0.0)


def recall(grades: Sequence[float], relevant: int, k: int = 10) -> float:
    """The share of the `relevant` results that are among the first k; 0 if nothing is relevant."""
    return sum(grade > 0 for grade in grades[:k]) / relevant if relevant else 0.0


def bootstrap_interval(
    values: Sequence[float], seed: int = 0, samples: int = SAMPLES, level: float = 0.95
) -> tuple[float, float]:
    """The interval that holds the mean of `values` with probability `level`, by the bootstrap percentiles.

    The same values and seed give the same interval. Raises ValueError if there are no values.
    """
    if not values:
        raise ValueError("An interval needs at least one value.")
    dice = Random(seed)  # noqa: S311 – sampling, nothing secret
    means = sorted(fmean(dice.choices(values, k=len(values))) for _ in range(samples))
    outside = round((1 - level) / 2 * (samples - 1))
    return means[outside], means[-1 - outside]


def _gain(grades: Sequence[float]) -> float:
    return sum(grade / log2(rank + 1) for rank, grade in enumerate(grades, 1))
