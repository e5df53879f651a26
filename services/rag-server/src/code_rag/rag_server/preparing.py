"""Turns a source file into points: split into chunks, each with its header and its term weights."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from code_rag.rag_server.chunking import chunk_file
from code_rag.rag_server.chunking.header import header_text
from code_rag.rag_server.lexical import encode_document
from code_rag.rag_server.model import Point, SkippedFile, SourceFile


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """A file whose stored version differs from disk, split into chunks and encoded."""

    path: str
    digest: str
    points: tuple[Point, ...]
    fallback: str = ""
    """Why it was split by lines although its language has a grammar; empty if it was not."""


@dataclass(frozen=True, slots=True)
class FailedFile:
    """A file that could not be split into chunks, and why."""

    path: str
    message: str


Entry = SourceFile | SkippedFile | str
"""What was read of a file; a path stands for a file whose stored version is current."""
Outcome = ChangedFile | FailedFile | SkippedFile | str


def prepare(file: SourceFile) -> ChangedFile | FailedFile:
    """Split and encode a file; an unexpected error in one file must not stop the others."""
    try:
        chunking = chunk_file(file)
        points = tuple(Point(chunk, encode_document(chunk), header_text(chunk)) for chunk in chunking.chunks)
    except Exception as error:
        return FailedFile(file.path, f"{type(error).__name__}: {error}")
    return ChangedFile(file.path, file.digest, points, chunking.fallback)


class InProcess:
    """Prepares files one after the other in the caller's thread."""

    def prepare(self, entries: Iterable[Entry]) -> Iterator[Outcome]:
        """Each entry in order; source files prepared, anything else as it is."""
        for entry in entries:
            yield prepare(entry) if isinstance(entry, SourceFile) else entry
