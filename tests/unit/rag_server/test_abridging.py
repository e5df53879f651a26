"""Long comments in excerpts."""

from hypothesis import given
from hypothesis import strategies as st

from code_rag.rag_server.quoting.abridging import WORTH_LEAVING_OUT, left_out

DEFINITION = '''\
def cancel(order, reason):
    """Cancel an order.

    Args:
        order: The order.
        reason: Why; shown on the refund.
        other: Unused.

    Returns:
        The order.
    """
    return order'''


def test_a_docstring_is_its_first_paragraph_and_what_was_asked_for() -> None:
    """Its other lines are left out, unless they have a telling word or are too few to matter."""
    lines = DEFINITION.split("\n")

    assert left_out(lines, {"refund"}) == {2, 3, 4, 6, 7, 8, 9, 10}
    assert left_out(lines, set()) == set(range(2, 11))


def test_block_comments_are_abridged_like_docstrings() -> None:
    """In languages with braces too."""
    lines = ["/**", " * Cancel an order.", " *", " * @param order", " * @param reason", " */", "cancel();"]

    assert left_out(lines, set()) == {2, 3, 4, 5}


def test_code_is_never_left_out() -> None:
    """Neither what follows a comment nor a string that ends in its own line."""
    assert left_out(['"""One line."""', "a", "b", "c", "d"], set()) == set()


@given(st.lists(st.sampled_from(['"""', "'''", "/*", "*/", "", "word", '    """Text', "x = 1"]), max_size=30))
def test_what_is_left_out_comes_in_runs(lines: list[str]) -> None:
    """Whatever the text, no single line is left out, and never the first of a file."""
    hidden = left_out(lines, {"word"})
    runs = [index for index in hidden if index - 1 not in hidden]

    assert hidden <= set(range(1, len(lines)))
    assert all({start + n for n in range(WORTH_LEAVING_OUT)} <= hidden for start in runs)
