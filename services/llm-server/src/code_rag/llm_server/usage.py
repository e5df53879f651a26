"""What an answer came to, in tokens and in dollars, as its usage says."""

from dataclasses import dataclass
from typing import Self

from code_rag.llm_server.backends.base import Json
from code_rag.llm_server.model_entry import ModelEntry

_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens read and written, and US dollars where they are known."""

    input: int
    output: int
    cost: float | None = None

    @classmethod
    def of(cls, body: Json) -> Self | None:
        """The usage of a completion or a chunk, if it has one; what is no number counts as none."""
        said = body.get("usage")
        if not isinstance(said, dict):
            return None
        cost = said.get("cost")
        return cls(
            _count(said.get("prompt_tokens")),
            _count(said.get("completion_tokens")),
            cost if isinstance(cost, int | float) and cost >= 0 else None,
        )


def priced(body: Json, entry: ModelEntry | None) -> Json:
    """A completion or chunk with `usage.cost` in dollars, as OpenRouter names it.

    It stays as it is where it counts no tokens, names its own cost, or where `entry` has no prices.
    """
    usage = Usage.of(body)
    if usage is None or usage.cost is not None or entry is None or entry.prices is None:
        return body
    dollars = (usage.input * entry.prices.input + usage.output * entry.prices.output) / _MILLION
    return {**body, "usage": {**body["usage"], "cost": dollars}}


def _count(said: object) -> int:
    return said if isinstance(said, int) and said > 0 else 0
