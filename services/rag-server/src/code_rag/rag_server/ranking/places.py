"""Kinds of places that seldom hold the answer, by path: they rank lower unless the query asks for them."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from code_rag.rag_server.lexical import stems


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of place: `factor` is what is left of a hit's score there."""

    name: str
    factor: float
    pattern: re.Pattern[str]
    asked_by: frozenset[str]
    """Stems of words that ask for such places."""


def _kind(name: str, factor: float, pattern: str, asked_by: str = "") -> Kind:
    return Kind(name, factor, re.compile(pattern, re.VERBOSE), frozenset(stems(asked_by)))


KINDS = (
    _kind(
        "test",
        0.3,
        r"""
          (?:^|/) (?:tests?|__tests__|testing|specs?|e2e|testdata|fixtures?|__mocks__) /
        | (?:^|/) test_[^/]*$ | [._-](?:tests?|specs?)\.\w+$ | [a-z0-9](?:Tests?|Spec|IT)\.\w+$
        | (?:^|/) conftest\.py$
        """,
        "test tests testing spec fixture mock",
    ),
    _kind(
        "example",
        0.3,
        r"(?:^|/) _?(?:examples?|samples?|demos?|docs?_src|tutorials?|playground|benchmarks?|bench) /",
        "example sample demo tutorial benchmark",
    ),
    _kind(
        "documentation",
        0.85,
        r"(?:^|/) (?:docs?|documentation|website) / | \.(?:md|mdx|rst|txt|adoc)$",
        "documentation docs readme guide changelog license install",
    ),
    _kind(
        "translation",
        0.5,
        r"(?:^|/) (?:locales?|i18n|l10n|translations?) /",
        "translation locale language i18n",
    ),
    _kind(
        "vendored",
        0.3,
        r"(?:^|/) (?:_?vendor(?:ed)?|third[_-]?party|extern|external|Pods) /",
        "vendor vendored bundled",
    ),
    _kind(
        "compatibility",
        0.3,
        r"""
          (?:^|/) _?(?:compat|legacy|deprecated|polyfills?)[/._]
        | [_-](?:compat|legacy|deprecated)\.
        """,
        "compatibility compat legacy deprecated polyfill backport",
    ),
    _kind("declaration", 0.7, r"\.d\.[cm]?ts$ | \.pyi$", "type types typing declaration stub"),
)  # fmt: skip

_REEXPORT = re.compile(r"(?:^|/)(?:__init__\.pyi?|index\.[cm]?[jt]sx?|mod\.rs)$")
REEXPORT_FACTOR = 0.75
SUPERSEDED_FACTOR = 0.6

_VERSION_FOLDER = re.compile(r"(?P<parent>(?:[^/]+/)*?)[vV](?P<version>\d+)/")


@lru_cache(maxsize=100_000)
def kinds(path: str) -> tuple[Kind, ...]:
    """The kinds of places that `path` belongs to."""
    return tuple(kind for kind in KINDS if kind.pattern.search(path))


def unasked(path: str, words: Collection[str]) -> list[Kind]:
    """The kinds of places that `path` belongs to and that no word of the query asks for."""
    return [kind for kind in kinds(path) if kind.asked_by.isdisjoint(words)]


def is_reexport(path: str, symbols: Sequence[str]) -> bool:
    """Whether a chunk without definitions is in a file that usually only passes on what others define."""
    return not symbols and _REEXPORT.search(path) is not None


def superseded(paths: Iterable[str]) -> set[str]:
    """The paths in a folder such as `v3/` where another path is in a folder such as `v4/` beside it."""
    latest: dict[str, int] = {}
    found = []
    for path in set(paths):
        for match in _VERSION_FOLDER.finditer(path):
            parent, version = path[: match.end("parent")], int(match["version"])
            latest[parent] = max(version, latest.get(parent, 0))
            found.append((path, parent, version))
    return {path for path, parent, version in found if version < latest[parent]}
