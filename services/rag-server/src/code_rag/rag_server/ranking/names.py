"""How well the words of a query match the name of a file and of a chunk's symbols."""

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from pathlib import PurePosixPath

from code_rag.rag_server.lexical import stems

SHORTEST_PREFIX = 3
"""`auth` matches `authentication`, `ctx` nothing else."""

_NAMED_BY_FOLDER = frozenset({"__init__", "index", "mod", "lib", "main"})
"""Files that are named after their role; their folder says what they are about."""


def file_match(words: Mapping[str, float], path: str) -> tuple[float, float]:
    """The share of the query's words in the names of file and folder, and of the file's name in the query.

    `words` are the stems of the query's words, and how much each weighs.
    """
    name, folder = _file_names(path)
    return coverage(words, name | folder), coverage(dict.fromkeys(name, 1.0), words)


def symbol_match(words: Mapping[str, float], symbols: Sequence[str]) -> float:
    """The share of the query's words in the names of symbols."""
    return coverage(words, frozenset[str]().union(*map(_symbol_stems, symbols)))


def coverage(wanted: Mapping[str, float], given: Collection[str]) -> float:
    """The share of the weight of `wanted` that is in `given`; the beginning of a word is enough."""
    total = sum(wanted.values())
    covered = sum(weight for word, weight in wanted.items() if _is_in(word, given))
    return covered / total if total else 0.0


def _is_in(word: str, given: Collection[str]) -> bool:
    return word in given or any(_related(word, other) for other in given)


def _related(one: str, other: str) -> bool:
    return min(len(one), len(other)) >= SHORTEST_PREFIX and (one.startswith(other) or other.startswith(one))


@lru_cache(maxsize=100_000)
def _file_names(path: str) -> tuple[frozenset[str], frozenset[str]]:
    place = PurePosixPath(path)
    folder = place.parent.name
    name = folder if place.stem in _NAMED_BY_FOLDER else place.stem
    return frozenset(stems(name)), frozenset(stems(folder))


@lru_cache(maxsize=100_000)
def _symbol_stems(symbol: str) -> frozenset[str]:
    return frozenset(stems(symbol))
