"""What a query asks for: its words, the symbols that it names, and whether it is nothing but a symbol."""

import re
from dataclasses import dataclass
from typing import Self

from code_rag.rag_server.identifiers import plain_name
from code_rag.rag_server.lexical import stems

MIN_WORD = 3
"""Shorter words match too many names to say anything."""

_SYMBOL = re.compile(
    r"""
      \w+ (?: (?: :: | \. | \#) \w+ )+   # billing::Invoice, orders.cancel, Order#cancel
    | _\w+                               # _private
    | [a-z]\w*[A-Z]\w*                   # camelCase
    | [A-Z]\w*                           # PascalCase, CONSTANT
    | [A-Za-z]\w*_\w+                    # snake_case
    """,
    re.VERBOSE,
)
_NAMED_INSIDE = re.compile(
    r"""
      `([^`\s]+)`                                # `anything quoted`
    | \b( _\w+ | \w+_\w+                         # _private, snake_case
        | [A-Za-z][a-z0-9]*[A-Z]\w*              # camelCase, PascalCase of two words
        | \w+ (?: (?: :: | \. | \#) \w+ )+       # orders.cancel
        | \w+ (?=\(\)) ) (?!\w)                  # cancel()
    """,
    re.VERBOSE,
)
_SEPARATOR = re.compile(r"::|\.|#")


@dataclass(frozen=True, slots=True)
class Question:
    """A query, read once for all ranking rules."""

    words: tuple[str, ...]
    """The stems of its words, each once, without stop words."""
    names: frozenset[str]
    """The names of symbols in it, without their qualifiers, as `plain_name` writes them."""
    is_symbol: bool
    """Whether it is one identifier, such as `cancel_order`, `Order.cancel()` or `parseURL`."""

    @classmethod
    def read(cls, query: str) -> Self:
        """Read a query; a query of one word names that word, whatever it looks like."""
        bare = query.strip("` \t\n").removesuffix("()")
        is_symbol = _SYMBOL.fullmatch(bare) is not None
        found = [bare] if is_symbol or len(bare.split()) == 1 else _named_inside(query)
        words = tuple(word for word in stems(query) if len(word) >= MIN_WORD)
        names = frozenset(plain_name(_SEPARATOR.split(name)[-1]) for name in found)
        return cls(words, names - {""}, is_symbol)


def _named_inside(query: str) -> list[str]:
    return [(quoted or name).removesuffix("()") for quoted, name in _NAMED_INSIDE.findall(query)]
