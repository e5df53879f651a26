"""Words of a question that are nowhere in the index."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from code_rag.rag_server.lexical import encode_query
from code_rag.rag_server.quoting.spelling import is_one_mistake, respelled

CODE = "def export_html(self): return self.console.default_colors(connection)"


def idf_of(question: str, known: str = CODE) -> dict[int, float]:
    """The terms of the question: 2 for those in the code, 0 for the others."""
    indexed = set(encode_query(known).indices)
    return {term: 2.0 if term in indexed else 0.0 for term in encode_query(question).indices}


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("how do i exprot the console to html", "how do i export the console to html"),
        ("what is the deafult", "what is the default"),
        ("when is a conection made", "when is a connection made"),
        ("where are the defoult colors", "where are the default colors"),
    ],
)
def test_one_mistake_in_a_word_is_corrected(asked: str, meant: str) -> None:
    """Letters swapped, missing, added or mistaken for others give the word of the code."""
    assert respelled(asked, idf_of(asked), [CODE]) == meant


@pytest.mark.parametrize(
    "asked",
    [
        "how are passwd files read",  # nothing near it
        "how does exportHtml work",  # known
        "where is eXprot defined",  # a name
    ],
)
def test_words_that_may_be_meant_stay(asked: str) -> None:
    """A word that is known, is a name, or resembles none of the code is asked for as it is."""
    assert respelled(asked, idf_of(asked), [CODE]) == asked


@given(st.text("abcdefgh", min_size=5, max_size=12), st.integers(0, 4))
def test_a_letter_less_or_two_swapped_are_one_mistake(word: str, at: int) -> None:
    """Whichever letter it is."""
    missing = word[:at] + word[at + 1 :]
    swapped = word[:at] + word[at : at + 2][::-1] + word[at + 2 :]

    assert is_one_mistake(missing, word)
    assert is_one_mistake(word, missing)
    assert swapped == word or is_one_mistake(swapped, word)


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_one_mistake_goes_both_ways(one: str, other: str) -> None:
    """If one word is the other with a mistake, the other is the one with a mistake; no word is its own."""
    assert is_one_mistake(one, other) == is_one_mistake(other, one)
    assert not is_one_mistake(one, one)
