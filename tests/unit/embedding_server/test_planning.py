"""How texts are grouped for inference."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from code_rag.embedding_server.planning import plan_batches

BATCH_TOKENS = 512

lengths_of_texts = st.lists(st.integers(2, 256), max_size=60)


@given(lengths=lengths_of_texts)
def test_every_text_is_in_exactly_one_batch(lengths: list[int]) -> None:
    """Whatever the lengths, each index occurs once."""
    planned = [index for batch in plan_batches(lengths, BATCH_TOKENS) for index in batch]
    assert sorted(planned) == list(range(len(lengths)))


@given(lengths=lengths_of_texts)
def test_batches_keep_to_the_budget(lengths: list[int]) -> None:
    """A batch has no more padded tokens than the budget."""
    for batch in plan_batches(lengths, BATCH_TOKENS):
        assert len(batch) * max(lengths[index] for index in batch) <= BATCH_TOKENS


@given(lengths=lengths_of_texts)
def test_neighbours_are_of_similar_length(lengths: list[int]) -> None:
    """Batches come shortest first, and no text is longer than one of a later batch."""
    planned = [lengths[index] for batch in plan_batches(lengths, BATCH_TOKENS) for index in batch]
    assert planned == sorted(planned)


@pytest.mark.parametrize(
    ("lengths", "batches"),
    [
        ([], []),
        ([10, 12, 11], [[0, 2, 1]]),
        ([2, 256], [[0], [1]]),
        ([40, 8, 8, 8], [[1, 2, 3], [0]]),
        ([256, 256, 256], [[0, 1], [2]]),
    ],
    ids=["none", "alike", "short and long", "one longer", "full"],
)
def test_a_text_joins_where_padding_costs_less_than_an_inference(
    lengths: list[int], batches: list[list[int]]
) -> None:
    """Texts of similar length share a batch up to the budget; one that would pad the others much does not."""
    assert plan_batches(lengths, BATCH_TOKENS) == batches
