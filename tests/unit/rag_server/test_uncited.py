"""Which sentences of an answer cite nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from code_rag.rag_server.citing.uncited import note, statements


@pytest.mark.parametrize(
    ("answer", "missing", "all_"),
    [
        ("It is so [1].", 0, 1),
        ("It is so. [1]", 0, 1),
        ("It is so. And so [1]. Then not.", 1, 3),
        ("It is so [1].\n\nNot here.", 1, 2),
        ("The parts are:\n\n- one [1]\n- two\n", 1, 2),
        ("# Title\n\nIt is so [1].\n\n```py\nx = 1. Not so.\n```", 0, 1),
        ("See `a.b. C` here [1].", 0, 1),
        ("It takes 1.5 s, e.g. here [1].", 0, 1),
        ("| a | b |\n|---|---|\n| c | d [1] |", 0, 1),
        ("", 0, 0),
        ("취소한다. 그렇다 [1].", 0, 2),
        ("これはそうです。違います。", 2, 2),
    ],
)
def test_sentences_without_a_citation_are_counted(answer: str, missing: int, all_: int) -> None:
    """A marker speaks for its sentence and those before it in the paragraph; code says nothing."""
    found = statements(answer)

    assert (sum(not cited for _, cited in found), len(found)) == (missing, all_)
    assert bool(note(answer)) == bool(missing)


def test_the_note_is_a_sentence() -> None:
    """In the singular and the plural."""
    assert note("One. Two [1]. Three.") == "1 of 3 sentences cites nothing"
    assert note("One. Two.") == "2 of 2 sentences cite nothing"


@given(st.text(alphabet="ab.[]1:`\n -#|。", max_size=200))
def test_no_answer_breaks_it(answer: str) -> None:
    """Whatever the text is, its sentences are found."""
    assert all(sentence.strip() for sentence, _ in statements(answer))


@pytest.mark.parametrize("piece", ["a", ". ", "[1]", "\n", "- ", "# ", "`", "*", "-"])
def test_a_flood_takes_linear_time(piece: str) -> None:
    """Repetition is read without a search that goes back and forth."""
    statements(piece * 20_000)
