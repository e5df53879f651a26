"""Fusing what the dense and the lexical search found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from code_rag.rag_server.model import Candidates, Chunk, Explanation, Scored
from code_rag.rag_server.ranking import fuse, is_symbol
from tests.unit.rag_server.answer_fakes import a_chunk

A, B, C = (a_chunk(path=f"{name}.py") for name in "abc")
Found = list[tuple[Chunk, float]]
SCORES = st.floats(min_value=-1e6, max_value=1e6)


def candidates(dense: Found, lexical: Found) -> Candidates:
    """What the store found, from pairs of a chunk and a score."""
    return Candidates(*(tuple(Scored(chunk, score) for chunk, score in each) for each in (dense, lexical)))


@st.composite
def found(draw: st.DrawFn) -> Found:
    """A list as a search returns it: distinct chunks, best first."""
    names = draw(st.lists(st.sampled_from("abcdefgh"), unique=True))
    scores = sorted((draw(SCORES) for _ in names), reverse=True)
    return [(a_chunk(path=f"{name}.py"), score) for name, score in zip(names, scores, strict=True)]


@pytest.mark.parametrize(
    "query",
    [
        "cancel_order", "Order.cancel()", "billing::Invoice", "_private", "parseURL", "Invoice", "`MAX_ROWS`",
        "Order#cancel", "orders.py",
    ],
)  # fmt: skip
def test_one_identifier_is_a_symbol_query(query: str) -> None:
    """A query that is one identifier, bare, quoted or called, counts as a symbol."""
    assert is_symbol(query)


@pytest.mark.parametrize(
    "query", ["refund", "how are orders cancelled", "Order cancel", "", "()", "a-b", "?"]
)
def test_prose_is_not_a_symbol_query(query: str) -> None:
    """Plain words, several words and mere punctuation do not count as a symbol."""
    assert not is_symbol(query)


def test_a_chunk_that_both_searches_like_comes_first() -> None:
    """The fused score is the weighted sum of both normalised scores, and the explanation holds the parts."""
    hits = fuse(
        "cancel an order", candidates(dense=[(A, 0.9), (B, 0.8), (C, 0.1)], lexical=[(B, 12.0), (C, 2.0)])
    )

    assert [hit.chunk for hit in hits] == [B, A, C]
    assert hits[0].score == pytest.approx(0.5 * 0.875 + 0.5 * 1)
    assert hits[0].explanation == Explanation(
        alpha=0.5, dense=0.8, dense_rank=2, lexical=12.0, lexical_rank=1
    )
    assert hits[1].explanation == Explanation(alpha=0.5, dense=0.9, dense_rank=1)


def test_a_symbol_query_trusts_the_letters_more() -> None:
    """The best lexical match of a name beats the best dense one; in prose both weigh the same."""
    dense, lexical = [(A, 0.9), (B, 0.1)], [(B, 5.0), (A, 1.0)]

    assert fuse("cancelOrder", candidates(dense, lexical))[0].chunk == B
    prose = fuse("cancel the order", candidates(dense, lexical))
    assert prose[0].score == prose[1].score


def test_without_vectors_the_lexical_order_stands() -> None:
    """With no dense list the scores are the normalised lexical ones alone."""
    hits = fuse("cancel an order", candidates(dense=[], lexical=[(C, 7.0), (A, 3.0), (B, 1.0)]))

    assert [(hit.chunk, hit.score) for hit in hits] == [(C, 1.0), (A, pytest.approx(1 / 3)), (B, 0.0)]


def test_equal_scores_are_ordered_by_place() -> None:
    """Ties go by path and line, so that the same index always answers alike."""
    later = a_chunk(path="a.py", start=9)

    hits = fuse("order", candidates(dense=[], lexical=[(C, 1.0), (later, 1.0), (A, 1.0)]))

    assert [(hit.chunk, hit.score) for hit in hits] == [(A, 1.0), (later, 1.0), (C, 1.0)]


@given(st.text(max_size=20), found(), found())
def test_every_candidate_is_ranked_once_between_0_and_1(query: str, dense: Found, lexical: Found) -> None:
    """Whatever is found: each chunk appears exactly once, scores fall and stay within 0..1."""
    hits = fuse(query, candidates(dense, lexical))

    assert sorted(hit.chunk.id for hit in hits) == sorted({chunk.id for chunk, _ in (*dense, *lexical)})
    scores = [hit.score for hit in hits]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 + 1e-9 for score in scores)
