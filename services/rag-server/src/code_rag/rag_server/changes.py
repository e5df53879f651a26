"""Compares the codebase with the store, and prepares the changed files."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

import structlog

from code_rag.rag_server.codebase import Codebase
from code_rag.rag_server.codebase.paths import is_at_or_above
from code_rag.rag_server.codebase.signatures import Read, Signatures, now_ns
from code_rag.rag_server.codebase.skipping import NOT_NOW
from code_rag.rag_server.codebase.walking import FoundFile
from code_rag.rag_server.model import SkippedFile, StoredFile
from code_rag.rag_server.ports import Preparer
from code_rag.rag_server.preparing import ChangedFile, Entry, FailedFile, Outcome

BATCH_CHUNKS = 256
BATCH_FILES = 256

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Batch:
    """The next files in path order, grouped by what must be done with them."""

    read: int = 0
    reads: list[Read] = field(default_factory=list)
    """What to note once the batch is stored."""
    changed: list[ChangedFile] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    failed: list[FailedFile] = field(default_factory=list)
    skipped: list[SkippedFile] = field(default_factory=list)

    def add(self, entry: Outcome) -> None:
        """Add a file by what became of it; a path is an unchanged file."""
        self.read += 1
        match entry:
            case ChangedFile():
                self.changed.append(entry)
            case FailedFile():
                self.failed.append(entry)
            case SkippedFile():
                self.skipped.append(entry)
            case _:
                self.unchanged.append(entry)

    def is_full(self) -> bool:
        """Whether the batch should be handed on, which bounds memory and shows progress."""
        return self.read >= BATCH_FILES or sum(len(file.points) for file in self.changed) >= BATCH_CHUNKS


class Changes:
    """One pass over the files at or under `path`; all of its methods block."""

    def __init__(
        self, codebase: Codebase, path: str, stored: Mapping[str, StoredFile], signatures: Signatures
    ) -> None:
        """List the files, none where `path` is not on disk; raises OSError if the codebase cannot be read."""
        self._codebase = codebase
        self._stored = stored
        self._signatures = signatures
        self._reads: dict[str, Read] = {}
        entries = _list(codebase, path)
        note = partial(signatures.listed, path, entries, codebase.location)
        codebase.disk.call(note, codebase.disk.step_seconds)
        self._found = [entry for entry in entries if isinstance(entry, FoundFile)]
        self._skipped = [entry for entry in entries if isinstance(entry, SkippedFile)]

    @property
    def files(self) -> int:
        """How many files there are to read."""
        return len(self._found)

    def batches(self, preparer: Preparer) -> Iterator[Batch]:
        """Read and compare, and have changed files prepared; each file is in exactly one batch."""
        batch = Batch(skipped=list(self._skipped))
        for entry in preparer.prepare(self._read(found) for found in self._found):
            if isinstance(entry, ChangedFile) and entry.fallback:
                log.warning("file split by lines, not by syntax", path=entry.path, reason=entry.fallback)
            batch.add(entry)
            if read := self._reads.pop(entry if isinstance(entry, str) else entry.path, None):
                batch.reads.append(read)
            if batch.is_full():
                yield batch
                batch = Batch()
        yield batch

    def vanished(self) -> list[str]:
        """The stored files that were deleted or are no longer indexed; call it after the last batch.

        A file or folder that cannot be read at the moment does not count as deleted.
        """
        left_out = {entry.path for entry in self._skipped if entry.reason not in NOT_NOW}
        kept = {found.path for found in self._found} - left_out
        unread = [entry.path for entry in self._skipped if entry.path not in left_out]
        gone = [path for path in self._stored if path not in kept]
        # A place without a slash may be a folder: what cannot be looked at does not say.
        return [path for path in gone if not any(is_at_or_above(place, path) for place in unread)]

    def _read(self, found: FoundFile) -> Entry:
        path = found.path
        if self._is_stored(path, self._signatures.digest(found)):
            return path
        file = self._codebase.read(path)
        if isinstance(file, SkippedFile):
            self._reads[path] = Read(found, "", now_ns(), file.reason)
            self._skipped.append(file)
            return file
        self._reads[path] = Read(found, file.digest, now_ns(), secrets=file.secrets)
        return path if self._is_stored(path, file.digest) else file

    def _is_stored(self, path: str, digest: str) -> bool:
        known = self._stored.get(path)
        return known is not None and known.complete and known.digest == digest


async def prepared_ahead(batches: Iterator[Batch]) -> AsyncGenerator[Batch]:
    """The batches, each prepared in a thread while the one before is being stored."""
    coming = asyncio.create_task(asyncio.to_thread(next, batches, None))
    try:
        while batch := await coming:
            coming = asyncio.create_task(asyncio.to_thread(next, batches, None))
            yield batch
    finally:
        coming.cancel()


def _list(codebase: Codebase, path: str) -> list[FoundFile | SkippedFile]:
    try:
        return list(codebase.walk(path))
    except FileNotFoundError:
        if path and codebase.exists():
            return []  # all of it was deleted
        raise
