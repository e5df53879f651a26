"""Finds the source files of a codebase, without ignored files, secrets and others' code."""

import os
import time
from collections.abc import Callable, Iterator, Set
from dataclasses import replace
from functools import partial
from pathlib import Path

from code_rag.rag_server.codebase.classifying import Entry, Folder, FoundFile, classify, is_wanted
from code_rag.rag_server.codebase.disk import Disk, DiskStalled
from code_rag.rag_server.codebase.folders import is_source_folder, marked_reason
from code_rag.rag_server.codebase.ignoring import Rules, last_match, parse_attributes, parse_ignore
from code_rag.rag_server.codebase.options import DEFAULTS, Options
from code_rag.rag_server.codebase.paths import composed, locate
from code_rag.rag_server.codebase.repositories import (
    GENERATED_ATTRIBUTE,
    read_rules,
    repository_at,
    rules_above,
    rules_of_nested,
)
from code_rag.rag_server.codebase.skipping import Reason
from code_rag.rag_server.model import SkippedFile

__all__ = ["FoundFile", "walk", "wants"]

OWN_RULES = ".ragignore"
RULE_FILES = frozenset({".gitignore", OWN_RULES, ".gitattributes"})
"""What says which files of its folder are indexed."""


def walk(
    root: Path, wanted: tuple[str, ...] = (), options: Options = DEFAULTS, disk: Disk | None = None
) -> Iterator[FoundFile | SkippedFile]:
    """List the files at or under the path with the parts `wanted`, opening only rule files.

    A folder that `disk` does not list in time is left out, and so are those that are left when the time for
    all of them is over.

    A skipped folder ends in `/`. The rules are git's: those of the repository around the root, of the user
    and of each folder; and `.ragignore`, which overrides them. Symbolic links are not followed.
    """
    disk = disk or Disk()
    until = time.monotonic() + disk.walk_seconds
    above = disk.call(partial(rules_above, root, options.user_excludes), disk.step_seconds)
    start = Folder(
        "", git=above.ignore, generated=above.generated, repository=above.repository, prefix=above.prefix
    )
    pending: list[Entry] = [start]
    while pending:
        item = pending.pop()
        if isinstance(item, Folder):
            children = partial(_children, root, options, item, wanted)
            pending.extend(reversed(_in_time(disk, until, item, children)))
        else:
            yield item


def wants(root: Path, path: str) -> bool:
    """Whether `.ragignore` asks for the file at `path` by name, which overrules `OVERRULABLE` reasons."""
    parts = path.split("/")
    folders = ["".join(f"{part}/" for part in parts[:depth]) for depth in range(len(parts))]
    rules = tuple(
        Rules(folder, parse_ignore(read_rules(locate(root, folder + OWN_RULES))), folder + OWN_RULES)
        for folder in reversed(folders)
    )
    return is_wanted(last_match(rules, path, is_folder=False))


def _in_time(disk: Disk, until: float, folder: Folder, children: Callable[[], list[Entry]]) -> list[Entry]:
    seconds = min(disk.step_seconds, until - time.monotonic())
    try:
        if seconds <= 0:
            raise DiskStalled
        return disk.call(children, seconds)
    except DiskStalled:
        return [SkippedFile(folder.path or "./", Reason.SLOW)]


def _children(root: Path, options: Options, folder: Folder, wanted: tuple[str, ...]) -> list[Entry]:
    try:
        with os.scandir(root / folder.disk) as listing:
            entries = by_name(listing)
    except OSError:
        return [SkippedFile(folder.path or "./", Reason.UNREADABLE)]
    if folder.path:
        entered = _enter(root, options, folder, entries.keys())
        if isinstance(entered, Reason):
            return [SkippedFile(folder.path, entered)]
        folder = entered
    folder = _with_rules(root, folder, entries.keys())
    depth = folder.path.count("/")
    names = entries.keys() if depth >= len(wanted) else entries.keys() & {wanted[depth]}
    children = [classify(root, options, folder, name, entries) for name in names]
    return sorted(children, key=lambda child: child.path)


def by_name(listing: Iterator[os.DirEntry[str]]) -> dict[str, os.DirEntry[str]]:
    """The entries by their composed names; of two that differ only in form, one keeps its own."""
    entries = {entry.name: entry for entry in listing}
    for name in sorted(name for name in entries if not name.isascii()):
        if composed(name) not in entries:
            entries[composed(name)] = entries.pop(name)
    return entries


def _enter(root: Path, options: Options, folder: Folder, names: Set[str]) -> Folder | Reason:
    """The folder with what its listing shows about it, or why it is left out."""
    if ".git" in names and (repository := repository_at(root / folder.disk)):
        if not options.nested_repositories:
            return Reason.NESTED_REPOSITORY
        rules = rules_of_nested(repository, folder.path, options.user_excludes)
        folder = replace(
            folder,
            git=rules.ignore,
            generated=(),
            repository=repository,
            prefix="",
            nested=len(folder.path),
            ignored_by=None,
        )
    if not folder.wanted and (reason := marked_reason(names)):
        return reason
    name = folder.path.rstrip("/").rpartition("/")[2]
    return replace(folder, in_source=folder.in_source or is_source_folder(name, names))


def _with_rules(root: Path, folder: Folder, names: Set[str]) -> Folder:
    """Add the rules of the folder's own rule files, which are stronger than its parents'."""
    path, own, git, generated = folder.path, folder.own, folder.git, folder.generated
    place = root / folder.disk
    if ".gitignore" in names:
        git = (Rules(path, parse_ignore(read_rules(place / ".gitignore")), path + ".gitignore"), *git)
    if OWN_RULES in names:
        own = (Rules(path, parse_ignore(read_rules(place / OWN_RULES)), path + OWN_RULES), *own)
    if ".gitattributes" in names:
        patterns = parse_attributes(read_rules(place / ".gitattributes"), GENERATED_ATTRIBUTE)
        generated = (Rules(path, patterns, path + ".gitattributes"), *generated)
    return replace(folder, own=own, git=git, generated=generated)
