"""Moves searches and index runs to the index of the model that is served, and back.

The index of another model is filled while the one before still answers: by its vectors as long as its model
can be asked for those of queries, by words otherwise. Searches move once each chunk has a vector. An index
that was filled before serves at once.
"""

import asyncio
from contextlib import suppress
from dataclasses import replace

import structlog

from code_rag.rag_server.fingerprint import made
from code_rag.rag_server.indexers import Indexers
from code_rag.rag_server.model import EmbeddingModel
from code_rag.rag_server.ports import Catalog, EmbeddingServer, ModelChanged, StoreUnusable, VectorStore
from code_rag.rag_server.searching import Searcher
from code_rag.rag_server.space import Space, being_made
from code_rag.servicekit.errors import ServiceError

log = structlog.get_logger(__name__)

FIRST_RETRY_SECONDS = 0.5
LOOK_SECONDS = 10.0
"""How often it is asked which model is served, where no answer of another model says so before."""
TICK_SECONDS = 0.25
"""How often it is looked whether the index that is filled can serve."""


class Mover:
    """Follows the model that is served; the catalog remembers which index serves."""

    def __init__(
        self,
        searcher: Searcher,
        indexers: Indexers,
        catalog: Catalog,
        server: EmbeddingServer,
        first_retry_seconds: float = FIRST_RETRY_SECONDS,
    ) -> None:
        self._searcher = searcher
        self._indexers = indexers
        self._catalog = catalog
        self._server = server
        self._delay = first_retry_seconds
        self._whole = searcher.space.store
        """What serves by its vectors, or did last."""
        self._forgotten: EmbeddingModel | None = None
        """Whose index serves, where the catalog could not remember it."""
        self._filling: asyncio.Task[None] | None = None
        self.trouble = ""
        """Why the index of the model that is served is not used or not remembered, in words."""

    async def begin(self) -> None:
        """Open the index that served last, and ask once which model is served."""
        try:
            last = await self._catalog.serving()
            if last and last != self._searcher.space.name:
                store = await asyncio.to_thread(self._catalog.open, last)
                await self._use(Space(store, self._server.embedder(last)))
        except (ServiceError, StoreUnusable) as error:
            log.warning("it is not known which index served last", reason=str(error))
        await self._look()

    async def follow(self) -> None:
        """Ask again now and then, and as soon as an answer came from another model, until cancelled."""
        try:
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._delay):
                        await self._server.changed.wait()
                self._server.changed.clear()
                known = await self._look()
                self._delay = LOOK_SECONDS if known else min(2 * self._delay, LOOK_SECONDS)
        finally:
            await self._stop_filling()

    async def prune(self) -> list[str]:
        """Delete the indexes that neither serve nor are filled; their names."""
        used = {self._searcher.space.name, self._indexers.space.name}
        return list(await self._catalog.prune(used))

    async def _look(self) -> bool:
        """Ask which model is served, and go to its index; whether both succeeded."""
        try:
            served = await self._server.served()
        except ServiceError:
            return False  # its own check in /health says so
        try:
            if served.fingerprint != self._indexers.space.embedder.model.fingerprint:
                log.info("another embedding model", model=served.name, fingerprint=served.fingerprint)
                await self._go(await self._space(served))
            elif self._forgotten:
                await self._remember(self._forgotten)
        except (ServiceError, StoreUnusable) as error:
            self.trouble = f"The index of {served.name} cannot be used: {error}"
            log.error("index not opened", model=served.name, reason=str(error))
            return False
        if not self._forgotten:
            self.trouble = ""
        return True

    async def _space(self, served: EmbeddingModel) -> Space:
        """The index of the model; that of an earlier version, if it has the model's vectors."""
        embedder, before = self._server.embedder(served), replace(served, fingerprint="")
        if not await self._catalog.holds(served) and await self._catalog.holds(before):
            store = await asyncio.to_thread(self._catalog.open, before)
            if await made(embedder, store):
                return Space(store, embedder, made_as=before)
        return Space(await asyncio.to_thread(self._catalog.open, served), embedder)

    async def _go(self, space: Space) -> None:
        """Have index runs keep the space current; searches move at once, or once it is filled."""
        before = self._searcher.space
        is_whole = space.store is self._whole or await _covers(space.store, before.store)
        by_words = not is_whole and (bool(before.gap) or not await _answers(before))
        await self._stop_filling()
        if is_whole:
            await self._serve(space)
        else:
            self._searcher.space = replace(before, gap=_gap(space) if by_words else "")
            await self._indexers.switch(space)
            self._filling = asyncio.create_task(self._fill(space))

    async def _fill(self, space: Space) -> None:
        """Have the space serve once each chunk has a vector; before, its words as soon as nothing is lost."""
        while not self._indexers.have_vectors:
            before = self._searcher.space
            has_new_words = self._indexers.have_words and before.store is not space.store
            if has_new_words and (before.gap or not await _answers(before)):
                self._searcher.space = replace(space, gap=_gap(space))  # its words are the newer ones
            await asyncio.sleep(TICK_SECONDS)
        log.info("the index is filled", model=space.name.name)
        self._filling = None
        await self._serve(space)

    async def _serve(self, space: Space) -> None:
        await self._use(space)
        await self._remember(space.name)

    async def _use(self, space: Space) -> None:
        self._searcher.space, self._whole = space, space.store
        if self._indexers.space is not space:
            await self._indexers.switch(space)

    async def _remember(self, model: EmbeddingModel) -> None:
        try:
            await self._catalog.serve(model)
            self._forgotten = None
        except ServiceError as error:
            self._forgotten = model
            self.trouble = f"After a restart another index may serve for a moment: {error.message}"
            log.warning("cannot remember which index serves", reason=error.message)

    async def _stop_filling(self) -> None:
        if self._filling is not None:
            self._filling.cancel()
            await asyncio.wait([self._filling])
            self._filling = None


async def _covers(new: VectorStore, old: VectorStore) -> bool:
    """Whether each file of one index is in the other, all of it with a vector."""
    old_files, files = await old.counts(), await new.files()
    is_whole = all(file.complete and not file.unembedded for file in files.values())
    return is_whole and old_files.keys() <= files.keys()


async def _answers(space: Space) -> bool:
    """Whether queries still get vectors of its model; one that does not answer may come back with it."""
    try:
        await space.embedder.embed(["."])
    except ModelChanged:
        return False
    except ServiceError:
        return True
    return True


def _gap(space: Space) -> str:
    return being_made(space, "words")
