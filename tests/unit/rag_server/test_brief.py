"""The prompt for a model that reads slowly."""

from hypothesis import given
from hypothesis import strategies as st

from code_rag.rag_server.answer import Asked
from code_rag.rag_server.prompting.brief import (
    COUNTED,
    FIRST_TOKEN_SECONDS,
    LEAST_EVIDENCE,
    MOST_EVIDENCE,
    brief,
    evidence_tokens,
)
from code_rag.rag_server.prompting.context_budget import tokens
from code_rag.servicekit.wire.evidence import Block

BLOCK = Block(
    1, "shop/orders.py", 40, ("    def window(self):", "        return DAYS" + "_" * 500), "Refund.window"
)


def test_what_never_changes_comes_first() -> None:
    """The engine keeps what it has read, so of two prompts it reads only the last message."""
    first = brief(Asked("how long is it"), "how long is it", [BLOCK])
    second = brief(Asked("wie lange ist es", instructions="Be kind."), "wie lange", [])

    assert first[:-1] == second[:-1]
    assert first[-1] != second[-1]


def test_the_last_message_has_the_code_and_the_question() -> None:
    """Without line numbers, without indentation that all lines have, and without the ends of long lines."""
    last = brief(Asked("how long is it"), "how long is it", [BLOCK])[-1]["content"]

    assert last.startswith("[1] shop/orders.py (Refund.window)\ndef window(self):\n    return DAYS___")
    assert last.endswith(" …\n\nQuestion: how long is it")
    assert len(last) < 300


def test_language_and_wishes_follow_the_question() -> None:
    """They are of one question only."""
    last = brief(Asked("wie lange ist es", instructions="Be kind."), "how long", [BLOCK])

    assert last[-1]["content"].endswith("Question: how long\n\nBe kind. Answer in German.")


@given(st.text(max_size=2_000), st.floats(0.1, 1_000))
def test_code_is_read_in_time(question: str, speed: float) -> None:
    """With the question, unless the machine is too slow for any answer."""
    room = evidence_tokens(question, speed)

    assert LEAST_EVIDENCE <= room <= MOST_EVIDENCE
    if room > LEAST_EVIDENCE:
        read = room + min(tokens(question), 120)
        assert read / COUNTED / speed <= FIRST_TOKEN_SECONDS + 0.01
