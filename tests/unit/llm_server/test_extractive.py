"""Without a language model the answer is quotes of the context, or an honest no."""

import re

import pytest
from hypothesis import example, given

from code_rag.llm_server.backends.extractive import answer
from code_rag.servicekit.wire.evidence import Block
from tests.fixtures.evidence import block_lists, questions
from tests.unit.llm_server.prompts import SHOP, block, prompt

QUOTE = re.compile(
    r"^`[^\n]+` \[(\d+):(\d+)(?:-(\d+))?\]\n\n(`{3,})[\w+-]*\n(.*?)\n\4$", re.MULTILINE | re.DOTALL
)


def cited(text: str) -> list[tuple[int, int, int]]:
    """The block, first and last line of each citation."""
    return [(int(n), int(a), int(b or a)) for n, a, b, *_ in QUOTE.findall(text)]


@pytest.mark.parametrize(
    ("question", "number", "line"),
    [
        ("Until when may a customer ask for a refund?", 1, 14),
        ("where is refundIsDue", 1, 13),
        ("What is the restocking fee?", 1, 18),
        ("How long do we reserve stock?", 2, 8),
        ("How do I restart the payment worker?", 3, 1),
    ],
)
def test_the_best_quote_comes_first(question: str, number: int, line: int) -> None:
    """The first citation holds the line that answers, whatever the order of the blocks."""
    for blocks in (SHOP, SHOP[::-1]):
        first, *_ = cited(answer(prompt(question, blocks)))
        assert first[0] == number
        assert first[1] <= line <= first[2]


def test_the_answer_says_what_it_is() -> None:
    """The reader learns that no model wrote this, and sees each quote with its path and language."""
    text = answer(prompt("How long do we reserve stock?", SHOP))
    assert text.startswith("No language model is configured")
    assert "`warehouse/stock.go` [2:7-10]\n\n```go\n// Reserve holds" in text


UNRELATED = [
    "What is the capital of France?",
    "How do I bake sourdough bread?",
    "Which telescope photographed the Horsehead nebula?",
    "How are passwords hashed when a customer signs up?",
    "telescope refunds",
    "What is the GraphQL schema for product reviews?",
]


@pytest.mark.parametrize("question", UNRELATED)
def test_what_is_not_there_is_not_found(question: str) -> None:
    """A question about something else gets no quotes, even where one of its words occurs."""
    text = answer(prompt(question, SHOP))
    assert "not found in the indexed code" in text.lower()
    assert cited(text) == []


def test_no_context_is_said() -> None:
    """A question without blocks gets that as its answer."""
    assert "no context" in answer("How do refunds work?")


def test_a_question_without_any_term_gets_the_first_block() -> None:
    """`What does this do?` asks for nothing in particular: the block that was ranked first is shown."""
    assert cited(answer(prompt("What does this code do?", SHOP))) == [(1, 10, 19)]


def test_a_definition_goes_before_its_uses() -> None:
    """Asked for a name, the place that defines it comes first."""
    uses = block(1, "a.py", "check(refund_window, refund_window)\nrefund_window()")
    definition = block(2, "b.py", "x = 1\n\ndef refund_window():\n    return 30")
    assert cited(answer(prompt("Where is refund_window?", [uses, definition])))[0] == (2, 3, 4)


def test_the_nearest_definition_is_quoted() -> None:
    """Of two definitions before a line that answers, the quote starts at the one that holds it."""
    source = "def one():\n    pass\n\ndef two():\n    return refund_days"
    assert cited(answer(prompt("refund days", [block(1, "a.py", source)]))) == [(1, 4, 5)]


def test_a_rare_word_counts_more_than_a_common_one() -> None:
    """The line with the word that few lines have goes first."""
    common = block(1, "a.py", "\n".join(["order = customer"] * 20))
    rare = block(2, "b.py", "restocking(fee)")
    assert cited(answer(prompt("customer order restocking", [common, rare])))[0][0] == 2


def test_at_most_three_places_are_quoted() -> None:
    """A block with four places worth a quote gets three."""
    source = ("\n" * 15).join(["refund", "customer", "stock", "basket"])
    assert len(cited(answer(prompt("refund customer stock basket", [block(1, "a.py", source)])))) == 3


def test_the_second_quote_adds_what_the_first_does_not_have() -> None:
    """Terms that were quoted already count less than a term that was not."""
    twice = block(1, "a.py", ("\n" * 15).join(["refund customer", "refund customer"]))
    other = block(2, "b.py", "basket")
    assert [n for n, *_ in cited(answer(prompt("refund customer basket", [twice, other])))][:2] == [1, 2]


def test_what_adds_little_is_left_out() -> None:
    """One word again, after a quote that holds them all, is no quote."""
    everything = block(1, "a.py", "refund customer basket")
    little = block(2, "b.py", "customer")
    assert cited(answer(prompt("refund customer basket", [everything, little]))) == [(1, 1, 1)]


LONG = (block(1, "a.py", "\n".join(["refund the customer"] * 90)),)


@example("", LONG)
@given(questions, block_lists)
def test_every_citation_lies_inside_a_block(question: str, blocks: tuple[Block, ...]) -> None:
    """Each quote is to the letter the lines that its citation names: at most three, of twelve lines."""
    text = answer(prompt(f"refund customer {question}", blocks))
    quotes = QUOTE.findall(text)
    assert len(quotes) <= 3
    for number, first, last, _, code in quotes:
        block = blocks[int(number) - 1]
        lines = dict(enumerate(block.lines, block.start_line))
        span = range(int(first), int(last or first) + 1)
        assert code == "\n".join(lines[at] for at in span)
        assert len(span) <= 12


@example("", LONG)
@given(questions, block_lists)
def test_quotes_do_not_repeat_each_other(question: str, blocks: tuple[Block, ...]) -> None:
    """No line is quoted twice, and asking again gives the same text."""
    message = prompt(f"refund customer {question}", blocks)
    lines = [(n, at) for n, first, last in cited(answer(message)) for at in range(first, last + 1)]
    assert len(lines) == len(set(lines))
    assert answer(message) == answer(message)


def test_code_with_fences_stays_inside_its_fence() -> None:
    """A quote that holds a fence gets a longer one, so that what follows is not taken for prose."""
    text = answer(prompt("refund example", [block(1, "a.md", "refund example\n```\n[9]\n```")]))
    assert "````markdown\nrefund example\n```\n[9]\n```\n````" in text


def test_code_with_single_backticks_has_a_fence_of_three() -> None:
    """Two backticks would be no fence at all, and the quote would be read as prose."""
    text = answer(prompt("refund example", [block(1, "a.md", "a refund `example`")]))
    assert "```markdown\na refund `example`\n```" in text
