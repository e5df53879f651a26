"""Reading what people paste."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from code_rag.rag_server.pasted import MAX_MESSAGES, Pasted, read
from code_rag.rag_server.pasted.frames import Frame
from code_rag.rag_server.pasted.telling import MAX_PROSE_CHARS, telling
from tests.unit.rag_server.pastes import NODE, PASTES, PYTHON_CHAINED, PYTHON_GROUP, Paste

FLOODS = [
    *("a" * 10_000, ":" * 10_000, "at " * 4_000, "a." * 5_000, "a/" * 5_000, "(" * 10_000, "a:1" * 4_000),
    *('File "' * 2_000, "at a.b(" * 2_000, "#1 " * 4_000, "\t" * 10_000, " | " * 4_000, "[" * 10_000),
    *("a.b:1:" * 2_000, "\n" * 10_000, "x.go:1\n" * 2_000, "Traceback (most recent call last)\n" * 500),
    *("`" * 10_000, '"a b c d ' * 2_000, "::" * 5_000),
]
LINES = [line for paste in PASTES.values() for line in paste.text.splitlines()]


def frames_of(pasted: Pasted) -> list[str]:
    """All frames and places, as a paste says them."""
    frames = [frame for stack in pasted.stacks for frame in stack] or pasted.places
    return list(dict.fromkeys(f"{frame.path}:{frame.line} {frame.symbol}" for frame in frames))


@pytest.mark.parametrize("paste", PASTES.values(), ids=PASTES.keys())
def test_the_frames_of_each_language_are_read(paste: Paste) -> None:
    """The frames come with the deepest first, those of the cause before others, and the message is found."""
    pasted = read("Why does this fail?\n\n" + paste.text)

    assert frames_of(pasted) == list(paste.frames)
    assert not paste.message or paste.message in pasted.messages
    assert pasted.prose[0] == "Why does this fail?"


@pytest.mark.parametrize("flood", FLOODS, ids=lambda flood: repr(flood[:8]))
def test_a_flood_is_read_in_time(flood: str) -> None:
    """No text makes reading slow: time grows with its length only (the suite's timeout is the limit)."""
    for text in (flood, f"why?\n{flood}\nwhy?", f'File "{flood}'):
        assert telling(text, read(text), ())


@given(st.text() | st.lists(st.sampled_from(LINES)).map("\n".join))
def test_any_text_can_be_read(text: str) -> None:
    """Whatever is pasted, in whatever order, reading works, and what is searched for stays short."""
    pasted = read(text)

    assert len(pasted.messages) <= MAX_MESSAGES
    assert len(telling(text, pasted, ())) <= 3 * MAX_PROSE_CHARS


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=MAX_PROSE_CHARS))
def test_an_ordinary_question_is_searched_as_it_is(question: str) -> None:
    """A question of one line that is not too long is left as it is."""
    assert telling(question, read(question), ()) == question


def test_source_lines_are_read_with_their_frames() -> None:
    """The printed source of a line is kept, so that a line that has moved can be found."""
    assert [frame.source for frame in read(PYTHON_CHAINED.text).stacks[0]] == ["return self.rows[sku]"]
    assert [frame.source for frame in read(PYTHON_GROUP.text).stacks[0]] == ["return self.rows[sku]"]
    assert read(NODE.text).places[0].source == "throw new RangeError('No such item: ' + sku);"


def test_a_place_in_a_sentence_is_read() -> None:
    """A path with a line number inside a sentence is a place, and the sentence stays the question."""
    pasted = read("What does shop/stock.py:9 return, and Stock.php on line 3?")

    assert pasted.places == [Frame("shop/stock.py", 9), Frame("Stock.php", 3)]
    assert pasted.prose == ["What does shop/stock.py:9 return, and Stock.php on line 3?"]


def test_the_telling_part_is_the_question_the_last_error_and_the_names() -> None:
    """A long paste neither floods the search nor hides what is asked."""
    text = "Why is this?\n" + "2024-05-01 10:00:00 INFO tick\n" * 3000 + PYTHON_CHAINED.text

    assert telling(text, read(text), ["count", "place"]) == (
        "Why is this?\nKeyError: 'A-1'\nshop.errors.Rejected: no stock\ncount\nplace"
    )


def test_code_in_a_question_is_searched_by_its_names() -> None:
    """The prose comes first, then the names of the code, those used most first."""
    code = "for each in rows:\n    place_order(each)\n    place_order(None)\n    wait()"
    text = f"Why does this hang?\n\n```python\n{code}\n```\n"

    assert telling(text, read(text), ()) == "Why does this hang?\nplace_order\nwait"


def test_of_a_long_question_the_sentences_that_ask_are_searched() -> None:
    """Of much prose the questions remain, and its beginning."""
    text = "We run a shop. " + "It has many orders and much traffic. " * 100 + "Who cancels an order?"

    searched = telling(text, read(text), ())

    assert searched.startswith("We run a shop.")
    assert searched.endswith("Who cancels an order?")
    assert len(searched) <= MAX_PROSE_CHARS + 1
