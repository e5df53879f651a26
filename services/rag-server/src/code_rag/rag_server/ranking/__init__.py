"""Ranks the candidates of a search: evidence of both searches, plus what names, files and places say.

Each rule adds a part to a candidate's score or reduces it by a share. All scales are absolute, so that scores
can be compared from query to query.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from math import exp

from code_rag.rag_server.lexical import encode_query
from code_rag.rag_server.model import Candidate, Candidates, Hit
from code_rag.rag_server.ranking.copies import collapse
from code_rag.rag_server.ranking.definitions import definition
from code_rag.rag_server.ranking.evidence import meaning_shares, word_shares, word_weights
from code_rag.rag_server.ranking.files import file_shares, later_factors
from code_rag.rag_server.ranking.names import file_match, symbol_match
from code_rag.rag_server.ranking.places import (
    REEXPORT_FACTOR,
    SUPERSEDED_FACTOR,
    is_reexport,
    superseded,
    unasked,
)
from code_rag.rag_server.ranking.question import Question
from code_rag.rag_server.ranking.weights import PROSE, SYMBOL, Weights

RULES = ("definition", "file_name", "symbol_name", "file", "place", "later_chunk", "copies")
"""The rules that can be switched off one by one, to measure what each is worth."""

Parts = dict[str, float]


def rank(query: str, found: Candidates, rules: Collection[str] = RULES) -> list[Hit]:
    """All candidates as hits, best first; the parts of a hit's `explanation` add up to its score."""
    question = Question.read(query)
    candidates = found.found
    weights = SYMBOL if question.is_symbol else PROSE
    parts = _evidence(query, found, weights)
    _add_names(question, found, parts, weights, rules)
    if "file" in rules:
        _add_files(candidates, parts, weights)
    if "place" in rules:
        _reduce_by_place(question, candidates, parts)
    hits = _ordered([_hit(each, given) for each, given in zip(candidates, parts, strict=True)])
    if "copies" in rules:
        hits = collapse(hits)
    return _with_other_files(hits) if "later_chunk" in rules else hits


def _evidence(query: str, found: Candidates, weights: Weights) -> list[Parts]:
    """The parts of each candidate for meaning and words; without any vector, words count for both."""
    words = word_shares(found, len(encode_query(query).indices))
    if all(each.cosine is None for each in found.found):
        return [{"words": (weights.meaning + weights.words) * share} for share in words]
    meanings = meaning_shares(found.found)
    return [
        {"meaning": weights.meaning * meaning, "words": weights.words * share}
        for meaning, share in zip(meanings, words, strict=True)
    ]


def _add_names(
    question: Question,
    found: Candidates,
    parts: Sequence[Parts],
    weights: Weights,
    rules: Collection[str],
) -> None:
    words = word_weights(question.words, found.idf)
    for each, given in zip(found.found, parts, strict=True):
        chunk = each.chunk
        if "definition" in rules:
            given["definition"] = weights.definition * definition(question, chunk)
        if "file_name" in rules:
            of_query, of_name = file_match(words, chunk.path)
            given["file_name"] = weights.file_words * of_query + weights.file_named * of_name
        if "symbol_name" in rules:
            symbols = chunk.symbols or (chunk.symbol,)
            given["symbol_name"] = weights.symbol_name * symbol_match(words, symbols)


def _add_files(candidates: Sequence[Candidate], parts: Sequence[Parts], weights: Weights) -> None:
    evidence = [given.get("meaning", 0.0) + given["words"] for given in parts]
    shares = file_shares([each.chunk.path for each in candidates], evidence)
    for given, share in zip(parts, shares, strict=True):
        given["file"] = weights.file * share


def _reduce_by_place(question: Question, candidates: Sequence[Candidate], parts: Sequence[Parts]) -> None:
    old = superseded(each.chunk.path for each in candidates)
    # Without a word of the query in the index, as of one in another language, what it asks for is unknown.
    has_words = any(each.bm25 for each in candidates)
    for each, given in zip(candidates, parts, strict=True):
        chunk = each.chunk
        for kind in unasked(chunk.path, question.words) if has_words else ():
            _reduce(given, kind.name, kind.factor)
        if is_reexport(chunk.path, chunk.symbols):
            _reduce(given, "reexport", REEXPORT_FACTOR)
        if chunk.path in old:
            _reduce(given, "superseded", SUPERSEDED_FACTOR)


def _reduce(parts: Parts, name: str, factor: float) -> None:
    parts[name] = (factor - 1) * sum(parts.values())


def _hit(candidate: Candidate, parts: Parts) -> Hit:
    """The candidate with its score, `1 - exp(-sum)`, which stays below 1, and the parts scaled to it."""
    total = sum(parts.values())
    score = 1 - exp(-total)
    scale = score / total if total else 0.0
    explanation = {name: part * scale for name, part in parts.items() if part}
    return Hit(candidate.chunk, score, explanation, candidate.cosine, candidate.bm25)


def _with_other_files(hits: Sequence[Hit]) -> list[Hit]:
    factors = later_factors([hit.chunk.path for hit in hits])
    return _ordered([_later(hit, factor) for hit, factor in zip(hits, factors, strict=True)])


def _later(hit: Hit, factor: float) -> Hit:
    if factor == 1:
        return hit
    part = (factor - 1) * hit.score
    return replace(hit, score=hit.score + part, explanation={**hit.explanation, "later_chunk": part})


def _ordered(hits: Sequence[Hit]) -> list[Hit]:
    return sorted(hits, key=lambda hit: (-hit.score, hit.chunk.path, hit.chunk.start_line, hit.chunk.id))
