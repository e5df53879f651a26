"""How much a language model can read: the size of its context, and what each part of a prompt may take."""

import re
from dataclasses import dataclass

from code_rag.rag_server.answer import LanguageModel

UNKNOWN = 8_192
_K = 1_000
# By the beginning of the name, after the provider's; the first that fits. Names of open models are not here:
# how much of them can be used is a setting of the server that runs them.
_SIZES = (
    ("gpt-5", 272 * _K),
    ("gpt-4.1", 1_000 * _K),
    ("gpt-4o", 128 * _K),
    ("gpt-4-turbo", 128 * _K),
    ("gpt-4-32k", 32_768),
    ("gpt-4", 8_192),
    ("gpt-3.5-turbo", 16_385),
    ("chatgpt-4o", 128 * _K),
    (r"o[134](?:-|$)", 128 * _K),
    ("claude-", 200 * _K),
    ("gemini-", 1_000 * _K),
    ("deepseek-(?:chat|reasoner)", 64 * _K),
    ("mistral-(?:large|medium|small)-", 32 * _K),
    ("codestral-", 32 * _K),
    ("grok-", 128 * _K),
    ("command-", 128 * _K),
)
_MOST_EVIDENCE = 8_000
"""More blocks cost more than they add."""
_ANSWER = 1_024
_INSTRUCTIONS = 900
"""System message, worked example and the last reminder."""


@dataclass(frozen=True, slots=True)
class ContextBudget:
    """Tokens for each part of a prompt that differs from question to question."""

    evidence: int
    history: int
    map: int
    question: int
    """The most of it that is shown: a pasted log may be longer than the context."""


def budget(model: LanguageModel, question: str, size: int | None = None) -> ContextBudget:
    """What the parts may take; `size` is the context's size where the user sets it."""
    whole = size or model.context_tokens or _known(model.name)
    asked = whole // 6
    room = whole - min(_ANSWER, whole // 4) - min(_INSTRUCTIONS, whole // 4) - min(tokens(question), asked)
    history, shown_map = min(room // 5, 2_000), min(room // 16, 300)
    return ContextBudget(min(room - history - shown_map, _MOST_EVIDENCE), history, shown_map, asked)


def tokens(text: str) -> int:
    """About how many tokens a text has, rather more than fewer: code has one for every three characters."""
    wide = sum(char > "\u02ff" for char in text)
    return wide + (len(text) - wide + 2) // 3


def shortened(text: str, budget: int) -> str:
    """The start and the end of a text that has more tokens than `budget`; most is said there."""
    if tokens(text) <= budget:
        return text
    half = len(text) * budget // tokens(text) // 2
    return f"{text[:half]} … {text[-half:]}"


def _known(name: str) -> int:
    bare = name.rpartition("/")[2].lower()
    return next((size for pattern, size in _SIZES if re.match(pattern, bare)), UNKNOWN)
