"""Decides about each entry of a listed folder: read, entered, or left out, and why."""

import os
import stat
from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from pathlib import Path

from code_rag.rag_server.codebase.folders import (
    VERSION_CONTROL,
    holds_copies,
    is_ambiguous,
    may_hold_copies,
    named_reason,
    placed_reason,
)
from code_rag.rag_server.codebase.generated import has_generated_name
from code_rag.rag_server.codebase.ignoring import Pattern, Rules, last_match
from code_rag.rag_server.codebase.options import Options
from code_rag.rag_server.codebase.repositories import Repository
from code_rag.rag_server.codebase.secret_names import is_secret, is_secret_folder
from code_rag.rag_server.codebase.skipping import (
    MAX_WANTED_BYTES,
    Reason,
    is_too_large,
)
from code_rag.rag_server.model import SkippedFile

_MAX_LISTED = 50
"""Folders in a folder of others' code that are searched for licences."""


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that no rule about names or sizes excludes; it has not been read yet."""

    path: str
    size: int
    modified_ns: int
    changed_ns: int
    """When its content, name, owner or mode last changed."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder about to be listed; `path` is empty or ends in a slash, rules come strongest first."""

    path: str
    disk: str = ""
    """The same path as it is spelled on disk."""
    own: tuple[Rules, ...] = ()
    git: tuple[Rules, ...] = ()
    generated: tuple[Rules, ...] = ()
    repository: Repository | None = None
    prefix: str = ""
    """The way from the repository's top to the root; for a nested repository, empty."""
    nested: int = 0
    """How much of the path leads to the nested repository."""
    in_source: bool = False
    wanted: bool = False
    """`.ragignore` asks for it by name."""
    ignored_by: "Match" = None
    """Git's rule for the folder: only what git tracks in it is read."""

    def tracks(self, path: str, is_folder: bool) -> bool:
        """Whether git tracks the file, or a file in the folder, at `path`."""
        place = self.prefix + path[self.nested :]
        return self.repository is not None and self.repository.tracks(place, is_folder)

    def overflows(self, path: str) -> bool:
        """Whether the file `path` has more rules than are applied."""
        return any(one.patterns.overflows and one.origin == path for one in (*self.own[:1], *self.git[:1]))


Entry = Folder | FoundFile | SkippedFile
Match = tuple[Rules, Pattern] | None


@dataclass(frozen=True, slots=True)
class _Decision:
    """What the ignore rules say about a path."""

    ignored: bool
    rule: Match
    is_own: bool = False
    """The rule is from `.ragignore`."""

    @property
    def wanted(self) -> bool:
        return self.is_own and is_wanted(self.rule)


def classify(
    root: Path, options: Options, folder: Folder, name: str, entries: Mapping[str, os.DirEntry[str]]
) -> Entry:
    """What becomes of the entry with the composed name `name`, one of `entries`."""
    entry, path = entries[name], folder.path + name
    try:
        path.encode()
        status = entry.stat(follow_symlinks=False)
    except UnicodeEncodeError:
        return SkippedFile(os.fsencode(path).decode("utf-8", "backslashreplace"), Reason.UNREADABLE)
    except OSError:
        return SkippedFile(path, Reason.UNREADABLE)
    is_folder = stat.S_ISDIR(status.st_mode)
    if name in VERSION_CONTROL:  # `.git` is a file in linked work trees
        return SkippedFile(path + "/" * is_folder, Reason.IGNORED)
    if is_folder:
        return _classify_folder(root, folder, name, entries)
    return _classify_file(options, folder, path, status)


def _classify_folder(root: Path, folder: Folder, name: str, entries: Mapping[str, os.DirEntry[str]]) -> Entry:
    path = folder.path + name
    if is_secret_folder(name):
        return SkippedFile(path + "/", Reason.SECRET)
    decision = _decide(folder, path, is_folder=True)
    if decision.ignored:
        return SkippedFile(path + "/", Reason.IGNORED, _rule(decision.rule))
    child = replace(
        folder,
        path=path + "/",
        disk=folder.disk + entries[name].name + "/",
        wanted=decision.wanted,
        ignored_by=decision.rule if decision.rule and decision.rule[1].include else None,
    )
    if is_wanted(decision.rule):  # `!dist/` counts in .gitignore, too
        return child
    reason = named_reason(name) or _ambiguous_reason(root, folder, child, name, entries.keys())
    return SkippedFile(path + "/", reason) if reason else child


def _ambiguous_reason(
    root: Path, folder: Folder, child: Folder, name: str, beside: Set[str]
) -> Reason | None:
    if not is_ambiguous(name):
        return None
    inside, deeper = _listed(root / child.disk)
    if may_hold_copies(name) and holds_copies(inside, deeper):
        return Reason.VENDORED
    return placed_reason(name, beside, folder.in_source, lambda: folder.tracks(child.path[:-1], True), inside)


def _listed(place: Path) -> tuple[set[str], set[str]]:
    """The names in a folder, and those in the first folders in it."""
    inside: set[str] = set()
    deeper: set[str] = set()
    try:
        with os.scandir(place) as listing:
            entries = sorted(listing, key=lambda entry: entry.name)
        inside = {entry.name for entry in entries}
        for entry in [entry for entry in entries if entry.is_dir(follow_symlinks=False)][:_MAX_LISTED]:
            deeper.update(path.name for path in Path(entry).iterdir())
    except OSError:
        pass  # the walk reports it
    return inside, deeper


def _classify_file(options: Options, folder: Folder, path: str, status: os.stat_result) -> Entry:
    if stat.S_ISLNK(status.st_mode):
        return SkippedFile(path, Reason.SYMLINK)
    if not stat.S_ISREG(status.st_mode):
        return SkippedFile(path, Reason.UNREADABLE)
    if is_secret(path):
        return SkippedFile(path, Reason.SECRET)
    decision = _decide(folder, path, is_folder=False)
    if decision.ignored:
        return SkippedFile(path, Reason.IGNORED, _rule(decision.rule))
    if folder.overflows(path):
        return SkippedFile(path, Reason.TOO_MANY_RULES)
    if status.st_size > MAX_WANTED_BYTES:
        return SkippedFile(path, Reason.TOO_LARGE)
    unwanted = None if decision.wanted else _unwanted(options, folder, path, status.st_size)
    return unwanted or FoundFile(path, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _unwanted(options: Options, folder: Folder, path: str, size: int) -> SkippedFile | None:
    if has_generated_name(path):
        return SkippedFile(path, Reason.GENERATED)
    match = last_match(folder.generated, path, is_folder=False)
    if match and match[1].include:
        return SkippedFile(path, Reason.GENERATED, _rule(match))
    return SkippedFile(path, Reason.TOO_LARGE) if is_too_large(path, size, options.max_bytes) else None


def _decide(folder: Folder, path: str, is_folder: bool) -> _Decision:
    """`.ragignore` first; git's rules are for what git does not track."""
    if rule := last_match(folder.own, path, is_folder):
        return _Decision(rule[1].include, rule, is_own=True)
    rule = folder.ignored_by or last_match(folder.git, path, is_folder)
    ignored = rule is not None and rule[1].include
    return _Decision(ignored and not folder.tracks(path, is_folder), rule)


def is_wanted(match: Match) -> bool:
    """Whether the rule asks for a file or folder by name."""
    return match is not None and not match[1].include and match[1].is_specific


def _rule(match: Match) -> str:
    return f"{match[0].origin}, line {match[1].line}: {match[1].text}" if match else ""
