"""What the index last read of the codebase: a signature per file, and the names that were left out."""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from code_rag.rag_server.codebase.skipping import Reason
from code_rag.rag_server.codebase.walking import RULE_FILES, FoundFile
from code_rag.rag_server.model import Secret, SkippedFile

TICK_SECONDS = 0.02
"""A file may change again in this time without a new time stamp; Linux counts in steps of up to 10 ms."""
COARSE_TICK_SECONDS = 2.0
"""The same where time stamps are whole seconds: FAT, old NFS and HFS+."""

_MAY_COME_BACK = frozenset({Reason.TOO_LARGE, Reason.UNREADABLE})
"""Reasons that a later state of the same file can end, without a change of the rules."""


class Signature(NamedTuple):
    """What changes with each write to a file; two equal ones mean the same content."""

    size: int
    modified_ns: int
    changed_ns: int


NO_SIGNATURE = Signature(-1, 0, 0)
"""Differs from every file's."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A name in a folder. Without a signature it is not compared if left out, and else must be read."""

    signature: Signature | None
    digest: str = ""
    reason: str = ""
    """Why it was left out; empty for a file that is read."""
    secrets: tuple[Secret, ...] = ()
    """What was redacted in it."""

    @property
    def is_compared(self) -> bool:
        """Whether a change of the file matters."""
        return self.signature is not None or not self.reason


@dataclass(frozen=True, slots=True)
class Read:
    """A file that was read, at `read_ns`; with a reason if its content is left out."""

    found: FoundFile
    digest: str
    read_ns: int
    reason: str = ""
    secrets: tuple[Secret, ...] = ()


def signature(status: os.stat_result) -> Signature:
    """The signature in a file's status."""
    return Signature(status.st_size, status.st_mtime_ns, status.st_ctime_ns)


class Signatures:
    """One codebase's signatures by folder and name; a folder's path is empty or ends in a slash.

    Indexing writes it in one thread while the watch reads it in another: every step leaves it whole.
    """

    def __init__(self) -> None:
        self._folders: dict[str, dict[str, Seen]] = {}
        self._listed: set[str] = set()

    def folders(self) -> list[str]:
        """Every folder that was listed."""
        return list(self._folders)

    def was_listed(self, path: str) -> bool:
        """Whether a run has listed all that is at and under `path`, by this very name."""
        return path in self._listed

    def is_folder(self, path: str) -> bool:
        """Whether the folder at `path`, with its slash, was listed."""
        return path in self._folders

    def names(self, folder: str) -> Mapping[str, Seen]:
        """What was seen directly in `folder`, without its folders."""
        return dict(self._folders.get(folder, {}))

    def has_files(self) -> bool:
        """Whether anything is indexed."""
        return any(not seen.reason for folder in self.folders() for seen in self.names(folder).values())

    def secrets(self) -> dict[str, tuple[Secret, ...]]:
        """What was redacted, by the path of the file."""
        return {
            folder + name: seen.secrets
            for folder in self.folders()
            for name, seen in self.names(folder).items()
            if seen.secrets
        }

    def digest(self, found: FoundFile) -> str:
        """The digest of a file that has not changed since it was read; empty if it must be read."""
        folder, name = _split(found.path)
        seen = self._folders.get(folder, {}).get(name)
        return seen.digest if seen and seen.signature == _of(found) else ""

    def listed(
        self, path: str, entries: Iterable[FoundFile | SkippedFile], locate: Callable[[str], Path]
    ) -> None:
        """Replace what is known at and under `path` by a walk's result; what was read of a file stays."""
        known = dict(self._forget(path))
        for entry in entries:
            if isinstance(entry, SkippedFile):
                self.leave_out(entry, locate(entry.path))
            else:
                self._put(entry.path, known.get(entry.path, Seen(None)))
        folder, name = _split(path)
        if not path or (name not in self.names(folder) and locate(path).is_dir()):
            self.enter(path and path + "/")
        self._listed.add(path)

    def enter(self, folder: str) -> None:
        """Note a folder without anything in it."""
        self._folders.setdefault(folder, {})

    def leave_out(self, skipped: SkippedFile, location: Path) -> None:
        """Note what is not indexed. A rule file counts all the same: its rules are for others."""
        compared = skipped.reason in _MAY_COME_BACK or location.name in RULE_FILES
        self._put(
            skipped.path.rstrip("/"), Seen(_on_disk(location) if compared else None, "", skipped.reason)
        )

    def note(self, read: Read) -> None:
        """Note that the index has a file as it was read."""
        found = read.found
        coarse = found.modified_ns % 1_000_000_000 == 0
        tick_ns = int((COARSE_TICK_SECONDS if coarse else TICK_SECONDS) * 1e9)
        # Like git's "racily clean" files: another write would leave the same signature, so this is not one.
        racy = 0 <= read.read_ns - found.modified_ns < tick_ns
        stamp = NO_SIGNATURE if racy else _of(found)
        self._put(found.path, Seen(stamp, read.digest, read.reason, read.secrets))

    def _put(self, path: str, seen: Seen) -> None:
        folder, name = _split(path)
        self._folders.setdefault(folder, {})[name] = seen
        while folder:  # a folder that holds only folders
            folder, _ = _split(folder[:-1])
            self._folders.setdefault(folder, {})

    def _forget(self, path: str) -> Iterator[tuple[str, Seen]]:
        folder, name = _split(path)
        inside = path + "/" if path else ""
        if path and (seen := self._folders.get(folder, {}).pop(name, None)):
            yield path, seen
        for place in self.folders() if inside in self._folders else ():
            if place.startswith(inside):
                names = self._folders.pop(place)
                yield from ((place + name, seen) for name, seen in names.items())


def now_ns() -> int:
    """The time as file systems stamp it."""
    return time.time_ns()


def _of(found: FoundFile) -> Signature:
    return Signature(found.size, found.modified_ns, found.changed_ns)


def _on_disk(location: Path) -> Signature | None:
    try:
        return signature(os.lstat(location))
    except OSError:
        return None


def _split(path: str) -> tuple[str, str]:
    """The folder with its slash, and the name."""
    folder, slash, name = path.rpartition("/")
    return folder + slash, name
