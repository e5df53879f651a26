"""Arithmetic of dense vectors."""

import math
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from code_rag.rag_server.vectors import as_kept, normalised, packed, unpacked, vector_key

numbers = st.floats(-100, 100).filter(lambda number: number == 0 or abs(number) > 1e-3)


@given(st.lists(numbers, min_size=1, max_size=9))
def test_a_normalised_vector_has_length_1(vector: list[float]) -> None:
    """The direction stays, and so does a zero vector."""
    assert math.hypot(*normalised(vector)) == pytest.approx(1 if any(vector) else 0)


@given(st.text(), st.text())
def test_a_key_is_a_text(one: str, other: str) -> None:
    """Two texts have the same key only if they are the same."""
    assert (vector_key(one) == vector_key(other)) == (one == other)
    assert str(UUID(vector_key(one))) == vector_key(one)


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=32))
def test_a_kept_vector_stays_as_it_is(vector: list[float]) -> None:
    """What is kept of a vector is kept of it again: a vector from the cache is the one that was computed."""
    kept = as_kept(vector)
    assert unpacked(packed(kept)) == kept
