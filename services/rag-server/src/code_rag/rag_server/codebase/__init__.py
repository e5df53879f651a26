"""The codebase on disk, read here alone, and of it only what is for indexing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from code_rag.rag_server.codebase.paths import PathOutsideError, resolve_inside
from code_rag.rag_server.codebase.reading import read_source
from code_rag.rag_server.codebase.walking import FoundFile, walk
from code_rag.rag_server.model import SkippedFile, SourceFile


@dataclass(frozen=True, slots=True)
class Codebase:
    """The source files under one folder, `root`; every path is relative to it."""

    root: Path

    def exists(self) -> bool:
        """Whether the folder is there at all."""
        return self.root.is_dir()

    def relative(self, path: str) -> str:
        """A path given by a client as `walk` spells it, empty for the root.

        Raises `PathOutsideError` for one that leaves the root.
        """
        resolve_inside(self.root, path)
        cleaned = PurePosixPath(path)
        return "" if cleaned == PurePosixPath() else str(cleaned)

    def walk(self, subpath: str = "") -> Iterator[FoundFile | SkippedFile]:
        """List the files in the order of their paths; `subpath` narrows it to one folder or file.

        Raises `PathOutsideError` for a subpath that leaves the root and `FileNotFoundError` if there is
        nothing.
        """
        if not resolve_inside(self.root, subpath).exists():
            raise FileNotFoundError(f"There is no {subpath or self.root} to index.")
        return walk(self.root, PurePosixPath(subpath).parts)

    def read(self, path: str) -> SourceFile | SkippedFile:
        """Read and decode one file that `walk` found, or say why its content is left out."""
        return read_source(self.root, path)

    def source(self, path: str) -> SourceFile | None:
        """The file at `path` as it is now; None for all that is not there, outside, or not for reading."""
        try:
            found = next(self.walk(path), None)
        except (PathOutsideError, OSError):
            return None
        if not isinstance(found, FoundFile) or found.path != str(PurePosixPath(path)):
            return None
        file = self.read(found.path)
        return file if isinstance(file, SourceFile) else None

    def lines(self, path: str) -> Sequence[str] | None:
        """The lines of the file at `path` as they are now; None where `source` has none."""
        file = self.source(path)
        return file.lines if file else None
