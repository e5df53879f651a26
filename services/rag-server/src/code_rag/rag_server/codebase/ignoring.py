"""Ignore and attribute rules, each relative to its file's folder; pathspec does the pattern matching."""

import codecs
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass

from pathspec import GitIgnoreSpec
from pathspec.patterns.gitignore.base import GitIgnorePatternError


@dataclass(frozen=True, slots=True)
class Rules:
    """The patterns of one file, and the folder they are relative to (empty, or ending in a slash)."""

    folder: str
    spec: GitIgnoreSpec


def parse_ignore(content: bytes) -> GitIgnoreSpec:
    """The patterns of an ignore file; lines that are not valid patterns are skipped, as git does."""
    text = content.removeprefix(codecs.BOM_UTF8).decode(errors="surrogateescape")
    return _spec(line.removesuffix("\r") for line in text.split("\n"))


def parse_attributes(content: bytes, attribute: str) -> GitIgnoreSpec:
    """The patterns of a `.gitattributes` file that set an attribute, or (negated) unset it, in order."""
    lines = []
    for line in content.decode(errors="surrogateescape").split("\n"):
        glob, *settings = line.split() or [""]
        value = next((value for name, value in map(_attribute, settings) if name == attribute), None)
        if value is not None and not glob.startswith(("#", "!", "[attr]")) and not glob.endswith("/"):
            lines.append(glob if value else f"!{glob}")
    return _spec(lines)


def last_match(rules: Iterable[Rules], path: str, is_folder: bool) -> bool | None:
    """Whether the last matching pattern includes `path`; None if none matches.

    `rules` come strongest first. The parents of `path` must have been checked before.
    """
    for one in rules:
        relative = path[len(one.folder) :] + ("/" if is_folder else "")
        for pattern in reversed(one.spec.patterns):
            if pattern.regex is not None and _matches_itself(pattern.regex, relative):
                return pattern.include
    return None


def _matches_itself(regex: re.Pattern[str], path: str) -> bool:
    # pathspec also matches paths inside a matched folder, and marks that folder's slash as `ps_d`;
    # git checks each path separately, so that a rule of a nearer file can still apply to what is inside.
    for match in regex.finditer(path):
        marked = match.groupdict().get("ps_d") is not None
        if marked and match.end("ps_d") == len(path):
            return True
        if not marked and (not path.endswith("/") or match.end() < len(path)):
            return True
    return False


def _spec(lines: Iterable[str]) -> GitIgnoreSpec:
    return GitIgnoreSpec.from_lines(line for line in lines if _is_pattern(line))


def _is_pattern(line: str) -> bool:
    try:
        with warnings.catch_warnings(action="ignore", category=FutureWarning):  # odd sets in brackets
            GitIgnoreSpec.from_lines([line])
    except (GitIgnorePatternError, re.error):
        return False
    return True


def _attribute(setting: str) -> tuple[str, bool]:
    name, _, value = setting.partition("=")
    return name.lstrip("-!"), not name.startswith(("-", "!")) and value != "false"
