"""Finding an answer's citation markers, and writing them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from code_rag.servicekit.wire.markers import Reference, marker, parse

NUMBER = st.integers(0, 999_999_999)


@given(NUMBER, st.none() | NUMBER, NUMBER)
def test_what_is_written_is_found(block: int, start: int | None, end: int) -> None:
    """A marker that we write points to the block and the lines it was written for."""
    written = marker(block, start, end)
    assert parse(f"So it is {written}.") == (
        Reference(written, block, start, None if start is None else end),
    )


@pytest.mark.parametrize(
    ("answer", "references"),
    [
        ("See [1].", [Reference("[1]", 1)]),
        ("See [2:3-14].", [Reference("[2:3-14]", 2, 3, 14)]),
        ("See [2:3].", [Reference("[2:3]", 2, 3, 3)]),
        ("See [1][2:3-4].", [Reference("[1]", 1), Reference("[2:3-4]", 2, 3, 4)]),
        ("See [1, 3].", [Reference("[1, 3]", 1), Reference("[1, 3]", 3)]),
        ("See [1:2-3,4].", [Reference("[1:2-3,4]", 1, 2, 3), Reference("[1:2-3,4]", 4)]),
        ("It (maybe)[1] is so [1].", [Reference("[1]", 1)]),
    ],
)
def test_markers_are_found_in_order_and_once(answer: str, references: list[Reference]) -> None:
    """Every form of marker is read, several in a row too, and a repeated one counts once."""
    assert parse(answer) == tuple(references)


@pytest.mark.parametrize(
    "answer",
    [
        "rows[0]", "rows[0][1]", "x][1]", "`a = [1]`", "``b ` [1]``", "```python\nx = [1]\n```",
        "~~~\n[1]\n~~~", "```\nunclosed [1]", "  ```\n  [1]\n  ```", "[]", "[a]", "[1:]", "[1-2]",
        "[:1]", "[-1]", "[1:2-3-4]", "[1234567890]",
    ],
)  # fmt: skip
def test_indices_code_and_other_brackets_are_no_markers(answer: str) -> None:
    """An index after a word, anything inside code, and what is not of the form is left alone."""
    assert parse(answer) == ()


def test_text_after_a_code_block_is_read_again() -> None:
    """A closed code block hides its own brackets only."""
    assert parse("```py\nx = [1]\n```\nso [2] and ```[3]``` then [4]") == (
        Reference("[2]", 2),
        Reference("[4]", 4),
    )
