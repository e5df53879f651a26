"""What a model reads of files: within its budget, and with nothing hidden."""

from hypothesis import given
from hypothesis import strategies as st

from code_rag.rag_server.mcp.quoted import clipped, fitting, shown
from code_rag.rag_server.prompting.context_budget import tokens

texts = st.lists(st.text(max_size=60), max_size=12)


@given(texts, st.integers(0, 200))
def test_as_many_items_as_fit_and_not_one_more(items: list[str], budget: int) -> None:
    """The items that are taken cost no more than the budget, and with the next one they do."""
    count = fitting(items, budget, str)
    costs = [tokens(item) + 1 for item in items]
    assert sum(costs[:count]) <= budget
    assert count == len(items) or sum(costs[: count + 1]) > budget


@given(st.text(max_size=400), st.integers(1, 50))
def test_a_clipped_line_says_how_much_is_missing(line: str, budget: int) -> None:
    """A short line stays; a long one is its start and the number of characters that are left out."""
    start, mark, rest = clipped(line, budget).rpartition("… (")
    if len(line) <= 3 * budget:
        assert clipped(line, budget) == line
    else:
        assert line.startswith(start)
        assert (mark, rest) == ("… (", f"{len(line) - len(start)} more characters)")


def test_hidden_characters_are_written_out() -> None:
    """What would be invisible or reorder a line is shown by its code, and carriage returns are dropped."""
    assert shown(["a\u202eb\r", "\x1b[31mred", "\ttab"]) == ["a<U+202E>b", "<U+001B>[31mred", "\ttab"]
