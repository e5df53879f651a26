"""An exported index as a file: a ZIP of its parts and `manifest.json`, which has the hash of each."""

import shutil
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, ValidationError

from code_rag.rag_server.backup_wire import ModelPrint, PartEvent, sha256
from code_rag.rag_server.cli.failure import ExitCode, Failure
from code_rag.rag_server.vector_table import row_bytes

MANIFEST = "manifest.json"
_DAMAGE = (
    ValueError,
    KeyError,
    EOFError,
    OSError,
    RuntimeError,
    OverflowError,
    zipfile.BadZipFile,
    struct.error,
)
"""What `zipfile` raises while it reads a damaged archive, and what the checks here raise."""


class Entry(BaseModel):
    """A part: rows as `vector_table` writes them, and what they are the vectors of."""

    name: str
    sha256: str
    after: str
    files: int
    chunks: int
    vectors: int


class Manifest(BaseModel):
    """What an exported index holds."""

    format: Literal[1] = 1
    created_at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    model: ModelPrint
    codebases: list[str]
    files: int = 0
    chunks: int = 0
    vectors: int = 0
    parts: list[Entry] = []

    @property
    def after(self) -> str:
        """The path up to which all parts are there; empty if none is."""
        return self.parts[-1].after if self.parts else ""

    def add(self, entry: Entry) -> None:
        """Add a part, and what it holds to the totals."""
        self.parts.append(entry)
        self.files += entry.files
        self.chunks += entry.chunks
        self.vectors += entry.vectors


class Draft:
    """An export in progress: the folder `FILE.partial`, which a later one of the same file goes on with."""

    def __init__(self, file: Path) -> None:
        """Raises Failure where the folder holds something else."""
        self._file = file
        self._folder = file.with_name(f"{file.name}.partial")
        self.manifest = self._found()

    def start(self, model: ModelPrint, codebases: list[str]) -> Manifest:
        """What is there of an export of these; raises Failure if it is of others."""
        if self.manifest is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self.manifest = Manifest(model=model, codebases=codebases)
        elif (self.manifest.model, self.manifest.codebases) != (model, codebases):
            raise Failure(
                f"{self._folder} is an unfinished export of another model or other codebases: delete it.",
                ExitCode.REFUSED,
            )
        return self.manifest

    def add(self, part: PartEvent) -> None:
        """Keep a part, so that a process killed afterwards need not ask for it again."""
        assert self.manifest is not None  # noqa: S101 – `start` comes first
        name = f"{len(self.manifest.parts):05}.bin"
        (self._folder / name).write_bytes(part.data)
        vectors = len(part.data) // row_bytes(self.manifest.model.dimension)
        counts = {"files": part.files, "chunks": part.chunks, "vectors": vectors}
        self.manifest.add(Entry(name=name, sha256=part.sha256, after=part.after, **counts))
        scratch = self._folder / f"{MANIFEST}.tmp"
        scratch.write_text(self.manifest.model_dump_json())
        scratch.replace(self._folder / MANIFEST)

    def finish(self) -> None:
        """Write the file in one step, over one that is there, and delete the folder."""
        assert self.manifest is not None  # noqa: S101 – `start` comes first
        scratch = self._folder / "archive.zip"
        with zipfile.ZipFile(scratch, "w") as archive:  # stored as it is: such numbers do not get smaller
            archive.writestr(MANIFEST, self.manifest.model_dump_json(indent=1))
            for entry in self.manifest.parts:
                archive.write(self._folder / entry.name, entry.name)
        scratch.replace(self._file)
        shutil.rmtree(self._folder)

    def _found(self) -> Manifest | None:
        kept = self._folder / MANIFEST
        if not kept.exists():
            return None
        try:
            manifest = Manifest.model_validate_json(kept.read_bytes())
            whole = all(
                sha256((self._folder / each.name).read_bytes()) == each.sha256 for each in manifest.parts
            )
        except (OSError, ValidationError):
            whole = False
        if not whole:
            message = f"{self._folder} is damaged: delete it, and the export starts from the beginning."
            raise Failure(message, ExitCode.REFUSED)
        return manifest

    def _is_whole(self, entry: Entry) -> bool:
        return sha256((self._folder / entry.name).read_bytes()) == entry.sha256


class Archive:
    """An exported index that was read whole and found undamaged."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        """Raises ValueError, which names what is damaged."""
        self._archive = archive
        # Before anything is read: what is compressed may be far larger than the file.
        if packed := [
            info.filename for info in archive.infolist() if info.compress_type != zipfile.ZIP_STORED
        ]:
            raise ValueError(f"{packed[0]} is compressed")
        self.manifest = Manifest.model_validate_json(archive.read(MANIFEST))
        dimension = self.manifest.model.dimension
        for entry in self.manifest.parts:
            if archive.getinfo(entry.name).file_size != entry.vectors * row_bytes(dimension):
                raise ValueError(f"{entry.name} has another size than the manifest says")
            if sha256(archive.read(entry.name)) != entry.sha256:
                raise ValueError(f"{entry.name} has another hash than the manifest says")

    def part(self, entry: Entry) -> bytes:
        """The rows of a part."""
        return self._archive.read(entry.name)


@contextmanager
def opened(file: Path) -> Iterator[Archive]:
    """The exported index in `file`, every part of it checked; raises Failure if it is damaged or missing."""
    try:
        stream = file.open("rb")
    except OSError as error:
        raise Failure(f"{file} cannot be read: {error.strerror}.", ExitCode.REFUSED) from error
    with stream:
        try:
            checked = Archive(zipfile.ZipFile(stream))
        except _DAMAGE as error:
            raise _damaged(file, str(error)) from error
        yield checked


def _damaged(file: Path, reason: str) -> Failure:
    first = (reason.splitlines() or ["a part of it is missing"])[0]
    return Failure(
        f"{file} is no whole export: {first}. Nothing was imported; export it again.", ExitCode.REFUSED
    )
