"""Follow-up questions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from code_rag.rag_server.answer import Asked, Turn
from code_rag.rag_server.following_up import carrying
from code_rag.rag_server.following_up.leaning import leans

QUOTED = (
    "Function `line_price` in `orders/pricing.py` [1:4-6]\n\n"
    "```python\n4| def line_price(line, secret_name):\n```\n\n"
    "Function `handle_quote` in `orders/api.py` [2:4-6]"
)
PRICE = Turn("How is the price of an order computed?", QUOTED)
RAISES = Asked("And what does it raise when the sku is unknown?", (PRICE,))


@pytest.mark.parametrize(
    "question",
    [
        "And what does it raise when the sku is unknown?",
        "and where is that set?",
        "why?",
        "Why not?",
        "what about POST?",
        "How about orders that were already shipped to a customer?",
        "who calls it?",
        "Who uses this?",
        "show me the code",
        "Can you give me an example?",
        "and in the client?",
        "in the client?",
        "What happens in that case?",
        "Where is its default defined?",
        "What are they used for?",
        "how does that work?",
        "which line?",
        "Which file is that in?",
        "Is it cached?",
        "Does this also apply to headers?",
        "what else?",
        "What calls the other one?",
        "그럼 어디서 설정돼?",
        "그건 왜 그래?",
        "那在哪里设置?",
        "und wo wird das gesetzt?",
    ],
)
def test_a_question_that_points_back_leans_on_the_conversation(question: str) -> None:
    """Pronouns, openings and questions that say nothing of their own need the turns before them."""
    assert leans(question)


@pytest.mark.parametrize(
    "question",
    [
        "How is the price of an order computed?",
        "Where are orders cancelled?",
        "Who calls line_price?",
        "What happens to an order when it is cancelled?",
        "What is this project about?",
        "How does the parser handle comments and where does it store them?",
        "Which class is the one that parses the configuration file?",
        "Is it possible to configure timeouts?",
        "Where is the code that parses dates?",
        "And how are refunds paid out to customers abroad?",
        "parse_config",
        "What does `Order.cancel()` do?",
        "Where does the program start?",
        "주문은 어떻게 취소되나요?",
        "Why do I get KeyError?\n  File 'x.py', line 3",
    ],
)
def test_a_question_that_says_what_it_is_about_is_left_as_it_is(question: str) -> None:
    """A self-contained question is not mixed with what was said before."""
    assert not leans(question)


def test_the_names_of_the_last_turn_are_carried_over() -> None:
    """The last question and the names of its answer say what the next one is about; its code does not."""
    assert carrying(RAISES) == (
        "And what does it raise when the sku is unknown? (about: How is the price of an order computed?, "
        "`line_price`, `handle_quote`, orders/pricing.py)"
    )


def test_a_chain_of_follow_ups_keeps_its_topic() -> None:
    """The topic is that of the last question which has one, the names those of the last answer."""
    second = Turn("who calls it?", "It is called in `order_total`.\n\nSources:\n- shop/total.py#L1-L2")

    assert carrying(Asked("why?", (PRICE, second))) == (
        "why? (about: How is the price of an order computed?, `order_total`, shop/total.py)"
    )


@given(st.text(), st.text(), st.text())
def test_any_conversation_can_be_carried(question: str, before: str, answer: str) -> None:
    """Whatever was said, nothing fails, and the question stays first."""
    asked = Asked(question, (Turn(before, answer),))

    leans(question)
    assert carrying(asked).startswith(question)


@pytest.mark.parametrize("flood", ["a" * 100_000, "a." * 50_000, "a/" * 50_000, "`" * 100_000, "a_" * 50_000])
def test_a_flood_is_read_in_time(flood: str) -> None:
    """No answer makes reading slow (the suite's timeout is the limit)."""
    assert carrying(Asked("why?", (Turn(flood, flood),)))
