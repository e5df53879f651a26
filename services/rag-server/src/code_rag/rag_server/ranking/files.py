"""Chunks of one file: several good ones speak for it, but a list of hits should show other files too."""

from collections import Counter, defaultdict
from collections.abc import Sequence

LATER = 0.8
"""What is left of the score of each further chunk of a file, compared with the one before it."""


def file_shares(paths: Sequence[str], scores: Sequence[float]) -> list[float]:
    """For the best chunk of each file, the sum of the file's scores on the scale of `scores`; else 0.

    The file with the highest sum gets as much as the highest of the scores.
    """
    sums: defaultdict[str, float] = defaultdict(float)
    best: dict[str, int] = {}
    for index, (path, score) in enumerate(zip(paths, scores, strict=True)):
        sums[path] += score
        if path not in best or score > scores[best[path]]:
            best[path] = index
    highest = max(sums.values(), default=0.0)
    scale = max(scores) / highest if highest else 0.0
    shares = [0.0] * len(paths)
    for path, index in best.items():
        shares[index] = sums[path] * scale
    return shares


def later_factors(paths: Sequence[str]) -> list[float]:
    """For chunks in order, best first: 1 for the first of a file, then `LATER` times the one before."""
    seen: Counter[str] = Counter()
    factors = []
    for path in paths:
        factors.append(LATER ** seen[path])
        seen[path] += 1
    return factors
