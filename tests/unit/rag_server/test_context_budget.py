"""How much of a model's context each part of a prompt takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from code_rag.rag_server.answer import LanguageModel
from code_rag.rag_server.prompting.context_budget import budget, shortened, tokens


@pytest.mark.parametrize(
    ("model", "size", "least", "most"),
    [
        (LanguageModel("gpt-4o-mini"), None, 8_000, 8_000),
        (LanguageModel("openai/gpt-4o-mini"), None, 8_000, 8_000),
        (LanguageModel("gpt-4"), None, 3_000, 6_000),
        (LanguageModel("qwen2.5-coder:1.5b"), None, 3_000, 6_000),
        (LanguageModel("qwen2.5-coder:1.5b", 4_096), None, 1_000, 2_000),
        (LanguageModel("gpt-4o-mini"), 4_096, 1_000, 2_000),
        (LanguageModel("any", 32_768), None, 8_000, 8_000),
    ],
)
def test_the_size_is_the_users_or_the_servers_or_known_by_name(
    model: LanguageModel, size: int | None, least: int, most: int
) -> None:
    """A setting comes first, then what the server says, then the name; an unknown model takes 8k."""
    assert least <= budget(model, "why?", size).evidence <= most


@given(st.integers(1_024, 2_000_000), st.text(max_size=2_000))
def test_the_parts_fit(size: int, question: str) -> None:
    """Evidence, history and map leave room for the question, the rules and the answer, in any size."""
    parts = budget(LanguageModel("any"), question, size)

    assert min(parts.evidence, parts.history, parts.map) > 0
    fixed = min(1_024, size // 4) + min(900, size // 4) + tokens(shortened(question, parts.question))
    assert parts.evidence + parts.history + parts.map <= size - fixed + 4


def test_a_long_text_keeps_its_start_and_its_end() -> None:
    """A pasted log has its question at one end and its last error at the other."""
    short = shortened(f"why? {'line ' * 9_000}ValueError", 100)

    assert (short[:4], short[-10:]) == ("why?", "ValueError")
    assert tokens(short) <= 110
    assert shortened("why?", 100) == "why?"


def test_wide_characters_count_more() -> None:
    """Korean has about a token for each syllable, code one for three characters."""
    assert tokens("주문취소") == 4
    assert tokens("def f():\n") == 3
