"""Prompts are read as they were written, and nothing inside a block is taken for structure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from code_rag.llm_server.blocks import Block, Prompt, parse_prompt
from tests.unit.llm_server.prompts import block, block_lists, prompt, questions


@given(questions, block_lists())
def test_reading_undoes_writing(question: str, blocks: tuple[Block, ...]) -> None:
    """Any source, with headers, fences and questions in it, comes back as it went in."""
    assert parse_prompt(prompt(question, blocks)) == Prompt(question, blocks)


@given(st.text(st.sampled_from("[1] a:2-3()|\nQuestion: "), max_size=200))
def test_any_text_can_be_read(message: str) -> None:
    """Text in no form or half of it gives blocks whose lines keep to their header's range, or none."""
    for found in parse_prompt(message).blocks:
        numbers = [line.number for line in found.lines]
        assert numbers == sorted(set(numbers))


def test_a_message_without_the_form_is_a_question() -> None:
    """What a person types by hand is the question, with no blocks."""
    assert parse_prompt(" how do refunds work?\n") == Prompt("how do refunds work?", ())


def test_a_question_may_have_several_lines() -> None:
    """All that follows the last `Question: ` is the question."""
    assert parse_prompt(prompt("first\n\nsecond", [])).question == "first\n\nsecond"


@pytest.mark.parametrize("stray", ["7| beyond", "5| again", "4| before", "no number"])
def test_a_stray_line_ends_the_block(stray: str) -> None:
    """Lines that the header does not announce, or that do not follow on, are not evidence."""
    text = f"[1] a.py:5-6\n5| five\n{stray}\n6| six\n\nQuestion: x"
    assert parse_prompt(text).blocks == (block(1, "a.py", "five", start=5),)


def test_a_block_starts_within_its_headers_range() -> None:
    """A first line from before the header's range is no part of it."""
    assert parse_prompt("[1] a.py:5-6\n4| four\nQuestion: x").blocks == ()


def test_the_last_question_counts() -> None:
    """What stands before the last `Question: ` is context, whatever it calls itself."""
    assert parse_prompt("Question: old\n\nQuestion: new").question == "new"


def test_blocks_need_no_blank_line_between_them() -> None:
    """A header ends the block before it."""
    text = "[1] a.py:1-1\n1| one\n[2] b.py:1-1\n1|two\nQuestion: x"
    assert parse_prompt(text).blocks == (block(1, "a.py", "one"), block(2, "b.py", "two"))
