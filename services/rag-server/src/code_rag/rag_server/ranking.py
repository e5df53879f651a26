"""Turns what the dense and the lexical search found into one ranked, explained list."""

import re
from collections.abc import Sequence

from code_rag.rag_server.model import Chunk, Hit

Found = Sequence[tuple[Chunk, float]]
"""The chunks of one search with that search's own score, best first."""

PROSE_ALPHA = 0.5
SYMBOL_ALPHA = 0.3
"""The dense list's share of a fused score: a name is looked up by its letters more than by its meaning."""

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


def fuse(query: str, dense: Found, lexical: Found) -> list[Hit]:
    """Rank all candidates by `alpha * dense + (1 - alpha) * lexical`, each list min-max normalised.

    A candidate that one list lacks counts as 0 there; without a dense list the lexical one decides alone.
    The explanation holds the score and the rank in each list that has the candidate, and `alpha`.
    """
    alpha = 0.0 if not dense else SYMBOL_ALPHA if is_symbol(query) else PROSE_ALPHA
    chunks = {chunk.id: chunk for chunk, _ in (*dense, *lexical)}
    explanations: dict[str, dict[str, float]] = {id: {"alpha": alpha} for id in chunks}
    scores = dict.fromkeys(chunks, 0.0)
    for name, weight, found in (("dense", alpha, dense), ("lexical", 1 - alpha, lexical)):
        for rank, ((chunk, score), share) in enumerate(zip(found, _min_max(found), strict=True), start=1):
            explanations[chunk.id] |= {name: score, f"{name}_rank": rank}
            scores[chunk.id] += weight * share
    hits = [Hit(chunk, scores[id], {**explanations[id]}) for id, chunk in chunks.items()]
    return sorted(hits, key=_best_first)


def _min_max(found: Found) -> list[float]:
    """The scores stretched to 0..1; all 1 where they are all the same."""
    scores = [score for _, score in found]
    low, high = min(scores, default=0.0), max(scores, default=0.0)
    return [(score - low) / (high - low) if high > low else 1.0 for score in scores]


def _best_first(hit: Hit) -> tuple[float, str, int, str]:
    return -hit.score, hit.chunk.path, hit.chunk.start_line, hit.chunk.id
