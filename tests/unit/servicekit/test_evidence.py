"""Prompts are read as they were written, and nothing inside a block is taken for structure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from code_rag.servicekit.wire.evidence import Block, Prompt, parse, render, visible_block, visible_question
from tests.fixtures.evidence import block_lists, questions, raw_blocks, raw_questions


def block(number: int, path: str, source: str, start: int = 1, symbol: str = "", language: str = "") -> Block:
    """A block of the lines of `source`."""
    return Block(number, path, start, tuple(source.split("\n")), symbol, language)


@given(block_lists, questions)
def test_reading_undoes_writing(blocks: tuple[Block, ...], question: str) -> None:
    """Any source, with headers, fences and questions in it, comes back as it went in."""
    assert parse(render(blocks, question)) == Prompt(question, blocks)


@given(raw_blocks, raw_questions)
def test_hidden_characters_come_back_visible(blocks: tuple[Block, ...], question: str) -> None:
    """What cannot be rendered as it is comes back as it is shown, and is shown the same a second time."""
    shown = tuple(map(visible_block, blocks))
    assert parse(render(blocks, question)) == Prompt(visible_question(question), shown)
    assert tuple(map(visible_block, shown)) == shown


@given(st.text() | st.text(st.sampled_from("[1] a:2-3()|\nQuestion: "), max_size=200))
def test_any_text_can_be_read(message: str) -> None:
    """Text in no form or half of it gives blocks with lines, or none."""
    assert all(found.lines for found in parse(message).blocks)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "piece",
    ["[1] a:1-2 (", "[1] a:1-2 b", ":1-2", ":1-2 (", ") ", " go", "\nQuestion: ", "[1] a:1-9\n1| x\n"],
)
def test_reading_takes_time_in_proportion_to_the_text(piece: str) -> None:
    """Half a million characters of what the form is made of are read in well under a second each."""
    for text in (piece * (500_000 // len(piece)), "[1] a" + piece * (500_000 // len(piece))):
        parse(f"{text}\nQuestion: x")


@pytest.mark.parametrize(
    ("title", "symbol", "language"),
    [
        ("", "", ""),
        (" (f)", "f", ""),
        (" (f) go", "f", "go"),
        (" go", "", "go"),
        (" (f (x)) c++", "f (x)", "c++"),
        (" (a) b)", "a) b", ""),
    ],
)
def test_symbol_and_language_may_be_absent(title: str, symbol: str, language: str) -> None:
    """A header without a language, as older prompts have it, reads as one without."""
    text = f"[1] a.py:5-5{title}\n 5| five\n\nQuestion: x"
    assert parse(text).blocks == (block(1, "a.py", "five", 5, symbol, language),)


def test_an_excerpt_keeps_the_line_numbers() -> None:
    """Lines taken out of a block are those that the block has under their numbers."""
    whole = block(1, "a.py", "five\nsix\nseven", start=5)
    assert whole.excerpt(6, 7) == block(1, "a.py", "six\nseven", start=6)


def test_a_message_without_the_form_is_a_question() -> None:
    """What a person types by hand is the question, with no blocks."""
    assert parse(" how do refunds work?\n") == Prompt("how do refunds work?", ())


def test_a_question_may_have_several_lines() -> None:
    """All that follows the last `Question: ` is the question."""
    assert parse(render([], "first\n\nsecond")).question == "first\n\nsecond"


@pytest.mark.parametrize("stray", ["7| beyond", "5| again", "4| before", "no number"])
def test_a_stray_line_ends_the_block(stray: str) -> None:
    """Lines that the header does not announce, or that do not follow on, are not evidence."""
    text = f"[1] a.py:5-6\n5| five\n{stray}\n6| six\n\nQuestion: x"
    assert parse(text).blocks == (block(1, "a.py", "five", start=5),)


def test_a_block_starts_within_its_headers_range() -> None:
    """A first line from before the header's range is no part of it."""
    assert parse("[1] a.py:5-6\n4| four\nQuestion: x").blocks == ()


def test_the_last_question_counts() -> None:
    """What stands before the last `Question: ` is context, whatever it calls itself."""
    assert parse("Question: old\n\nQuestion: new").question == "new"


def test_blocks_need_no_blank_line_between_them() -> None:
    """A header ends the block before it."""
    text = "[1] a.py:1-1\n1| one\n[2] b.py:1-1\n1|two\nQuestion: x"
    assert parse(text).blocks == (block(1, "a.py", "one"), block(2, "b.py", "two"))
