"""The progress of an index run."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, Self

from code_rag.rag_server.model import VectorCounts, VectorKind
from code_rag.rag_server.pace import Pace, Step, StepName

State = Literal["idle", "running", "waiting", "failed"]
Watching = Literal["off", "scan", "events"]


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
class VectorWork:
    """What a run did about vectors."""

    computed: int = 0
    """Texts that were embedded."""
    reused: int = 0
    """Chunks whose text had been embedded before."""
    pruned: int = 0
    """Vectors that were deleted because no chunk uses them."""
    removed_indexes: tuple[str, ...] = ()
    """Indexes of other models and versions that were deleted."""


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
    step: Step | None = None
    """The step that the run is in; None before the first and after the last."""
    vectors: VectorWork = field(default_factory=VectorWork)
    changed: int = 0
    """How many files and folders on disk differ from what is indexed, and wait for a run."""
    watching: Watching = "off"
    """How changes on disk are noticed."""
    secrets: int = 0
    """How many secrets are redacted in what has been read since the service started."""


@dataclass(frozen=True, slots=True)
class Searchable:
    """What a search can find now, counted in the store itself."""

    files: int
    chunks: int
    vectors: VectorCounts = field(default_factory=VectorCounts)

    @classmethod
    def sum(cls, parts: Sequence[Self]) -> Self:
        """What is found in all parts together."""
        return cls(
            sum(part.files for part in parts),
            sum(part.chunks for part in parts),
            VectorCounts(
                sum(part.vectors.header for part in parts), sum(part.vectors.whole for part in parts)
            ),
        )


NEVER_RAN = IndexReport("idle", "", "", None, None, 0.0, FileCounts(), 0, {}, ())


def changed_sentence(changed: int) -> str:
    """That so many files or folders have changed."""
    places = "1 file or folder has" if changed == 1 else f"{changed} files or folders have"
    return f"{places} changed since the code was indexed"


@dataclass(slots=True)
class Progress:
    """What a run records while it is in progress."""

    path: str
    headers: dict[str, int] = field(default_factory=dict)
    """Stored files by how many of their chunks have no dense vector; at most, as for `wholes`."""
    wholes: dict[str, int] = field(default_factory=dict)
    """Stored files by how many of their chunks wait for the vector of their whole text."""
    unread: int = 0
    unchanged: int = 0
    indexed: int = 0
    removed: int = 0
    chunks: int = 0
    computed: int = 0
    reused: int = 0
    pruned: int = 0
    removed_indexes: Sequence[str] = ()
    pace: Pace | None = None
    skipped: Counter[str] = field(default_factory=Counter)
    errors: dict[str, str] = field(default_factory=dict)
    waiting_for: str = ""
    failure: str = ""
    _started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    _started: float = field(default_factory=time.monotonic)
    _finished_at: datetime | None = None
    _seconds: float = 0.0

    @property
    def unembedded(self) -> bool:
        """Whether chunks wait for dense vectors."""
        return bool(self.headers or self.wholes)

    def finish(self, failure: str = "") -> None:
        """Record that the run has ended, and why if it failed."""
        self.failure, self.waiting_for, self.pace = failure, "", None
        self._finished_at = datetime.now(UTC)
        self._seconds = time.monotonic() - self._started

    def begin(self, name: StepName, total: int) -> None:
        """Record that a step with so many files or chunks starts."""
        self.pace = Pace(name, total)

    def advance(self, count: int) -> None:
        """Record that so many more files or chunks of the step are done."""
        if self.pace:
            self.pace.advance(count)

    def expect(self, path: str, headers: int, wholes: int) -> bool:
        """Record how many vectors a stored file waits for; return whether it waits for any."""
        self.forget(path)
        if headers:
            self.headers[path] = headers
        if wholes:
            self.wholes[path] = wholes
        return bool(headers or wholes)

    def embedded(self, path: str, kind: VectorKind) -> None:
        """Record that all chunks of a file have their dense vectors of this kind."""
        self.headers.pop(path, None)
        if kind == "whole":
            self.wholes.pop(path, None)
        if path not in self.wholes:
            self.indexed += 1

    def forget(self, path: str) -> None:
        """Record that a file waits for no vectors."""
        self.headers.pop(path, None)
        self.wholes.pop(path, None)

    def fail(self, path: str, message: str) -> None:
        """Record that a file could not be indexed."""
        self.forget(path)
        self.errors[path] = message

    def report(self) -> IndexReport:
        """The current state of the run."""
        pending = self.unread + len(self.headers.keys() | self.wholes.keys())
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
            step=self.pace.step() if self.pace else None,
            vectors=VectorWork(self.computed, self.reused, self.pruned, tuple(self.removed_indexes)),
        )

    def _state(self) -> State:
        if self.failure:
            return "failed"
        if self._finished_at:
            return "idle"
        return "waiting" if self.waiting_for else "running"
