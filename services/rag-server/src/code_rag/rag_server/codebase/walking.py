"""Finds the source files of a codebase, without ignored files, secrets and generated code."""

import os
import stat
from collections.abc import Iterator, Set
from dataclasses import dataclass, replace
from pathlib import Path

from code_rag.rag_server.codebase.ignoring import Rules, last_match, parse_attributes, parse_ignore
from code_rag.rag_server.codebase.reading import read_regular_file
from code_rag.rag_server.codebase.skipping import (
    Reason,
    folder_reason,
    is_cache_or_environment,
    name_reason,
    size_reason,
)
from code_rag.rag_server.model import SkippedFile


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that no rule about names or sizes excludes; it has not been read yet."""

    path: str
    size: int
    modified_ns: int


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder about to be listed; `path` is empty or ends in a slash, rules come strongest first."""

    path: str
    own: tuple[Rules, ...] = ()
    git: tuple[Rules, ...] = ()
    generated: tuple[Rules, ...] = ()

    def ignores(self, path: str, is_folder: bool) -> bool:
        decision = last_match(self.own, path, is_folder)
        return bool(last_match(self.git, path, is_folder) if decision is None else decision)


_Entry = _Folder | FoundFile | SkippedFile


def walk(root: Path, wanted: tuple[str, ...] = ()) -> Iterator[FoundFile | SkippedFile]:
    """List the files at or under the path with the parts `wanted`, opening only rule files.

    A skipped folder ends in `/`. The rules are git's, from the root down: nested `.gitignore`,
    `.git/info/exclude`, and `.ragignore`, which overrides both. Symbolic links are not followed. Unlike git,
    a tracked file that is ignored is left out.
    """
    pending: list[_Entry] = [_Folder("")]
    while pending:
        item = pending.pop()
        if isinstance(item, _Folder):
            pending.extend(reversed(_children(root, item, wanted)))
        else:
            yield item


def _children(root: Path, folder: _Folder, wanted: tuple[str, ...]) -> list[_Entry]:
    try:
        with os.scandir(root / folder.path) as listing:
            entries = {entry.name: entry for entry in listing}
    except OSError:
        return [SkippedFile(folder.path or "./", Reason.UNREADABLE)]
    if folder.path and is_cache_or_environment(entries.keys()):
        return [SkippedFile(folder.path, Reason.IGNORED)]
    folder = _with_rules(root, folder, entries.keys())
    depth = folder.path.count("/")
    if depth < len(wanted):
        entries = {name: entry for name, entry in entries.items() if name == wanted[depth]}
    children = [_classify(folder, entry) for entry in entries.values()]
    return sorted(children, key=lambda child: child.path)


def _with_rules(root: Path, folder: _Folder, names: Set[str]) -> _Folder:
    """Add the rules of the folder's own rule files, which are stronger than its parents'."""
    path, own, git, generated = folder.path, folder.own, folder.git, folder.generated
    if ".git" in names:
        git = (Rules(path, parse_ignore(_rules(root, path + ".git/info/exclude"))), *git)
    if ".gitignore" in names:
        git = (Rules(path, parse_ignore(_rules(root, path + ".gitignore"))), *git)
    if ".ragignore" in names:
        own = (Rules(path, parse_ignore(_rules(root, path + ".ragignore"))), *own)
    if ".gitattributes" in names:
        patterns = parse_attributes(_rules(root, path + ".gitattributes"), "linguist-generated")
        generated = (Rules(path, patterns), *generated)
    return _Folder(path, own, git, generated)


def _rules(root: Path, path: str) -> bytes:
    try:
        return read_regular_file(root / path)
    except OSError:
        return b""


def _classify(folder: _Folder, entry: os.DirEntry[str]) -> _Entry:
    path = folder.path + entry.name
    try:
        path.encode()
        status = entry.stat(follow_symlinks=False)
    except UnicodeEncodeError:
        return SkippedFile(os.fsencode(path).decode("utf-8", "backslashreplace"), Reason.UNREADABLE)
    except OSError:
        return SkippedFile(path, Reason.UNREADABLE)
    if stat.S_ISDIR(status.st_mode):
        skipped = folder_reason(entry.name) or (Reason.IGNORED if folder.ignores(path, True) else None)
        return SkippedFile(path + "/", skipped) if skipped else replace(folder, path=path + "/")
    reason = _file_reason(folder, path, status)
    return SkippedFile(path, reason) if reason else FoundFile(path, status.st_size, status.st_mtime_ns)


def _file_reason(folder: _Folder, path: str, status: os.stat_result) -> Reason | None:
    if stat.S_ISLNK(status.st_mode):
        return Reason.SYMLINK
    if not stat.S_ISREG(status.st_mode):
        return Reason.UNREADABLE
    if reason := name_reason(path):
        return reason
    if folder.ignores(path, False):
        return Reason.IGNORED
    if last_match(folder.generated, path, False):
        return Reason.GENERATED
    return size_reason(path, status.st_size)
