"""Merges the results of the dense and the lexical search into one ranked, explained list."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from code_rag.rag_server.model import Candidates, Chunk, Explanation, Hit, Scored

PROSE_ALPHA = 0.5
SYMBOL_ALPHA = 0.3
"""The dense list's share of a fused score: a name is found by its spelling more than by its meaning."""

_SYMBOL = re.compile(
    r"""
      \w+ (?: (?: :: | \. | \#) \w+ )+   # billing::Invoice, orders.cancel, Order#cancel
    | _\w+                               # _private
    | [a-z]\w*[A-Z]\w*                   # camelCase
    | [A-Z]\w*                           # PascalCase, CONSTANT
    | [A-Za-z]\w*_\w+                    # snake_case
    """,
    re.VERBOSE,
)


def is_symbol(query: str) -> bool:
    """Whether the query is one identifier, such as `cancel_order`, `Order.cancel()` or `parseURL`."""
    return _SYMBOL.fullmatch(query.strip("` \t\n").removesuffix("()")) is not None


@dataclass(frozen=True, slots=True)
class _Place:
    """A chunk's score and rank in one search, and `share`, its min-max normalised score."""

    score: float | None = None
    rank: int | None = None
    share: float = 0.0


_ABSENT = _Place()


def fuse(query: str, found: Candidates) -> list[Hit]:
    """Rank all candidates by `alpha * dense + (1 - alpha) * lexical`, each list min-max normalised.

    A candidate missing from one list counts as 0 there; without a dense list only the lexical one counts.
    """
    alpha = 0.0 if not found.dense else SYMBOL_ALPHA if is_symbol(query) else PROSE_ALPHA
    dense, lexical = _places(found.dense), _places(found.sparse)
    chunks = {scored.chunk.id: scored.chunk for scored in (*found.dense, *found.sparse)}
    hits = [
        _hit(chunk, alpha, dense.get(id, _ABSENT), lexical.get(id, _ABSENT)) for id, chunk in chunks.items()
    ]
    return sorted(hits, key=_best_first)


def _hit(chunk: Chunk, alpha: float, dense: _Place, lexical: _Place) -> Hit:
    explanation = Explanation(alpha, dense.score, dense.rank, lexical.score, lexical.rank)
    return Hit(chunk, alpha * dense.share + (1 - alpha) * lexical.share, explanation)


def _places(found: Sequence[Scored]) -> dict[str, _Place]:
    """The place of each chunk by its id; shares are min-max normalised, all 1 where the scores are equal."""
    scores = [scored.score for scored in found]
    low, high = min(scores, default=0.0), max(scores, default=0.0)
    return {
        scored.chunk.id: _Place(
            scored.score, rank, (scored.score - low) / (high - low) if high > low else 1.0
        )
        for rank, scored in enumerate(found, start=1)
    }


def _best_first(hit: Hit) -> tuple[float, str, int, str]:
    return -hit.score, hit.chunk.path, hit.chunk.start_line, hit.chunk.id
