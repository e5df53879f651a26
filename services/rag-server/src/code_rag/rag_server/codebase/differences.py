"""Finds what differs on disk from what the index last read, by names and stamps: no file is opened for it."""

import os
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from pathlib import PurePosixPath
from posixpath import commonpath

from code_rag.rag_server.codebase import Codebase
from code_rag.rag_server.codebase.member import is_repository
from code_rag.rag_server.codebase.signatures import Seen, Signatures, signature
from code_rag.rag_server.codebase.skipping import Reason
from code_rag.rag_server.codebase.walking import RULE_FILES, by_name
from code_rag.rag_server.model import SkippedFile

MANY = 20
"""New names from which one walk of their common folder is cheaper than a walk for each."""


@dataclass(frozen=True, slots=True)
class Differences:
    """Compares a codebase with its signatures; all of its methods may block."""

    codebase: Codebase
    signatures: Signatures

    def folders(self) -> list[str]:
        """Every folder to compare; none before a run has listed the whole codebase."""
        root = self._root()
        if not self.signatures.was_listed(root.rstrip("/")):
            return []
        return [folder for folder in self.signatures.folders() if folder.startswith(root)]

    def locations(self) -> dict[str, str]:
        """The folders to compare by where they are on disk, symbolic links resolved."""
        root = self._root()
        base = os.path.realpath(self.codebase.location(root))

        def place(folder: str) -> str:
            inside = folder.removeprefix(root).rstrip("/")
            if not inside.isascii():
                return os.path.realpath(self.codebase.location(folder))  # its name may be spelled otherwise
            return f"{base}/{inside}" if inside else base

        return {place(folder): folder for folder in self.folders()}

    def absence(self) -> str:
        """Why the codebase cannot be compared; an indexed one that is empty now is probably not mounted."""
        root, reason = self.codebase.root, ""
        try:
            with os.scandir(root) as listing:
                if next(listing, None) is None and self.signatures.has_files():
                    return f"{root} is empty; its index is kept until `coderag index` is run."
        except FileNotFoundError:
            reason = f"{root} does not exist."
        except OSError as error:
            reason = f"{root}: {error.strerror}."
        return reason and f"The codebase cannot be read: {reason}"

    def find(self, folders: Iterable[str]) -> set[str]:
        """The paths that an index run must visit for the index to be what `folders` are now."""
        changed: set[str] = set()
        new: set[str] = set()
        for folder in folders:
            self._compare(folder, changed, new)
        for place in [commonpath(new)] if len(new) > MANY else sorted(new):
            changed.update(self._wanted(place, new if len(new) > MANY else {place}))
        return {path.rpartition("/")[0] if _is_rules(path) else path for path in changed}

    def _root(self) -> str:
        root = self.codebase.top
        return root and root + "/"

    def _compare(self, folder: str, changed: set[str], new: set[str]) -> None:
        try:
            with os.scandir(self.codebase.location(folder)) as listing:
                entries = by_name(listing)
        except (FileNotFoundError, NotADirectoryError):
            changed.add(folder.rstrip("/"))
            return
        except OSError:
            return  # what cannot be read at the moment is not gone
        names = self.signatures.names(folder)
        for name, entry in entries.items():
            self._compare_entry(folder + name, entry, names.get(name), changed, new)
        changed.update(
            folder + name for name, seen in names.items() if name not in entries and seen.is_compared
        )

    def _compare_entry(
        self, path: str, entry: os.DirEntry[str], seen: Seen | None, changed: set[str], new: set[str]
    ) -> None:
        try:
            if seen is None:
                is_known = self.signatures.is_folder(path + "/") and entry.is_dir(follow_symlinks=False)
                if not is_known and _is_unicode(path):
                    new.add(path)
            elif seen.is_compared and seen.signature != signature(entry.stat(follow_symlinks=False)):
                changed.add(path)
        except OSError:
            return  # gone since it was listed; the next comparison finds that

    def _wanted(self, place: str, new: Set[str]) -> Iterator[str]:
        """Which new names at or under `place` are indexed; the others are noted, as left out."""
        try:
            entries = list(self.codebase.walk(place))
        except OSError:
            return
        wanted: set[str] = set()
        for entry in entries:
            if not isinstance(entry, SkippedFile):
                wanted.update({entry.path, *map(str, PurePosixPath(entry.path).parents)} & new)
            elif self.signatures.is_folder(entry.path):
                wanted.add(entry.path.rstrip("/"))  # a new file in it says that it is a cache, for example
            elif not self._is_left_out(entry.path.rstrip("/")):
                self.signatures.leave_out(entry, self.codebase.location(entry.path))
        for path in new - wanted:
            self._enter(path)
        yield from wanted

    def _enter(self, path: str) -> None:
        """Note a folder in which nothing is indexed yet, unless it is left out."""
        location = self.codebase.location(path)
        if self._is_left_out(path) or not location.is_dir():
            return
        if is_repository(location):  # a codebase of its own, beside this one
            self.signatures.leave_out(SkippedFile(path + "/", Reason.IGNORED), location)
        else:
            self.signatures.enter(path + "/")

    def _is_left_out(self, path: str) -> bool:
        folder, slash, name = path.rpartition("/")
        return name in self.signatures.names(folder + slash)


def _is_rules(path: str) -> bool:
    return PurePosixPath(path).name in RULE_FILES


def _is_unicode(path: str) -> bool:
    """Whether a path can be written in UTF-8; one that cannot is never indexed."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
