"""A codebase among others: its paths start with its name."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath

from code_rag.rag_server.codebase import Codebase
from code_rag.rag_server.codebase.classifying import FoundFile
from code_rag.rag_server.codebase.explaining import Exclusion
from code_rag.rag_server.codebase.paths import PathOutsideError
from code_rag.rag_server.codebase.walking import walk
from code_rag.rag_server.model import SkippedFile, SourceFile


@dataclass(frozen=True, kw_only=True)
class Member(Codebase):
    """One of a server's codebases; its paths start with `prefix`, which is empty where it is the only one."""

    name: str
    prefix: str

    @property
    def top(self) -> str:
        """The path of the root itself, as `relative` returns it."""
        return self.prefix

    def absence(self) -> str:
        """Why the folder cannot be read, empty if it can; an empty one among others is not mounted."""
        try:
            is_empty = self.disk.call(self._is_empty, self.disk.answer_seconds)
        except OSError as error:
            return f"{self.root}: {error.strerror}"
        return f"{self.root} is empty; is it mounted?" if self.prefix and is_empty else ""

    def exists(self) -> bool:
        """Whether the folder can be read."""
        return not self.absence()

    def relative(self, path: str) -> str:
        """A client's path in the form that `walk` returns.

        Raises `PathOutsideError` for a path outside the codebase.
        """
        return self._outer(super().relative(self._inner(path)))

    def location(self, path: str) -> Path:
        """Where a path that `walk` returned is on disk."""
        return super().location(self._inner(path))

    def walk(self, subpath: str = "") -> Iterator[FoundFile | SkippedFile]:
        """List the files in path order, as `Codebase.walk` does."""
        if absence := self.absence():
            raise FileNotFoundError(absence)
        entries = self._entries(self._inner(subpath))
        return (replace(entry, path=self._outer(entry.path)) for entry in entries)

    def read(self, path: str) -> SourceFile | SkippedFile:
        """Read and decode one file that `walk` found, or say why its content is left out."""
        return replace(super().read(self._inner(path)), path=path)

    def exclusion(self, path: str) -> Exclusion | None:
        """Why the file or folder at `path` is left out, as `Codebase.exclusion` says."""
        found = super().exclusion(self._inner(path))
        return replace(found, path=self._outer(found.path)) if found else None

    def _entries(self, inner: str) -> Iterator[FoundFile | SkippedFile]:
        return super().walk(inner)

    def _is_empty(self) -> bool:
        with os.scandir(self.root) as entries:
            return next(entries, None) is None

    def _inner(self, path: str) -> str:
        """The path inside the codebase's folder."""
        if not self.prefix or not path:
            return path
        name, _, inner = path.removeprefix("./").partition("/")
        if name != self.prefix:
            raise PathOutsideError(f"The path {path!r} is not in the codebase {self.name!r}.")
        return inner.lstrip("/")

    def _outer(self, inner: str) -> str:
        """The path as the server writes it; the walk calls the root itself `./`."""
        if not self.prefix:
            return inner
        return f"{self.prefix}/{inner.removeprefix('./')}" if inner else self.prefix


@dataclass(frozen=True, kw_only=True)
class Rest(Member):
    """What is beside the repositories of a folder of repositories."""

    def _entries(self, inner: str) -> Iterator[FoundFile | SkippedFile]:
        parts = PurePosixPath(inner).parts
        for name in self.disk.call(partial(self._names, parts[:1]), self.disk.step_seconds):
            yield from walk(self.root, (name, *parts[1:]), self.options, self.disk)

    def _names(self, wanted: Sequence[str]) -> list[str]:
        names = wanted or sorted(entry.name for entry in self.root.iterdir())
        return [name for name in names if not is_repository(self.root / name)]


def is_repository(folder: Path) -> bool:
    """Whether a folder is a repository; one that cannot be read counts, so that it is not forgotten."""
    try:
        os.lstat(folder / ".git")
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return not folder.is_symlink()
    return not folder.is_symlink()
