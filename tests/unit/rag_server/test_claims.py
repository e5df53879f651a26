"""Finding what an answer claims."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from code_rag.rag_server.citing.claims import claims
from code_rag.servicekit.wire import markers

TEXT = st.lists(
    st.sampled_from(["[1]", "[2:3-4]", "a", " ", "\n", "\n\n", ". ", "- ", "```\n", "`", "[1, 2]", "。", "|"])
).map("".join)


def found(answer: str) -> list[tuple[str, set[str]]]:
    """Each claim with its markers."""
    known = [reference.marker for reference in markers.parse(answer)]
    return [(claim.text, set(claim.markers)) for claim in claims(answer, known)]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("One. Two [1].", ["Two"]),
        ("One [1]; two [2].", ["One", "; two"]),
        ("One. [1] Two. [2]", ["One.", "Two."]),
        ("[1] says one. Two.", ["says one"]),
        ("Zero.\n\nOne\nline [1]", ["One\nline"]),
        ("# Title [1]\n- one [2]\n2. two\n   more [3]", ["Title", "one", "two\n   more"]),
        ("| a | b [1] |", ["a | b"]),
        ("하나。둘 [1]。", ["둘"]),
        ("Uses `a. b` and `[9]` [1]", ["Uses `a. b` and `[9]`"]),
        ("No marker, an index rows[0]", []),
    ],
)
def test_a_claim_is_the_sentence_or_item_before_its_marker(answer: str, expected: list[str]) -> None:
    """Sentences, clauses between markers, list items, titles and table rows are claims of their own."""
    assert [text for text, _ in found(answer)] == expected


def test_markers_side_by_side_stand_behind_one_claim() -> None:
    """A run of markers is one, whatever separates them."""
    assert found("One [1][2:3], [3]. Two [4]") == [("One", {"[1]", "[2:3]", "[3]"}), ("Two", {"[4]"})]


def test_code_below_a_title_belongs_to_it() -> None:
    """The quoted lines come without their numbers and gaps; code further below is none of it."""
    code = "```py\n 3| def a():\n  ⋯\n12|     return 1\n```"
    answer = f"Method `a` [1:3]\n\n{code}\n\nMore [2].\n\nText.\n\n```\nb\n```"

    first, second = claims(answer, ["[1:3]", "[2]"])

    assert (first.text, first.quote) == ("Method `a`", ("def a():", "return 1"))
    assert second.quote == ()


@given(TEXT)
def test_every_marker_has_a_claim(answer: str) -> None:
    """Whatever the answer looks like, each marker stands behind a piece of it."""
    known = {reference.marker for reference in markers.parse(answer)}

    each = list(claims(answer, known))

    assert {marker for claim in each for marker in claim.markers} == known
    assert all(claim.text in answer for claim in each)
