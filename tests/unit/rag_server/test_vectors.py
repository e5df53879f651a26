"""Arithmetic of dense vectors."""

import math
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from code_rag.rag_server.vectors import mean_direction, normalised, vector_key

numbers = st.floats(-100, 100).filter(lambda number: number == 0 or abs(number) > 1e-3)


@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=9))
def test_the_mean_lies_between(pairs: list[tuple[float, float]]) -> None:
    """The mean of two vectors has length 1, and is as similar to the one as to the other."""
    first, second = (normalised(vector) for vector in zip(*pairs, strict=True))
    middle = mean_direction(first, second)
    opposite = not any(a + b for a, b in zip(first, second, strict=True))
    if any(first) and any(second) and not opposite and math.dist(first, [-b for b in second]) > 1e-6:
        assert math.hypot(*middle) == pytest.approx(1)
        one, other = (sum(a * b for a, b in zip(middle, v, strict=True)) for v in (first, second))
        assert one == pytest.approx(other, abs=1e-6)


def test_special_vectors() -> None:
    """A zero vector stays, and of two opposite ones the second counts."""
    assert normalised([0.0, 0.0]) == [0.0, 0.0]
    assert mean_direction([1.0, 0.0], [-1.0, 0.0]) == [-1.0, 0.0]


@given(st.text(), st.text())
def test_a_key_is_a_text(one: str, other: str) -> None:
    """Two texts have the same key only if they are the same."""
    assert (vector_key(one) == vector_key(other)) == (one == other)
    assert str(UUID(vector_key(one))) == vector_key(one)
