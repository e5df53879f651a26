"""The rows about an agent's tokens in docs/performance.md."""

from collections.abc import Mapping
from typing import Any


def agent(result: dict[str, Any]) -> list[tuple[str, str]]:
    """Shares by tokens, tokens by shares, and what grep does better."""
    return [
        *(
            (
                f"found within {int(limit):,} tokens",
                _ways({way: f"{each[limit]:g} %" for way, each in result["recall"].items()}),
            )
            for limit in result["recall"]["search"]
        ),
        *((f"tokens until {same['recall']:g} % are found", _spent(same)) for same in result["same_recall"]),
        (f"ever found, of {result['questions']}", _ways(result["ever"])),
        (
            f"median tokens for the {result['both']} that both of these find",
            _ways({way: f"{spent:,.0f}" for way, spent in result["both_median"].items()}),
        ),
        ("of these, cheaper with grep", f"{result['grep_cheaper']}"),
        ("the definitions of the six tools, in each session", f"{result['definitions_tokens']:,} tokens"),
    ]


def _spent(same: Mapping[str, Any]) -> str:
    spent = {way: tokens for way, tokens in same.items() if way != "recall"}
    return _ways({way: f"{tokens:,}" if tokens else "never" for way, tokens in spent.items()})


def _ways(values: Mapping[str, Any]) -> str:
    return "; ".join(f"{way}: {value}" for way, value in values.items())
