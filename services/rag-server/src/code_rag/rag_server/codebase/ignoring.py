"""Ignore and attribute rules, each relative to its file's folder, with the meaning that git gives them."""

import codecs
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from code_rag.rag_server.codebase.globs import MAX_NAME, Glob, parse_glob

MAX_WILDCARDS = 1_000
MAX_WILDCARD_CHARS = 64_000
"""Limits of the patterns with wildcards in one file, simple ones such as `*.log` apart; more are not applied.

Each costs time for every file of the codebase; all others are looked up.
"""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line of a rule file."""

    text: str
    line: int
    """1-based."""
    include: bool
    """False for a line that starts with `!`."""
    glob: Glob

    @property
    def is_specific(self) -> bool:
        """Whether it names more than a file ending: `!schema.sql`, `!gen/*.py`, but not `!*.py` or `!*/`."""
        return bool(self.glob.text.strip("*/")) and not re.fullmatch(r"(?:\*+/)*\*\.\w+", self.glob.text)


@dataclass(slots=True)
class Patterns:
    """The patterns of one file, arranged so that the last one that matches is found without trying all."""

    overflows: bool = False
    """The limits are exceeded, and not all patterns are applied."""
    _chars: int = 0
    _literals: dict[tuple[bool, str], list[Pattern]] = field(default_factory=dict)
    _endings: dict[str, list[Pattern]] = field(default_factory=dict)
    _lengths: set[int] = field(default_factory=set)
    _others: list[tuple[Pattern, re.Pattern[str]]] = field(default_factory=list)
    _any: dict[bool, re.Pattern[str]] = field(default_factory=dict)
    """All of `_others` in one, for names (True) and for paths: most files match none of them."""

    def add(self, pattern: Pattern) -> None:
        """Add a pattern that is stronger than those before."""
        glob = pattern.glob
        ending = glob.ending
        if glob.is_literal:
            self._literals.setdefault((glob.is_name, glob.text), []).append(pattern)
        elif len(ending) > MAX_NAME:
            pass  # it can match no name
        elif ending:
            self._endings.setdefault(ending, []).append(pattern)
            self._lengths.add(len(ending))
        elif len(self._others) >= MAX_WILDCARDS or self._chars + len(glob.text) > MAX_WILDCARD_CHARS:
            self.overflows = True
        elif regex := glob.regex():
            self._others.append((pattern, regex))
            self._chars += len(glob.text)

    def last_match(self, path: str, name: str, is_folder: bool) -> Pattern | None:
        """The last pattern that matches; `name` is the last part of `path`."""
        best = _later(None, self._literals.get((True, name), ()), is_folder)
        best = _later(best, self._literals.get((False, path), ()), is_folder)
        for length in self._lengths:
            best = _later(best, self._endings.get(name[-length:], ()), is_folder)
        if not self._may_match(path, name):
            return best
        for pattern, regex in reversed(self._others):
            if best and pattern.line < best.line:
                break
            applies = is_folder or not pattern.glob.folder_only
            if applies and regex.match(name if pattern.glob.is_name else path):
                return pattern
        return best

    def _may_match(self, path: str, name: str) -> bool:
        if self._others and not self._any:
            for is_name in (True, False):
                found = [regex.pattern for pattern, regex in self._others if pattern.glob.is_name == is_name]
                self._any[is_name] = re.compile("|".join(found) or "(?!)", re.DOTALL)
        return any(regex.match(name if is_name else path) for is_name, regex in self._any.items())


def _later(best: Pattern | None, patterns: Iterable[Pattern], is_folder: bool) -> Pattern | None:
    for pattern in patterns:
        if (is_folder or not pattern.glob.folder_only) and (best is None or pattern.line > best.line):
            best = pattern
    return best


@dataclass(frozen=True, slots=True)
class Rules:
    """The patterns of one file, and the folder they are relative to."""

    folder: str
    """Empty for the root, or ending in a slash."""
    patterns: Patterns
    origin: str = ""
    """The file, as people are shown it."""
    prefix: str = ""
    """For a file above the root: the way from its folder to the root, ending in a slash."""


@lru_cache(maxsize=128)
def parse_ignore(content: bytes) -> Patterns:
    """The patterns of an ignore file; lines that are not valid patterns are skipped, as git does."""
    text = content.removeprefix(codecs.BOM_UTF8).decode(errors="surrogateescape")
    lines = ((number, line.removesuffix("\r")) for number, line in enumerate(text.split("\n"), 1))
    return _patterns((number, _without_spaces(line)) for number, line in lines if not line.startswith("#"))


@lru_cache(maxsize=128)
def parse_attributes(content: bytes, attribute: str) -> Patterns:
    """The patterns of a `.gitattributes` file that set an attribute, or (negated) unset it, in order."""
    lines = []
    for number, line in enumerate(content.decode(errors="surrogateescape").split("\n"), 1):
        glob, *settings = line.split() or [""]
        value = next((value for name, value in map(_attribute, settings) if name == attribute), None)
        if value is not None and not glob.startswith(("#", "!", "[attr]")) and not glob.endswith("/"):
            lines.append((number, glob if value else f"!{glob}"))
    return _patterns(lines)


def last_match(rules: Iterable[Rules], path: str, is_folder: bool) -> tuple[Rules, Pattern] | None:
    """The last pattern that matches `path`, and the rules it is from; None if none matches.

    `rules` come strongest first. The parents of `path` must have been checked before.
    """
    name = path.rpartition("/")[2]
    for one in rules:
        relative = one.prefix + path[len(one.folder) :]
        if found := one.patterns.last_match(relative, name, is_folder):
            return one, found
    return None


def _patterns(lines: Iterable[tuple[int, str]]) -> Patterns:
    """Of lines that say the same only the last is kept."""
    patterns = Patterns()
    last = {line: number for number, line in lines}
    for line, number in sorted(last.items(), key=lambda item: item[1]):
        include = not line.startswith("!")
        glob = parse_glob(unicodedata.normalize("NFC", line if include else line[1:]))
        if glob.text:
            patterns.add(Pattern(line, number, include, glob))
    return patterns


def _without_spaces(line: str) -> str:
    """The line without the spaces at its end; one after a backslash stays."""
    stripped = line.rstrip(" ")
    backslashes = len(stripped) - len(stripped.rstrip("\\"))
    return stripped + " " if backslashes % 2 and stripped != line else stripped


def _attribute(setting: str) -> tuple[str, bool]:
    name, _, value = setting.partition("=")
    return name.lstrip("-!"), not name.startswith(("-", "!")) and value != "false"
