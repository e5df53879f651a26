"""The codebase on disk; only this package reads it, and only files that may be indexed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath

from code_rag.rag_server.codebase.classifying import FoundFile
from code_rag.rag_server.codebase.disk import Disk, DiskStalled
from code_rag.rag_server.codebase.explaining import Exclusion, explain
from code_rag.rag_server.codebase.options import DEFAULTS, Options
from code_rag.rag_server.codebase.paths import (
    PathOutsideError,
    checked_parts,
    composed,
    exists,
    is_at_or_above,
    is_folder,
    locate,
    resolve_inside,
)
from code_rag.rag_server.codebase.reading import read_source
from code_rag.rag_server.codebase.secret_names import is_secret
from code_rag.rag_server.codebase.skipping import OVERRULABLE, Reason
from code_rag.rag_server.codebase.walking import walk, wants
from code_rag.rag_server.model import SkippedFile, SourceFile


@dataclass(frozen=True, slots=True)
class Codebase:
    """The source files under one folder, `root`; every path is relative to it.

    Every method blocks, none for longer than `disk` allows.
    """

    root: Path
    options: Options = DEFAULTS
    disk: Disk = field(default_factory=Disk, compare=False, repr=False)

    @property
    def top(self) -> str:
        """The path of the root itself, as `relative` returns it."""
        return ""

    def exists(self) -> bool:
        """Whether the folder exists."""
        return self.disk.call(self.root.is_dir, self.disk.answer_seconds)

    def relative(self, path: str) -> str:
        """A client's path in the form that `walk` returns, empty for the root.

        Raises `PathOutsideError` for a path outside the root.
        """
        self.disk.call(partial(resolve_inside, self.root, path), self.disk.answer_seconds)
        cleaned = PurePosixPath(composed(path))
        return "" if cleaned == PurePosixPath() else str(cleaned)

    def holds(self, path: str) -> bool:
        """Whether a path that `relative` returned is on disk."""
        return self.disk.call(lambda: exists(self.location(path)), self.disk.answer_seconds)

    def location(self, path: str) -> Path:
        """Where a path that `walk` returned is on disk."""
        return locate(self.root, path)

    def walk(self, subpath: str = "") -> Iterator[FoundFile | SkippedFile]:
        """List the files in path order; `subpath` limits the list to one folder or file.

        Raises `PathOutsideError` for a subpath outside the root and `FileNotFoundError` if it does not exist.
        """
        subpath = composed(subpath)
        self.disk.call(partial(self._require, subpath), self.disk.answer_seconds)
        return walk(self.root, PurePosixPath(subpath).parts, self.options, self.disk)

    def read(self, path: str) -> SourceFile | SkippedFile:
        """Read and decode one file that `walk` found, or say why its content is left out."""
        try:
            return self.disk.call(partial(self._read, path), self.disk.step_seconds)
        except DiskStalled:
            return SkippedFile(path, Reason.SLOW)

    def _require(self, subpath: str) -> None:
        resolve_inside(self.root, subpath)
        if not exists(locate(self.root, subpath)):
            raise FileNotFoundError(f"{subpath or self.root} does not exist.")

    def _read(self, path: str) -> SourceFile | SkippedFile:
        file = read_source(self.root, path, self.options)
        if isinstance(file, SkippedFile) and file.reason in OVERRULABLE and wants(self.root, path):
            return read_source(self.root, path, self.options, wanted=True)
        return file

    def exclusion(self, path: str) -> Exclusion | None:
        """Why the file or folder at `path` is left out; None if it is read.

        Raises `PathOutsideError` for a path outside the root and `FileNotFoundError` if it does not exist; a
        secret's name is answered alike whether it exists or not.
        """
        return self.disk.call(partial(self._exclusion, path), self.disk.answer_seconds)

    def _exclusion(self, path: str) -> Exclusion | None:
        parts = checked_parts(composed(path))
        asked = "/".join(parts)
        place = locate(self.root, asked)
        if asked and is_secret(asked) and not is_folder(place):
            return explain(SkippedFile(asked, Reason.SECRET))
        found: FoundFile | SkippedFile | SourceFile | None = next(walk(self.root, parts, self.options), None)
        if isinstance(found, FoundFile) and found.path == asked:
            found = self.read(asked)
        if isinstance(found, SkippedFile) and is_at_or_above(found.path, asked):
            return explain(found)
        if is_folder(place) or isinstance(found, SourceFile):
            return None
        raise FileNotFoundError(f"{asked or self.root} does not exist.")

    def source(self, path: str) -> SourceFile | None:
        """The current file at `path`; None if it is missing, outside the root, or not indexed."""
        try:
            return self.disk.call(partial(self._source, path), self.disk.answer_seconds)
        except (PathOutsideError, OSError):
            return None

    def _source(self, path: str) -> SourceFile | None:
        found = next(self.walk(path), None)
        if not isinstance(found, FoundFile) or found.path != str(PurePosixPath(composed(path))):
            return None
        file = self.read(found.path)
        return file if isinstance(file, SourceFile) else None

    def lines(self, path: str) -> Sequence[str] | None:
        """The current lines of the file at `path`; None if `source` returns None."""
        file = self.source(path)
        return file.lines if file else None
