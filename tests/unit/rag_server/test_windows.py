"""The lines that a model reads which reads slowly."""

from hypothesis import given
from hypothesis import strategies as st

from code_rag.rag_server.prompting.context_budget import tokens
from code_rag.rag_server.quoting.windows import HEADER, LEAST, PLACES, windows
from code_rag.servicekit.wire.evidence import Block

WEIGHTS = {"refund": 3.0, "window": 2.0}


def a_place(*lines: str, path: str = "shop/orders.py") -> Block:
    """Lines of a file from line 11."""
    return Block(0, path, 11, lines)


def test_the_lines_with_the_telling_words_are_read() -> None:
    """Of a place that is too long they are shown, with their own line numbers and what else fits."""
    other = [f"value_{number} = {number}  # something of no interest" for number in range(60)]
    place = a_place(*other[:40], "refund_window = 30", *other[40:])

    (window,) = windows([place], WEIGHTS, 120)

    assert "refund_window = 30" in window.lines
    assert window.lines == place.excerpt(window.start_line, window.end_line).lines
    assert 3 <= len(window.lines) < 15


def test_lines_before_the_end_fill_a_window() -> None:
    """Words in the last line of a place leave no room unused."""
    place = a_place(*["value = 1  # something of no interest"] * 40, "refund_window = 30")

    (window,) = windows([place], WEIGHTS, 120)

    assert window.end_line == place.end_line
    assert len(window.lines) > 3


def test_the_best_place_has_most_of_the_room() -> None:
    """Most answers are in the first, so it has more lines than any other."""
    place = a_place(*["value = 1  # something of no interest"] * 60)

    first, *others = windows([place] * 9, WEIGHTS, 600)

    assert len(others) == PLACES - 1
    assert all(len(first.lines) > 2 * len(other.lines) for other in others)
    assert [first.number, *(other.number for other in others)] == [1, 2, 3, 4]


def test_with_little_room_there_are_fewer_places() -> None:
    """Two lines of each of four say less than some of two."""
    place = a_place(*["value = 1  # something of no interest"] * 60)

    assert len(windows([place] * 4, WEIGHTS, 2 * LEAST)) == 2


@given(
    st.lists(st.lists(st.text("refund window = 30", max_size=60), min_size=1, max_size=30), max_size=6),
    st.integers(0, 2_000),
)
def test_no_budget_is_exceeded(texts: list[list[str]], budget: int) -> None:
    """But by the one line that each place has at least."""
    chosen = windows([a_place(*lines) for lines in texts], WEIGHTS, budget)

    read = sum(HEADER + sum(tokens(line.strip()) + 1 for line in block.lines) for block in chosen)
    longest = sum(HEADER + max(tokens(line.strip()) + 1 for line in block.lines) for block in chosen)
    assert read <= budget + longest
    assert all(block.lines for block in chosen)
