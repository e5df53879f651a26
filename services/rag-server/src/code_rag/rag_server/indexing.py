"""The indexing use case: keeps the store in sync with the codebase, in the background.

A run has two halves. The first stores changed files, which can then be found by their words; the second, in
`embedding`, adds the dense vectors that are not known yet. What is left is read from the store: a killed run
resumes. A run requested meanwhile takes over: its changes first, then the vectors of both.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, nullcontext
from dataclasses import asdict, replace
from functools import partial
from posixpath import commonpath

import structlog

from code_rag.rag_server.changes import Batch, Changes, prepared_ahead
from code_rag.rag_server.codebase import Codebase
from code_rag.rag_server.codebase.disk import DiskStalled
from code_rag.rag_server.codebase.paths import PathOutsideError
from code_rag.rag_server.codebase.signatures import Signatures
from code_rag.rag_server.embedding import Embedding, with_known_vectors
from code_rag.rag_server.index_options import IndexOptions
from code_rag.rag_server.model import StoredFile
from code_rag.rag_server.ports import Embedder, VectorStore
from code_rag.rag_server.progress import NEVER_RAN, IndexReport, Progress
from code_rag.rag_server.pruning import prune, prune_if_large
from code_rag.rag_server.recording import record
from code_rag.rag_server.requests import Requests
from code_rag.rag_server.retrying import FIRST_RETRY_SECONDS, Retrying
from code_rag.rag_server.space import Space
from code_rag.servicekit.errors import InvalidInput, NotFound, Unavailable

log = structlog.get_logger(__name__)


class Indexer:
    """Performs one index run at a time; close it before the store."""

    def __init__(
        self,
        codebase: Codebase,
        store: VectorStore,
        embedder: Embedder,
        first_retry_seconds: float = FIRST_RETRY_SECONDS,
        turn: AbstractAsyncContextManager[object] | None = None,
        options: IndexOptions | None = None,
    ) -> None:
        """`turn` is held while files are read: indexers of several codebases take turns."""
        self._codebase = codebase
        self._store, self._embedder = store, embedder
        self._first_retry_seconds = first_retry_seconds
        self._turn, self._options = turn or nullcontext(), options or IndexOptions()
        self._progress: Progress | None = None
        self._task: asyncio.Task[None] | None = None
        self._requests = Requests()
        self._prune = self._visited_all = False
        self._stored = 0
        self.signatures = Signatures()
        """What the store has of the codebase, by the stamps of its files."""

    def start(self, *paths: str, prune: bool = False) -> None:
        """Index what is at or under `paths`, everything without one; a run in progress does it next.

        The paths are as `Codebase.relative` returns them. With `prune` what is unused is deleted afterwards.
        """
        wanted = paths or (self._codebase.top,)
        self._prune = self._prune or prune
        self._requests.add(wanted)
        if self._task is None or self._task.done():
            self._progress = Progress(commonpath(wanted))
            self._task = asyncio.create_task(self._run())

    async def request(self, path: str, *, prune: bool = False) -> None:
        """Index what is at or under a path that a caller named, as `start` does.

        Raises InvalidInput for one outside the codebase, NotFound for one neither there nor indexed,
        Unavailable where the disk does not answer, and the store's errors.
        """
        inside, is_missing = await asyncio.to_thread(self._look_at, path)
        if is_missing and not await self._store.files(inside):
            raise NotFound(f"There is no {path!r} in the codebase or its index.", param="path")
        self.start(inside, prune=prune)

    @property
    def is_caught_up(self) -> bool:
        """Whether all that was requested can be found by its words."""
        return self._requests.met.is_set()

    async def caught_up(self) -> None:
        """Return when all that was requested can be found by its words, or its run has failed."""
        await self._requests.met.wait()

    def status(self) -> IndexReport:
        """The state of the current or last run."""
        if self._progress is None:
            return NEVER_RAN
        secrets = sum(map(len, self.signatures.secrets().values()))
        return replace(self._progress.report(), secrets=secrets)

    @property
    def has_words(self) -> bool:
        """Whether all of the codebase has been stored since this store is used."""
        return self._visited_all and self.is_caught_up

    @property
    def has_vectors(self) -> bool:
        """Whether each chunk of it has a vector too, if only that of its header."""
        return self.has_words and self._progress is not None and not self._progress.headers

    async def switch(self, space: Space) -> None:
        """Switch to another space; if anything was indexed, the whole codebase is indexed there."""
        is_under_way = self._task is not None and not self._task.done()
        await self.close()
        if self._progress is not None and is_under_way and space.store is self._store:
            self._stored = self._progress.chunks  # the run goes on, with another embedder
        self._store, self._embedder = space.store, space.embedder
        self._visited_all = False
        self._requests.drop()
        if self._progress is not None:
            self.start()

    async def close(self) -> None:
        """Stop the run; the next one resumes from there."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def _look_at(self, path: str) -> tuple[str, bool]:
        try:
            inside = self._codebase.relative(path)
            return inside, self._codebase.exists() and not self._codebase.holds(inside)
        except PathOutsideError as error:
            raise InvalidInput(str(error), param="path") from error
        except DiskStalled as error:
            raise Unavailable(f"The codebase cannot be read: {error.strerror}.") from error

    async def _run(self) -> None:
        progress = Progress("")
        while self._requests:
            paths = self._requests.take()
            # What waits for vectors is taken along: nothing is listed again for it.
            progress = Progress(
                commonpath(paths), headers=progress.headers, wholes=progress.wholes, chunks=self._stored
            )
            self._stored = 0
            self._progress = progress
            await self._run_once(paths, progress)
            self._log(progress.report())
            self._requests.settle()

    def _log(self, report: IndexReport) -> None:
        counts, seconds = asdict(report.files), round(report.seconds, 1)
        log.info("indexed", path=report.path, detail=report.detail, seconds=seconds, **counts)

    async def _run_once(self, paths: Sequence[str], progress: Progress) -> None:
        retrying = Retrying(progress, self._first_retry_seconds)
        try:
            await self._try_storing(paths, progress, retrying)
            self._requests.settle()
            await self._requests.interrupt(self._embedding(progress, retrying).run())
            if not self._requests:
                await self._prune_vectors(progress, retrying)
        except OSError as error:
            progress.finish(f"The codebase cannot be read: {error}")
        except Exception as error:  # in a background task nothing else would report it
            log.exception("indexing failed")
            progress.finish(f"Indexing failed unexpectedly: {error!r}")
        else:
            progress.finish()

    def _embedding(self, progress: Progress, retrying: Retrying) -> Embedding:
        return Embedding(
            self._store,
            self._embedder,
            progress,
            retrying,
            self._options.last_vector,
            is_interrupted=lambda: bool(self._requests),
        )

    async def _try_storing(self, paths: Sequence[str], progress: Progress, retrying: Retrying) -> None:
        try:
            async with self._turn:
                for path in paths:
                    await self._store_changes(path, progress, retrying)
        except OSError as error:
            if not progress.unembedded:
                raise
            # The vectors that an earlier run left do not depend on this path.
            progress.unread = 0
            progress.fail(progress.path, f"cannot be read: {error}")

    async def _store_changes(self, path: str, progress: Progress, retrying: Retrying) -> None:
        stored = await retrying(lambda: self._store.files(path))
        changes = await asyncio.to_thread(Changes, self._codebase, path, stored, self.signatures)
        progress.unread = changes.files
        progress.begin("words", changes.files)
        batches = changes.batches(self._options.preparer)
        async with aclosing(prepared_ahead(batches)) as ahead:
            async for batch in ahead:
                await retrying(partial(self._store_batch, batch, stored, progress))
                for read in batch.reads:
                    self.signatures.note(read)
        for gone in await asyncio.to_thread(changes.vanished):
            await retrying(partial(self._store.remove_stale, gone, ""))
            progress.forget(gone)
            progress.removed += 1
        self._visited_all |= path == self._codebase.top

    async def _store_batch(self, batch: Batch, stored: Mapping[str, StoredFile], progress: Progress) -> None:
        points = [point for file in batch.changed for point in file.points]
        if points:
            points = await with_known_vectors(points, self._store.cache)
            await self._store.upsert(points)
        for file in batch.changed:
            if file.path in stored:
                await self._store.remove_stale(file.path, file.digest)
        record(progress, batch, stored, points, self._options.last_vector)

    async def _prune_vectors(self, progress: Progress, retrying: Retrying) -> None:
        if self._prune:
            progress.removed_indexes = await retrying(self._options.prune_indexes)
            progress.pruned = await retrying(lambda: prune(self._store))
            self._prune = False
        elif progress.computed:
            progress.pruned = await retrying(lambda: prune_if_large(self._store))
