"""Git's ignore and attribute patterns, matched exactly as git does: each path by itself, folder by folder.

Semantics: https://git-scm.com/docs/gitignore and git's wildmatch.c.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

_CLASSES = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "blank": " \\t",
    "cntrl": "\\x00-\\x1f\\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": "!-/:-@\\[-`{-~",
    "space": "\\s",
    "upper": "A-Z",
    "xdigit": "0-9a-fA-F",
}
_TOKEN = re.compile(
    r"\\(?P<escaped>.)|(?P<star>\*+)|(?P<any>\?)"
    r"|\[(?P<negated>[!^]?)(?P<members>\]?(?:\[:[a-z]+:\]|\\.|[^\]\\])*)\]|(?P<invalid>[\\\[])|(?P<plain>.)",
    re.DOTALL,
)
_MEMBER = re.compile(r"\[:(?P<name>[a-z]+):\]|\\(?P<escaped>.)|(?P<dash>-)|(?P<plain>.)", re.DOTALL)


class _InvalidPatternError(ValueError):
    """A pattern that git matches with nothing."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line of an ignore file, or the first word of one of an attributes file."""

    regex: re.Pattern[str]
    negated: bool
    folders_only: bool
    by_name: bool
    """Without a slash: compared with the last component alone."""

    def matches(self, path: str, name: str, is_folder: bool) -> bool:
        """Whether the pattern matches this very path, given relative to the pattern's folder."""
        if self.folders_only and not is_folder:
            return False
        return self.regex.fullmatch(name if self.by_name else path) is not None


@dataclass(frozen=True, slots=True)
class Rules:
    """The patterns of one file, and the folder they are relative to (empty, or ending in a slash)."""

    folder: str
    patterns: tuple[Pattern, ...]


def parse_ignore(text: str) -> tuple[Pattern, ...]:
    """The patterns of an ignore file, in order; comments, blanks and invalid patterns are left out."""
    lines = (line.removesuffix("\r") for line in text.removeprefix("\ufeff").split("\n"))
    patterns = (parse_pattern(_without_trailing_spaces(line)) for line in lines if not line.startswith("#"))
    return tuple(pattern for pattern in patterns if pattern is not None)


def parse_pattern(line: str) -> Pattern | None:
    """Compile one pattern, or return None if it can match nothing."""
    negated = line.startswith("!")
    glob = line[1:] if negated else line
    folders_only = glob.endswith("/")
    glob = glob[:-1] if folders_only else glob
    if not glob:
        return None
    by_name = "/" not in glob
    try:
        regex = _compile(glob.removeprefix("/"))
    except _InvalidPatternError:
        return None
    return Pattern(regex, negated, folders_only, by_name)


def parse_attributes(text: str, attribute: str) -> tuple[Pattern, ...]:
    """The patterns of a `.gitattributes` file that set an attribute, or (negated) unset it, in order."""
    patterns = []
    for line in text.splitlines():
        glob, *settings = line.split() or [""]
        pattern = None if glob.startswith(("#", "!", "[attr]")) else parse_pattern(glob)
        value = next((value for name, value in map(_attribute, settings) if name == attribute), None)
        if pattern is not None and value is not None:
            patterns.append(replace(pattern, negated=not value))
    return tuple(patterns)


def last_match(rules: Iterable[Rules], path: str, is_folder: bool) -> bool | None:
    """What the last matching pattern says about `path`; None if none matches.

    `rules` come strongest first. The parents of `path` must have been asked before.
    """
    name = path.rpartition("/")[2]
    for one in rules:
        relative = path[len(one.folder) :]
        for pattern in reversed(one.patterns):
            if pattern.matches(relative, name, is_folder):
                return not pattern.negated
    return None


def _attribute(setting: str) -> tuple[str, bool]:
    name, _, value = setting.partition("=")
    return name.lstrip("-!"), not name.startswith(("-", "!")) and value != "false"


def _without_trailing_spaces(line: str) -> str:
    stripped = line.rstrip(" ")
    backslashes = len(stripped) - len(stripped.rstrip("\\"))
    kept = backslashes % 2 == 1 and len(stripped) < len(line)
    return stripped + " " if kept else stripped


@lru_cache(maxsize=4096)
def _compile(glob: str) -> re.Pattern[str]:
    segments = glob.split("/")
    last = len(segments) - 1
    parts = []
    for index, segment in enumerate(segments):
        if len(segment) > 1 and not segment.strip("*"):
            parts.append(".*" if index == last else "(?:.*/)?")
        else:
            parts.append(_segment(segment) + ("" if index == last else "/"))
    return re.compile("".join(parts), re.DOTALL)


def _segment(glob: str) -> str:
    # Between two stars the first match is as good as any, so it need never be tried again: no backtracking.
    first, *rest = _between_stars(glob)
    if not rest:
        return first
    return first + "".join(f"(?>[^/]*?{piece})" for piece in rest[:-1]) + "[^/]*" + rest[-1]


def _between_stars(glob: str) -> list[str]:
    pieces = [""]
    for token in _TOKEN.finditer(glob):
        if token["invalid"]:
            raise _InvalidPatternError(glob)
        if token["star"]:
            pieces.append("")
        elif token["any"]:
            pieces[-1] += "[^/]"
        elif token["members"] is not None:
            pieces[-1] += _bracket(token["members"], token["negated"] != "")
        else:
            pieces[-1] += re.escape(token["escaped"] or token["plain"])
    return pieces


def _bracket(members: str, negated: bool) -> str:
    items = list(_members(members))
    body = ""
    while items:
        if len(items) > 2 and items[1] == "-":
            low, _, high, *items = items
            body += f"{low}-{high}" if low.removeprefix("\\") <= high.removeprefix("\\") else ""
        else:
            body += re.escape("-") if items[0] == "-" else items[0]
            del items[0]
    if negated:
        return f"[^/{body}]"
    return f"(?!/)[{body}]" if body else "(?!)"


def _members(text: str) -> Iterator[str]:
    """The members of a bracket as regex text; a bare `-`, which makes a range, alone stays unescaped."""
    for member in _MEMBER.finditer(text):
        if member["name"]:
            if member["name"] not in _CLASSES:
                raise _InvalidPatternError(text)
            yield _CLASSES[member["name"]]
        else:
            yield member["dash"] or re.escape(member["escaped"] or member["plain"])
