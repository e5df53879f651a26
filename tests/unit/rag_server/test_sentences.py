"""Which sentences of a small model are shown."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from code_rag.rag_server.citing.sentences import CheckedSentences
from code_rag.rag_server.prompting.brief import EXAMPLE
from code_rag.servicekit.wire.evidence import Block

BLOCKS = (
    Block(1, "shop/orders.py", 4, ("def cancel(order):", "    return order.within(30)"), "cancel"),
    Block(2, "shop/limits.py", 9, ("MAX_ORDERS = 1_000",)),
)
QUESTION = "how is an order cancelled?"
GOOD = "`cancel` keeps the order for 30 days [1]. At most 1000 orders are kept [2]."


def checked(*pieces: str) -> tuple[str, CheckedSentences]:
    """What is shown of an answer that comes in pieces."""
    sentences = CheckedSentences(BLOCKS, QUESTION, QUESTION)
    shown = "".join(map(sentences.feed, pieces))
    return shown + sentences.finish(), sentences


def test_what_the_lines_hold_is_shown() -> None:
    """With its citations, as it was written, and nothing is noted."""
    shown, sentences = checked(GOOD)

    assert shown == GOOD
    assert sentences.note() == ""


def test_a_sentence_is_shown_once_it_is_complete() -> None:
    """Nothing that may still be removed has been read by anyone."""
    sentences = CheckedSentences(BLOCKS, "", "")

    assert sentences.feed("`cancel` keeps the order [1].") == ""
    assert sentences.held_words == 5
    assert sentences.feed(" At most") == "`cancel` keeps the order [1]."
    assert sentences.held_words == 2


@pytest.mark.parametrize(
    ("sentence", "why"),
    [
        ("It waits 45 days [1].", "no line that it read has 45"),
        ("`cancel.refund` does it [1].", "no line that it read has refund"),
        ("It calls keep_order for that [1].", "no line that it read has keep_order"),
        ("It calls keepOrder or undo() [1].", "no line that it read has keepOrder or undo"),
        ("An otter naps [1].", "it repeats its instructions"),
        ("The order is cancelled [1].", "it repeats the question"),
        ("Not found [1].", "it finds no answer in the places that it read"),
        ("It is kept for", "it is not complete"),
    ],
)
def test_a_sentence_that_does_not_hold_is_removed(sentence: str, why: str) -> None:
    """Names and numbers of no line, the worked example, the question, a refusal, an unfinished end."""
    shown, sentences = checked(f"{GOOD} {sentence}")

    assert shown == GOOD
    assert sentences.note() == f"removed 1 sentence of the model: {why}"


def test_the_worked_example_is_never_an_answer() -> None:
    """A small model may repeat it, with the citations of the blocks that it was given."""
    shown, sentences = checked(EXAMPLE[1])

    assert shown == ""
    assert "PUP_NAP_MINUTES" in sentences.note()


def test_a_repeated_sentence_is_shown_once() -> None:
    """A small model that has nothing more to say repeats itself."""
    assert checked("The order is kept [1]. The order is kept [1].")[0] == "The order is kept [1]."


def test_another_place_that_holds_a_sentence_is_cited() -> None:
    """Where the model's own does not; if none holds it, its own stays and the check of citations says so."""
    assert checked("At most 1000 orders [1].")[0] == "At most 1000 orders [2]."
    assert checked("`cancel` is what users call [2].")[0] == "`cancel` is what users call [2]."


@given(st.lists(st.integers(0, len(GOOD)), max_size=8))
def test_pieces_do_not_matter(cuts: list[int]) -> None:
    """Tokens end anywhere."""
    places = sorted([0, *cuts, len(GOOD)])

    assert checked(*(GOOD[start:end] for start, end in pairwise(places)))[0] == GOOD


@given(st.text(" [1].`a9_Z。\n", max_size=60))
def test_whatever_is_written_is_shown_or_removed(text: str) -> None:
    """Nothing raises, and what is shown cites something."""
    shown, _ = checked(text)

    assert not shown or "[1]" in shown
