"""The codebase on disk, as far as anyone may read it: the files that indexing would read, and no others."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from code_rag.rag_server.discovery import discover
from code_rag.rag_server.model import SourceFile
from code_rag.rag_server.paths import PathOutsideError
from code_rag.servicekit.errors import InvalidInput, NotFound


@dataclass(frozen=True, slots=True)
class Codebase:
    """Reads the source files under `root`."""

    root: Path

    def read(self, path: str) -> SourceFile:
        """The file at `path` as it is now.

        Raises InvalidInput for a NUL in the path and NotFound for all that is not there or not for reading:
        the same sentence for each, so that nobody learns which ignored or secret files exist.
        """
        if "\0" in path:
            raise InvalidInput("path: must not contain a NUL character.", param="path")
        file = self._find(path)
        if file is None:
            raise NotFound("There is no such file in the indexed codebase.", param="path")
        return file

    def lines(self, path: str) -> Sequence[str] | None:
        """The lines of the file at `path` as they are now, as chunks hold them; None where it is gone."""
        file = self._find(path)
        return [line.removesuffix("\r") for line in file.text.split("\n")] if file else None

    def _find(self, path: str) -> SourceFile | None:
        try:
            found = next(discover(self.root, path), None)
        except (PathOutsideError, OSError):
            return None
        wanted = str(PurePosixPath(path))
        return found if isinstance(found, SourceFile) and found.path == wanted else None
