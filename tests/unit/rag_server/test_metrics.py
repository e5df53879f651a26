"""The measures of a ranking, against values worked out by hand and against what must always hold."""

from math import log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from code_rag.rag_server.evaluation.metrics import bootstrap_interval, ndcg, recall, reciprocal_rank

GRADES = st.lists(st.integers(0, 2), max_size=15)


def test_ndcg_by_hand() -> None:
    """A grade counts divided by the logarithm of its rank, over what the ideal order would give."""
    ideal = 2 + 1 / log2(3)
    assert ndcg([2, 1], [1, 2]) == 1.0
    assert ndcg([1, 0, 2], [2, 1]) == pytest.approx((1 + 2 / log2(4)) / ideal)
    assert ndcg([0, 0, 2], [2], k=2) == 0.0
    assert ndcg([], []) == 0.0


def test_recall_and_reciprocal_rank_by_hand() -> None:
    """Recall counts what is found among all that is relevant, the reciprocal rank only the first."""
    assert recall([0, 1, 0, 2], relevant=4) == 0.5
    assert recall([0, 1, 0, 2], relevant=4, k=1) == 0.0
    assert recall([1], relevant=0) == 0.0
    assert reciprocal_rank([0, 1, 2]) == 0.5
    assert reciprocal_rank([0, 0, 1], k=2) == 0.0


@given(GRADES)
def test_measures_are_shares(grades: list[int]) -> None:
    """Every measure is between 0 and 1, and 1 exactly for the ideal order."""
    found = [grade for grade in grades if grade]
    assert 0 <= ndcg(grades, found) <= 1 + 1e-9
    assert 0 <= recall(grades, len(found)) <= 1
    assert 0 <= reciprocal_rank(grades) <= 1
    if found:
        assert ndcg(sorted(grades, reverse=True), found) == pytest.approx(1)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20), st.integers(0, 9))
def test_an_interval_lies_within_the_values(values: list[float], seed: int) -> None:
    """An interval is ordered, lies between the smallest and largest value, and repeats with its seed."""
    low, high = bootstrap_interval(values, seed, samples=50)
    assert min(values) - 1e-9 <= low <= high <= max(values) + 1e-9
    assert bootstrap_interval(values, seed, samples=50) == (low, high)


def test_more_values_narrow_the_interval() -> None:
    """An interval covers the mean, and a hundred times the values make it some ten times narrower."""
    few, many = bootstrap_interval([0, 1] * 5), bootstrap_interval([0, 1] * 500)
    assert few[0] < 0.5 < few[1]
    assert (many[1] - many[0]) < (few[1] - few[0]) / 5


def test_no_values_have_no_interval() -> None:
    """The interval of nothing is an error, not a number."""
    with pytest.raises(ValueError, match="at least one value"):
        bootstrap_interval([])
