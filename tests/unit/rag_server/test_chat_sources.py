"""What a chat shows below an answer."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from code_rag.rag_server.answer import Answer, AnswerState, Citation
from code_rag.rag_server.routes.chat.sources import appendix, closing
from tests.unit.rag_server.answer_fakes import a_chunk, a_hit

HIT = a_hit(a_chunk("shop/__init__.py", 1, "a\nb\nc", symbol="Order.cancel"))
PAGE = "http://h/"


def an_answer(text: str, *citations: Citation, state: AnswerState = "answered") -> Answer:
    """An answer over one hit."""
    return Answer(text, citations, (HIT,), "m", (), state=state)


def cited(marker: str, start: int, end: int, path: str = "shop/__init__.py") -> Citation:
    """A citation that is supported."""
    return Citation(marker, path, start, end, "supported")


def test_each_place_is_listed_once_by_its_markers_number() -> None:
    """Markers with two targets and repeated ones lead to one line for each place."""
    answer = an_answer(
        "Yes [1, 2:3-4]. And [1][2:3].",
        cited("[1, 2:3-4]", 1, 3),
        cited("[1, 2:3-4]", 3, 4, "b c.py"),
        cited("[2:3]", 3, 3, "b c.py"),
    )
    answer = replace(answer, citations=(*answer.citations[:2], cited("[1]", 1, 3), answer.citations[2]))

    assert appendix(answer, answer.text, PAGE) == (
        "\n\nSources:\n"
        "- [1] [`shop/__init__.py:1-3`](http://h/#file=shop/__init__.py:1-3) `Order.cancel`\n"
        "- [2] [`b c.py:3-4`](http://h/#file=b%20c.py:3-4)\n"
        "- [2] [`b c.py:3-3`](http://h/#file=b%20c.py:3-3)"
    )


def test_an_invented_source_is_named_as_such() -> None:
    """What does not exist has no link, and says why; what is in doubt says that."""
    answer = an_answer(
        "Sure [9]. Also [1:40]. Perhaps [1:2].",
        Citation("[9]", "", 0, 0, "missing", "there is no block 9"),
        Citation("[1:40]", "a.py", 40, 40, "missing", "block 1 contains only lines 1-3"),
        Citation("[1:2]", "a.py", 2, 2, "exists", "the lines hold few words of the claim"),
    )

    assert appendix(answer, answer.text, PAGE) == (
        "\n\nSources:\n"
        "- [9] does not exist: there is no block 9\n"
        "- [1] `a.py:40-40` does not exist: block 1 contains only lines 1-3\n"
        "- [1] [`a.py:2-2`](http://h/#file=a.py:2-2) (the lines hold few words of the claim)"
    )


def test_only_what_is_shown_has_sources() -> None:
    """Where the text is shortened, places that it no longer cites are not listed."""
    answer = an_answer("A [1:1]. B [1:2].", cited("[1:1]", 1, 1), cited("[1:2]", 2, 2))

    assert "1-1" in appendix(answer, "A [1:1].", PAGE)
    assert "2-2" not in appendix(answer, "A [1:1].", PAGE)


@pytest.mark.parametrize(
    ("state", "text", "says"),
    [
        ("answered", "Yes.", ""),
        ("unsure", "Perhaps.", "Unsure: these are the nearest places, and they may not answer the question."),
        ("unsure", "Unsure, but the nearest is this.", ""),
        ("not_found", "No idea.", "Not found in the indexed code."),
        ("not_found", "Not found in the indexed code. (Without vectors.)", ""),
        ("unsupported", "Yes.", "Not supported by any source: the answer cites no line of the code."),
    ],
)
def test_the_state_is_said_in_words_once(state: AnswerState, text: str, says: str) -> None:
    """A state that the text itself says is not repeated."""
    assert appendix(an_answer(text, state=state), text, PAGE).strip() == says


def test_notes_stand_once_and_below() -> None:
    """The question as understood and what was unavailable end the text."""
    answer = replace(an_answer("Yes."), understood="where is X set?", degraded=("no vectors", "no vectors"))

    assert appendix(answer, answer.text, PAGE) == "\n\nSearched for: where is X set?\n\nNote: no vectors"


@pytest.mark.parametrize(
    ("text", "ending"),
    [
        ("no code", ""),
        ("```python\nx\n```", ""),
        ("```python\nx", "\n```"),
        ("````md\n```\nx\n```", "\n````"),
        ("~~~\n```", "\n~~~"),
        ("a ``` b", ""),
    ],
)
def test_an_open_code_block_is_closed(text: str, ending: str) -> None:
    """What follows a text is never part of its code."""
    assert closing(text) == ending


@given(st.lists(st.sampled_from(["```", "````", "~~~", "```py", "x", " ```", ""])).map("\n".join))
def test_a_closed_text_stays_closed(text: str) -> None:
    """Closing is needed once at most."""
    assert closing(text + closing(text)) == ""
