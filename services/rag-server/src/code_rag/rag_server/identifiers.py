"""The words inside an identifier or a file name."""

import re
from functools import lru_cache

_ASCII = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_OTHER = re.compile(r"[^\W\d_]+|\d+")


def split_identifier(name: str) -> list[str]:
    """The words of an identifier, lower-cased: `parseHTTPRequest_v2` gives parse, http, request, v, 2.

    A name with non-ASCII letters is split only at underscores and digits.
    """
    words = _ASCII if name.isascii() else _OTHER
    return [word.lower() for word in words.findall(name)]


def plain_name(name: str) -> str:
    """A name as it is compared: `parse_config`, `parseConfig` and `ParseConfig` give `parseconfig`."""
    return name.replace("_", "").lower()


@lru_cache(maxsize=100_000)
def defined_names(symbols: tuple[str, ...]) -> frozenset[str]:
    """The plain names of symbols, without what they belong to: `Order.cancel_all` gives `cancelall`."""
    return frozenset(plain_name(symbol.rpartition(".")[2]) for symbol in symbols)
