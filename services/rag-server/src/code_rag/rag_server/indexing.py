"""The indexing use case: keeps the store in sync with the codebase, in the background.

A run has two steps. The first stores changed files, which makes them searchable by keyword within seconds;
the second adds dense vectors, as fast as the embedder computes them. The remaining work is read from the
store itself, so a run that was killed resumes where it stopped, and a run requested in the meantime takes
over.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import asdict
from functools import partial
from posixpath import commonpath
from typing import TypeVar

import structlog

from code_rag.rag_server.changes import Batch, Changes
from code_rag.rag_server.codebase import Codebase
from code_rag.rag_server.codebase.paths import PathOutsideError
from code_rag.rag_server.model import StoredFile
from code_rag.rag_server.ports import Embedder, VectorStore
from code_rag.rag_server.progress import NEVER_RAN, IndexReport, Progress
from code_rag.servicekit.errors import InvalidInput, Overloaded, Unavailable, UpstreamFailed, UpstreamTimeout

log = structlog.get_logger(__name__)

GROUP_CHUNKS = 128
"""Chunks embedded at a time, more where one file has more."""
EMBED_WORKERS = 2
"""While one of them stores, the other keeps the embedder busy."""
FIRST_RETRY_SECONDS = 0.5
LAST_RETRY_SECONDS = 10.0

PASSING = (Overloaded, Unavailable, UpstreamFailed, UpstreamTimeout)
"""Temporary errors of other services; the call is retried."""

T = TypeVar("T")


class Indexer:
    """Performs one index run at a time; close it before the store."""

    def __init__(
        self,
        codebase: Codebase,
        store: VectorStore,
        embedder: Embedder,
        first_retry_seconds: float = FIRST_RETRY_SECONDS,
        turn: AbstractAsyncContextManager[object] | None = None,
    ) -> None:
        """`turn` is held while files are read, so that indexers of several codebases can take turns."""
        self._codebase = codebase
        self._store = store
        self._embedder = embedder
        self._first_retry_seconds = first_retry_seconds
        self._turn = turn or nullcontext()
        self._progress: Progress | None = None
        self._task: asyncio.Task[None] | None = None
        self._queued: str | None = None

    def start(self, path: str = "") -> None:
        """Index what is at or under `path`; a run in progress switches to it as soon as it can.

        Raises InvalidInput for a path outside the codebase.
        """
        path = self._inside(path)
        if self._task is not None and not self._task.done():
            self._queued = path if self._queued is None else commonpath([self._queued, path])
        else:
            self._progress = Progress(path)
            self._task = asyncio.create_task(self._run(self._progress))

    def status(self) -> IndexReport:
        """The state of the current or last run."""
        return self._progress.report() if self._progress else NEVER_RAN

    async def switch(self, store: VectorStore) -> None:
        """Switch to another store; if anything was indexed, the whole codebase is indexed there."""
        await self.close()
        self._store, self._queued = store, None
        if self._progress is not None:
            self.start()

    async def close(self) -> None:
        """Stop the run; the next one resumes from there."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def _inside(self, path: str) -> str:
        try:
            return self._codebase.relative(path)
        except PathOutsideError as error:
            raise InvalidInput(str(error), param="path") from error

    async def _run(self, progress: Progress) -> None:
        while True:
            self._progress = progress
            await self._run_once(progress)
            self._log(progress.report())
            if self._queued is None:
                return
            left = [progress.path] if progress.unembedded else []
            progress, self._queued = Progress(commonpath([self._queued, *left])), None

    def _log(self, report: IndexReport) -> None:
        counts, seconds = asdict(report.files), round(report.seconds, 1)
        log.info("indexed", path=report.path, detail=report.detail, seconds=seconds, **counts)

    async def _run_once(self, progress: Progress) -> None:
        try:
            async with self._turn:
                await self._store_changes(progress)
            await self._embed_stored(progress)
        except OSError as error:
            progress.finish(f"The codebase cannot be read: {error}")
        except Exception as error:  # in a background task nothing else would report it
            log.exception("indexing failed")
            progress.finish(f"Indexing failed unexpectedly: {error!r}")
        else:
            progress.finish()

    async def _store_changes(self, progress: Progress) -> None:
        stored = await self._retrying(progress, lambda: self._store.files(progress.path))
        changes = await asyncio.to_thread(Changes, self._codebase, progress.path, stored)
        progress.unread = changes.files
        batches = changes.batches()
        while batch := await asyncio.to_thread(next, batches, None):
            await self._retrying(progress, partial(self._store_batch, batch, stored))
            _note(progress, batch, stored)
        for path in await asyncio.to_thread(changes.vanished):
            await self._retrying(progress, partial(self._store.remove_stale, path, ""))
            progress.removed += 1

    async def _store_batch(self, batch: Batch, stored: Mapping[str, StoredFile]) -> None:
        points = [point for file in batch.changed for point in file.points]
        if points:
            await self._store.upsert(points)
        for file in batch.changed:
            if file.path in stored:
                await self._store.remove_stale(file.path, file.digest)

    async def _embed_stored(self, progress: Progress) -> None:
        groups = deque(_packed(progress.unembedded))
        async with asyncio.TaskGroup() as workers:
            for _ in range(EMBED_WORKERS):
                workers.create_task(self._embed_groups(progress, groups))

    async def _embed_groups(self, progress: Progress, groups: deque[list[str]]) -> None:
        while groups and self._queued is None:
            await self._retrying(progress, partial(self._embed_group, progress, groups.popleft(), groups))

    async def _embed_group(self, progress: Progress, paths: list[str], groups: deque[list[str]]) -> None:
        if self._queued is not None:
            return  # the services may be down for hours, and a run requested in the meantime must not wait
        chunks = await self._store.unembedded(paths)
        try:
            vectors = await self._embedder.embed([chunk.embedding_text for chunk in chunks], background=True)
        except InvalidInput as error:
            self._rejected(progress, paths, groups, error.message)
            return
        if chunks:
            await self._store.add_vectors({chunk.id: v for chunk, v in zip(chunks, vectors, strict=True)})
        for path in paths:
            progress.embedded(path)

    def _rejected(self, progress: Progress, paths: list[str], groups: deque[list[str]], reason: str) -> None:
        if len(paths) > 1:
            groups.extend([path] for path in paths)  # to find out which file was rejected
        else:
            progress.fail(paths[0], f"Keyword search only; embedding was rejected: {reason}")

    async def _retrying(self, progress: Progress, call: Callable[[], Awaitable[T]]) -> T:
        """The result of `call`, which is repeated until the services answer and must be idempotent."""
        delay = self._first_retry_seconds
        while True:
            try:
                result = await call()
            except PASSING as error:
                if progress.waiting_for != error.message:
                    log.warning("indexing is waiting", reason=error.message)
                progress.waiting_for = error.message
                await asyncio.sleep(max(delay, error.retry_after or 0))
                delay = min(2 * delay, LAST_RETRY_SECONDS)
            else:
                progress.waiting_for = ""
                return result


def _note(progress: Progress, batch: Batch, stored: Mapping[str, StoredFile]) -> None:
    """Record a stored batch in the progress."""
    progress.unread -= batch.read
    progress.skipped.update(str(entry.reason) for entry in batch.skipped)
    for failed in batch.failed:
        progress.fail(failed.path, failed.message)
    for path in batch.unchanged:
        if waiting := stored[path].unembedded:
            progress.unembedded[path] = waiting
        else:
            progress.unchanged += 1
    for file in batch.changed:
        progress.unembedded[file.path] = len(file.points)
        progress.chunks += len(file.points)


def _packed(unembedded: Mapping[str, int]) -> Iterator[list[str]]:
    """Whole files in groups of about `GROUP_CHUNKS` chunks."""
    group: list[str] = []
    size = 0
    for path, chunks in unembedded.items():
        group.append(path)
        size += chunks
        if size >= GROUP_CHUNKS:
            yield group
            group, size = [], 0
    if group:
        yield group
