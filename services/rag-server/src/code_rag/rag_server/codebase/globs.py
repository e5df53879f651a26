"""One pattern in the syntax of `.gitignore`, as a regular expression that takes time linear in each name.

The meaning is that of git's wildmatch. Each `*` takes the first place that fits and never another one (atomic
groups): within a name nothing is lost by that, and no pattern can make the match take exponential time.
"""

import re
from dataclasses import dataclass

MAX_NAME = 255
"""Longest name of a file on Linux, macOS and Windows; a longer pattern for a name matches none."""

_POSIX = {
    "alpha": "a-zA-Z",
    "digit": "0-9",
    "alnum": "a-zA-Z0-9",
    "upper": "A-Z",
    "lower": "a-z",
    "space": r"\s",
    "blank": r" \t",
    "xdigit": "0-9A-Fa-f",
    "cntrl": r"\x00-\x1f\x7f",
    "punct": r"!-\/:-@\[-`{-~",
    "graph": "!-~",
    "print": " -~",
}
_TOKEN = re.compile(
    r"(?P<star>\*+)|(?P<any>\?)|\\(?P<escaped>.)"
    r"|\[(?P<negated>[!^]?)(?P<set>\]?(?:\[:\w*:\]|\\.|[^\]\\])*+)\]|(?P<broken>[\[\\])|(?P<literal>.)",
    re.DOTALL,
)
_MEMBER = re.compile(r"\[:(?P<posix>\w*):\]|(?P<first>\\.|.)(?:-(?P<last>\\.|[^\]]))?", re.DOTALL)
_WILD = re.compile(r"[*?\[\\]")


@dataclass(frozen=True, slots=True)
class Glob:
    """A parsed pattern: what it matches, and whether it applies to names or to whole paths."""

    text: str
    """The pattern without `!`, without a slash at either end."""
    is_name: bool
    """It is matched against the name of a file or folder, at any depth; else against the relative path."""
    folder_only: bool

    @property
    def is_literal(self) -> bool:
        """Whether it matches exactly its own text."""
        return not _WILD.search(self.text)

    @property
    def ending(self) -> str:
        """The ending that names must have, for a pattern such as `*.log`; empty for others."""
        rest = self.text[1:]
        return rest if self.is_name and self.text.startswith("*") and not _WILD.search(rest) else ""

    def regex(self) -> re.Pattern[str] | None:
        """The compiled pattern, to be matched from the start; None if it can match nothing."""
        if self.is_name:
            name = _segment(self.text)
            expression = None if name is None else name + r"\Z"
        else:
            expression = _path(_split(self.text))
        return None if expression is None else re.compile(expression, re.DOTALL)


def parse_glob(pattern: str) -> Glob:
    """Parse a pattern without its `!`; a slash that is not at the end ties it to the folder of its file."""
    folder_only = pattern.endswith("/")
    text = pattern.removesuffix("/")
    return Glob(text.removeprefix("/"), "/" not in text, folder_only)


def _split(text: str) -> list[str]:
    """The text between slashes; one in brackets does not separate."""
    separators = [token.span() for token in _TOKEN.finditer(text) if token[0] in ("/", r"\/")]
    starts, ends = [0, *(end for _, end in separators)], [*(start for start, _ in separators), len(text)]
    return [text[start:end] for start, end in zip(starts, ends, strict=True)]


def _path(segments: list[str]) -> str | None:
    """Groups of segments between `**`: each but the last takes the first place where it fits."""
    expression, deep = "", False
    group: list[str] = []
    for segment in segments:
        if _is_deep(segment):
            expression += _group(group, deep)
            group, deep = [], True
        elif name := _segment(segment):
            group.append(name)
        else:
            return None
    if not group:
        return expression + ".+"
    anywhere = "(?:[^/]+/)*?" if deep else ""
    return expression + anywhere + "/".join(group) + r"\Z"


def _group(group: list[str], deep: bool) -> str:
    if not group:
        return ""
    inner = "/".join(group) + "/"
    return f"(?>(?:[^/]+/)*?{inner})" if deep else inner


def _is_deep(segment: str) -> bool:
    return len(segment) > 1 and not segment.strip("*")


def _segment(segment: str) -> str | None:
    pieces, size = [""], 0
    for token in _TOKEN.finditer(segment):
        if token["broken"] or size > MAX_NAME:
            return None
        if token["star"]:
            pieces.append("")
        else:
            pieces[-1] += _single(token)
            size += 1
    if not segment:
        return None
    first, *rest = pieces
    if not rest:
        return first
    middle = "".join(f"(?>[^/]*?{piece})" for piece in rest[:-1] if piece)
    if len(rest) == 1 and not first and not rest[0]:
        return "[^/]+"
    return f"{first}{middle}[^/]*{rest[-1]}"


def _single(token: re.Match[str]) -> str:
    """The expression for exactly one character of a name."""
    if token["any"]:
        return "[^/]"
    if token["set"] is None:
        return re.escape(token["escaped"] or token["literal"])
    members = "".join(map(_member, _MEMBER.finditer(token["set"])))
    if token["negated"]:
        return f"[^/{members}]"
    return f"(?!/)[{members}]" if members else "(?!)"


def _member(member: re.Match[str]) -> str:
    if member["posix"] is not None:
        return _POSIX.get(member["posix"], "")
    first = member["first"].removeprefix("\\") or "\\"
    if member["last"] is None:
        return re.escape(first)
    last = member["last"].removeprefix("\\")
    return f"{re.escape(first)}-{re.escape(last)}" if first <= last else ""
