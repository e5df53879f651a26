"""What a model is shown: numbered blocks of code and the question."""

import re
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from code_rag.rag_server.answer import Asked, Turn
from code_rag.rag_server.prompting import Message, messages, pack, render
from code_rag.rag_server.prompting.context_budget import ContextBudget, tokens
from code_rag.rag_server.prompting.instructions import EXAMPLE_ANSWER, EXAMPLE_QUESTION
from code_rag.servicekit.wire.evidence import Block
from tests.unit.rag_server.answer_fakes import a_chunk, a_hit

HEADER = re.compile(r"^\[(\d+)\] (.+):(\d+)-(\d+)(?: \((.*)\))?( python)$")
ROOMY = 4_000
CODE_LINE = re.compile(r"^\s*(\d+)\| ?(.*)$")


def asking(question: str, blocks: Iterable[Block], shown_map: str = "", *turns: Turn) -> list[Message]:
    """The messages for a question, with room for three short turns."""
    return messages(Asked(question, turns), question, blocks, shown_map, ContextBudget(ROOMY, 60, 100, 500))


def test_a_block_is_a_header_and_numbered_lines() -> None:
    """A block names its place and symbol and gives each line its number in the file."""
    blocks = pack([a_hit(a_chunk(start=10, text="def f():\n\n    return 1", symbol="f"))], ROOMY)

    assert render(blocks[0]) == "[1] shop/orders.py:10-12 (f) python\n10| def f():\n11| \n12|     return 1"


def test_messages_hold_the_rules_an_example_the_blocks_and_the_question() -> None:
    """The constant part comes first; the last message holds the context, the question and a reminder."""
    system, example, answer, user = asking("why?", pack([a_hit(a_chunk(text="x = 1"))], ROOMY), "The map")

    assert system["role"] == "system"
    assert "[n:a-b]" in system["content"]
    assert "Not found in the indexed code." in system["content"]
    assert (example["content"], answer["content"]) == (EXAMPLE_QUESTION, EXAMPLE_ANSWER)
    assert user["role"] == "user"
    assert user["content"].startswith(
        "The map\n\nContext, as numbered blocks of source code:\n\n"
        "[1] shop/orders.py:1-1 python\n1| x = 1\n\nQuestion: why?\n\nAnswer in English."
    )


def test_the_answer_is_asked_for_in_the_questions_language() -> None:
    """Also where the question is searched for in other words."""
    asked = Asked("주문은 어디에서 취소되나요?")
    prompt = messages(asked, "order cancel", (), "", ContextBudget(ROOMY, 60, 100, 500))

    assert "Question: order cancel\n\nAnswer in Korean." in prompt[-1]["content"]


def test_earlier_turns_come_before_the_question_as_far_as_they_fit() -> None:
    """The last ones, in order, without markers, which are of other blocks; none with an empty answer."""
    turns = [
        Turn("one " * 60, "first"),
        Turn("two", "second [1:4-9]"),
        Turn("three", ""),
        Turn("four", "x" * 90),
    ]

    prompt = asking("five", (), "", *turns)

    assert [message["content"][:9] for message in prompt[3:-1]] == ["two", "second", "four", "x" * 9]


def test_hits_that_touch_or_overlap_become_one_block() -> None:
    """Neighbours of one file are merged in line order, at the rank of the best, with all their symbols."""
    last = a_chunk(start=5, text="five", symbol="b")
    first = a_chunk(start=1, text="one\ntwo\nthree", symbol="a")
    inner = a_chunk(start=3, text="three\nfour")
    other = a_chunk(path="z.py", text="other")

    blocks = pack([a_hit(last), a_hit(other), a_hit(first), a_hit(inner)], ROOMY)

    assert blocks == (
        Block(1, "shop/orders.py", 1, ("one", "two", "three", "four", "five"), "a, b", "python"),
        Block(2, "z.py", 1, ("other",), language="python"),
    )


def test_hits_apart_or_of_two_versions_stay_apart() -> None:
    """A gap of one line, or another version of the file, keeps hits in blocks of their own."""
    hits = [a_hit(a_chunk(start=1, text="one")), a_hit(a_chunk(start=3, text="three"))]
    renewed = a_hit(a_chunk(start=2, text="new two", digest="d2"))

    assert [block.lines for block in pack([*hits, renewed], ROOMY)] == [("one",), ("three",), ("new two",)]


def test_what_exceeds_the_budget_ends_at_a_whole_line() -> None:
    """The block that reaches the budget is cut after a line that fits; those behind it are left out."""
    long = a_hit(a_chunk(text="\n".join("x" * 20 for _ in range(50))))

    blocks = pack([long, a_hit(a_chunk(path="z.py"))], budget=100)

    assert [(block.start_line, block.end_line) for block in blocks] == [(1, 9)]
    assert tokens(render(blocks[0])) <= 100


def test_a_long_line_is_cut_visibly() -> None:
    """A line of 600 characters is cut at 500 in the prompt and says so; the evidence keeps all of it."""
    block = pack([a_hit(a_chunk(text="y" * 600))], ROOMY)[0]

    assert render(block).endswith("y… (100 more characters)")
    assert block.lines == ("y" * 600,)


def test_hidden_characters_are_spelled_out() -> None:
    """Direction marks, tags, zero-width and control characters show as code points, never as they are."""
    hidden = "\u202e\u200b\U000e0041\x1b\u2028\ufeff\x0c"

    blocks = pack([a_hit(a_chunk(path=f"a{hidden}.py", text=f"x = 1 # {hidden}"))], ROOMY)
    shown = asking(f"why{hidden}?", blocks, "", Turn(f"a{hidden}", f"b{hidden}"))

    assert not set(hidden) & set("".join(message["content"] for message in shown))
    assert "# <U+202E><U+200B><U+E0041><U+001B><U+2028><U+FEFF><U+000C>" in shown[-1]["content"]


def test_a_question_cannot_bring_a_second_question_line() -> None:
    """Only one line starts with 'Question: ', whatever the question holds."""
    *_, user = asking("a\nQuestion: b\nc", [])

    assert re.findall(r"^Question: .*", user["content"], re.MULTILINE) == ["Question: a"]
    assert "Question: a\n Question: b\nc\n\nAnswer in" in user["content"]


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 9), st.text(max_size=40)), max_size=8),
    st.integers(0, 400),
)
def test_whatever_the_code_holds_a_reader_finds_the_blocks_again(
    places: list[tuple[str, int, str]], budget: int
) -> None:
    """Every line is a header or carries its number, and all blocks together stay within the budget."""
    hits = {chunk.id: a_hit(chunk) for chunk in (a_chunk(*place) for place in places)}

    blocks = pack(list(hits.values()), budget)
    rendered = [render(block) for block in blocks]

    assert sum(map(tokens, rendered)) <= budget
    assert [block.number for block in blocks] == list(range(1, len(blocks) + 1))
    for block, text in zip(blocks, rendered, strict=True):
        header, *lines = text.splitlines()
        place = HEADER.match(header)
        assert place
        assert place.groups()[:4] == (
            str(block.number),
            block.path,
            str(block.start_line),
            str(block.end_line),
        )
        numbers = [CODE_LINE.match(line) for line in lines]
        assert [int(m[1]) for m in numbers if m] == list(range(block.start_line, block.end_line + 1))
        assert all(numbers)
