"""The words inside an identifier or a file name."""

import re
from functools import lru_cache

from code_rag.rag_server.syllables import LETTERS

_ASCII = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_OTHER = re.compile(rf"[{LETTERS}]+|[^\W\d_{LETTERS}]+|\d+")


def split_identifier(name: str) -> list[str]:
    """The words of an identifier, lower-cased: `parseHTTPRequest_v2` gives parse, http, request, v, 2.

    Hangul, kana and Han are words apart from others: `OrderAPI를` gives order, api, 를. A word with other
    letters beyond ASCII is not split at capitals.
    """
    runs = [name] if name.isascii() else _OTHER.findall(name)
    return [word.lower() for run in runs for word in (_ASCII.findall(run) if run.isascii() else [run])]


def plain_name(name: str) -> str:
    """A name as it is compared: `parse_config`, `parseConfig` and `ParseConfig` give `parseconfig`."""
    return name.replace("_", "").lower()


@lru_cache(maxsize=100_000)
def defined_names(symbols: tuple[str, ...]) -> frozenset[str]:
    """The plain names of symbols, without what they belong to: `Order.cancel_all` gives `cancelall`."""
    return frozenset(plain_name(symbol.rpartition(".")[2]) for symbol in symbols)
