"""The progress of an index run."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, Self

State = Literal["idle", "running", "waiting", "failed"]


@dataclass(frozen=True, slots=True)
class FileCounts:
    """Files by outcome; `pending` ones are not stored yet or wait for their dense vectors."""

    total: int = 0
    unchanged: int = 0
    indexed: int = 0
    pending: int = 0
    removed: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class FileError:
    """A file that could not be indexed, and why."""

    path: str
    message: str


@dataclass(frozen=True, slots=True)
class IndexReport:
    """The state of a run: `waiting` for a service it needs, `failed` entirely, `idle` when it has ended."""

    state: State
    detail: str
    """What it waits for, or why it failed."""
    path: str
    started_at: datetime | None
    finished_at: datetime | None
    seconds: float
    files: FileCounts
    chunks: int
    """How many chunks the run has stored."""
    skipped: Mapping[str, int]
    """How many files and folders were left out, by reason."""
    errors: tuple[FileError, ...]


@dataclass(frozen=True, slots=True)
class Searchable:
    """What a search can find now, counted in the store itself."""

    files: int
    chunks: int

    @classmethod
    def sum(cls, parts: Sequence[Self]) -> Self:
        """What is found in all parts together."""
        return cls(sum(part.files for part in parts), sum(part.chunks for part in parts))


NEVER_RAN = IndexReport("idle", "", "", None, None, 0.0, FileCounts(), 0, {}, ())


@dataclass(slots=True)
class Progress:
    """What a run records while it is in progress."""

    path: str
    unread: int = 0
    unchanged: int = 0
    indexed: int = 0
    removed: int = 0
    chunks: int = 0
    unembedded: dict[str, int] = field(default_factory=dict)
    """Stored files that wait for dense vectors, each with the maximum number of chunks that do."""
    skipped: Counter[str] = field(default_factory=Counter)
    errors: dict[str, str] = field(default_factory=dict)
    waiting_for: str = ""
    failure: str = ""
    _started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    _started: float = field(default_factory=time.monotonic)
    _finished_at: datetime | None = None
    _seconds: float = 0.0

    def finish(self, failure: str = "") -> None:
        """Record that the run has ended, and why if it failed."""
        self.failure, self.waiting_for = failure, ""
        self._finished_at = datetime.now(UTC)
        self._seconds = time.monotonic() - self._started

    def embedded(self, path: str) -> None:
        """Record that a file has all its dense vectors."""
        del self.unembedded[path]
        self.indexed += 1

    def fail(self, path: str, message: str) -> None:
        """Record that a file could not be indexed."""
        self.unembedded.pop(path, None)
        self.errors[path] = message

    def report(self) -> IndexReport:
        """The current state of the run."""
        pending = self.unread + len(self.unembedded)
        done = self.unchanged + self.indexed + len(self.errors)
        return IndexReport(
            state=self._state(),
            detail=self.failure or self.waiting_for,
            path=self.path,
            started_at=self._started_at,
            finished_at=self._finished_at,
            seconds=self._seconds if self._finished_at else time.monotonic() - self._started,
            files=FileCounts(
                done + pending, self.unchanged, self.indexed, pending, self.removed, len(self.errors)
            ),
            chunks=self.chunks,
            skipped=dict(self.skipped),
            errors=tuple(FileError(path, message) for path, message in self.errors.items()),
        )

    def _state(self) -> State:
        if self.failure:
            return "failed"
        if self._finished_at:
            return "idle"
        return "waiting" if self.waiting_for else "running"
