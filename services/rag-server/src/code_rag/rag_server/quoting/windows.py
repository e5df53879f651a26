"""The lines of each place that say most about a question, for a model that reads slowly."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate

from code_rag.rag_server.prompting.brief import LINE_CHARS
from code_rag.rag_server.prompting.context_budget import tokens
from code_rag.rag_server.quoting.wording import matched
from code_rag.servicekit.wire.evidence import Block

PLACES = 4
"""At most so many; each is too short to understand if there are more."""
LEAST = 90
"""Tokens of a place, some six lines: with a smaller budget there are fewer places."""
FIRST_COUNTS = 3
"""The best place counts for so many: most answers are there."""
HEADER = 16
"""Tokens of the line above a place."""


def windows(places: Sequence[Block], weights: Mapping[str, float], budget: int) -> tuple[Block, ...]:
    """The best lines of the first places, numbered from 1, within `budget` tokens.

    `weights` are those of the telling words of the question. What a short place leaves is for those after it.
    """
    count = min(len(places), PLACES, max(1, budget // LEAST))
    chosen: list[Block] = []
    for number, place in enumerate(places[:count], start=1):
        counts = FIRST_COUNTS if number == 1 else 1
        share = budget * counts // (count - number + counts)
        window = _window(place, weights, share - HEADER)
        budget -= HEADER + sum(map(_cost, window.lines))
        chosen.append(replace(window, number=number))
    return tuple(chosen)


def _window(place: Block, weights: Mapping[str, float], budget: int) -> Block:
    """The consecutive lines within the budget with the most weight; of equal ones the first."""
    sums = [0, *accumulate(map(_cost, place.lines))]
    said = [matched(weights, line) for line in place.lines]
    ends = [_end(sums, start, budget) for start in range(len(place.lines))]
    start = max(range(len(ends)), key=lambda at: (_worth(said[at : ends[at]], weights), -at))
    # A window that ends with the place may have room before it.
    while start and sums[ends[start]] - sums[start - 1] <= budget:
        start -= 1
    return place.excerpt(place.start_line + start, place.start_line + max(ends[start], start + 1) - 1)


def _cost(line: str) -> int:
    return tokens(line.strip()[:LINE_CHARS]) + 1


def _end(sums: Sequence[int], start: int, budget: int) -> int:
    """The index after the last line that fits."""
    return max(end for end in range(start, len(sums)) if end == start or sums[end] - sums[start] <= budget)


def _worth(said: Iterable[Collection[str]], weights: Mapping[str, float]) -> float:
    """The weight of the words that are said; said again, a word counts a tenth."""
    lines = list(said)
    once = set().union(*lines)
    return sum(weights[word] for word in once) + sum(weights[word] for line in lines for word in line) / 10
