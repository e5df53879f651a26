"""What the two searches say about a chunk, on scales that are the same for every query."""

from collections.abc import Mapping, Sequence
from statistics import fmean

from code_rag.rag_server.lexical import K1, term_id
from code_rag.rag_server.model import Candidate, Candidates

FULL_MATCH = 0.8
"""The share of the highest possible BM25 that counts as a full match: no chunk reaches all of it."""

UNKNOWN = 0.9
"""A chunk without vector is taken to be as close in meaning as this quantile of those that have one.

So vectors that are there do not push a chunk up over others whose vectors are still to come.
"""


def word_shares(found: Candidates, terms: int) -> list[float]:
    """For each candidate its BM25, between 0 and 1 for each of the query's `terms`, often.

    A term that is nowhere in the index weighs as much as the rarest one that is, and one whose frequency was
    not looked up as much as the others at the mean.
    """
    rarest = max(found.idf.values(), default=0.0)
    weights = [idf or rarest for idf in found.idf.values()]
    ideal = fmean(weights) * terms * (K1 + 1) * FULL_MATCH if weights else 0.0
    return [min(candidate.bm25 / ideal, 1.0) if ideal else 0.0 for candidate in found.found]


def word_weights(words: Sequence[str], idf: Mapping[int, float]) -> dict[str, float]:
    """How much each word of the query weighs: its idf, or that of the rarest one where it is unknown or 0."""
    rarest = max(idf.values(), default=0.0) or 1.0
    return {word: idf.get(term_id(word), 0.0) or rarest for word in words}


def meaning_shares(candidates: Sequence[Candidate]) -> list[float]:
    """For each candidate its cosine, 0 if negative; `UNKNOWN` says what stands for a missing one."""
    known = sorted(each.cosine for each in candidates if each.cosine is not None and each.bm25)
    unknown = known[int(UNKNOWN * (len(known) - 1))] if known else 0.0
    return [max(unknown if each.cosine is None else each.cosine, 0.0) for each in candidates]
