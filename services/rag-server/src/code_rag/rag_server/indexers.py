"""The indexers of all codebases, one for each, over one store."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import structlog

from code_rag.rag_server.codebase.codebases import Codebases
from code_rag.rag_server.codebase.member import Member
from code_rag.rag_server.fair_embedder import FairEmbedder
from code_rag.rag_server.indexing import Indexer
from code_rag.rag_server.model import Secret
from code_rag.rag_server.presence import Presence
from code_rag.rag_server.progress import IndexReport
from code_rag.rag_server.retrying import FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS, PASSING
from code_rag.rag_server.space import Space
from code_rag.rag_server.totals import total
from code_rag.servicekit.errors import InvalidInput

log = structlog.get_logger(__name__)

MakeIndexer = Callable[[Member, Space], Indexer]


class Indexers:
    """Starts the indexer of one codebase or of all, and says how they are; close it before the store."""

    def __init__(self, codebases: Codebases, space: Space, make: MakeIndexer) -> None:
        self._codebases = codebases
        self.space = space
        """What is kept current, or filled."""
        self._shared = _shared(space)
        self._make = make
        self._indexers = {member: make(member, self._shared) for member in codebases}
        self._presence = Presence()
        self._changing = asyncio.Lock()
        self._forgetting: asyncio.Task[None] | None = None

    async def start(self, path: str = "", *, prune: bool = False) -> None:
        """Index what is at or under `path`; all of it looks for new and deleted codebases first.

        With `prune` old indexes and unused vectors are deleted afterwards.

        Raises InvalidInput for a path outside the codebases, and NotFound for one that is neither on disk
        nor indexed.
        """
        if path:
            await self._owner(path).request(path, prune=prune)
            return
        async with self._changing:
            await asyncio.to_thread(self._codebases.refresh)
            await self._follow_codebases()
        for indexer in self._indexers.values():
            indexer.start(prune=prune)
            prune = False  # once is enough: they share the store

    async def look(self) -> None:
        """Note which folders cannot be read now; one that is back is indexed again."""
        before = self._presence.absent
        await self._presence.look(self._indexers)
        for member in before.keys() - self._presence.absent.keys():
            indexer = self._indexers.get(member)
            if indexer is not None and indexer.status().started_at:
                indexer.start()

    def indexer(self, member: Member) -> Indexer:
        """The indexer of one codebase."""
        return self._indexers[member]

    def reports(self, path: str = "") -> list[tuple[Member, IndexReport]]:
        """The state of the codebase that `path` is in, or of each; one that cannot be read has failed."""
        owner = self._codebases.owner(path)
        wanted = [owner] if owner and owner in self._indexers else self._indexers
        return [(member, self._report(member)) for member in wanted]

    def report(self, path: str = "") -> IndexReport:
        """The state of the codebase that `path` is in, or of all of them as one."""
        return total([(member.name, report) for member, report in self.reports(path)])

    def secrets(self, path: str = "") -> dict[str, tuple[Secret, ...]]:
        """What is redacted in the codebase that `path` is in, or in all, by the path of the file."""
        found: dict[str, tuple[Secret, ...]] = {}
        for member, _ in self.reports(path):
            found |= self._indexers[member].signatures.secrets()
        return found

    @property
    def have_words(self) -> bool:
        """Whether all codebases have been stored since this space is used."""
        return all(indexer.has_words for indexer in self._indexers.values())

    @property
    def have_vectors(self) -> bool:
        """Whether each chunk of them has a vector too, if only that of its header."""
        return all(indexer.has_vectors for indexer in self._indexers.values())

    async def switch(self, space: Space) -> None:
        """Switch to another space; whatever was indexed is indexed there."""
        async with self._changing:
            self.space, self._shared = space, _shared(space)
            for indexer in self._indexers.values():
                await indexer.switch(self._shared)

    async def close(self) -> None:
        """Stop all runs; the next ones resume from there."""
        if self._forgetting is not None:
            self._forgetting.cancel()
            await asyncio.wait([self._forgetting])
        await asyncio.gather(*(indexer.close() for indexer in self._indexers.values()))

    def _report(self, member: Member) -> IndexReport:
        report, absence = self._indexers[member].status(), self._presence.absent.get(member)
        if absence and report.state == "idle":
            return replace(report, state="failed", detail=f"The codebase cannot be read: {absence}")
        return report

    def _owner(self, path: str) -> Indexer:
        owner = self._codebases.owner(path)
        if owner is None or owner not in self._indexers:
            names = ", ".join(self._codebases.names)
            raise InvalidInput(f"path: must start with the name of a codebase: {names}.", param="path")
        return self._indexers[owner]

    async def _follow_codebases(self) -> None:
        """Have an indexer for each codebase that is there now, and nothing in the store of any other."""
        before = self._indexers
        self._indexers = {m: before.get(m) or self._make(m, self._shared) for m in self._codebases}
        for member in before.keys() - self._indexers.keys():
            log.info("codebase removed", name=member.name)
            await before[member].close()
        if self._forgetting is not None:
            self._forgetting.cancel()  # it may have listed what was stored before
        if self._codebases.complete:
            self._forgetting = asyncio.create_task(self._forget())

    async def _forget(self) -> None:
        """Remove what is stored of other codebases, as often as it takes until the store answers."""
        delay = FIRST_RETRY_SECONDS
        while True:
            try:
                for path in await self.space.store.counts():
                    if self._codebases.owner(path) is None:
                        await self.space.store.remove_stale(path, "")
            except PASSING as error:
                log.warning("cannot remove what is stored of other codebases yet", reason=error.message)
                await asyncio.sleep(delay)
                delay = min(2 * delay, LAST_RETRY_SECONDS)
            else:
                return


def _shared(space: Space) -> Space:
    """The space as several indexers share it."""
    return replace(space, embedder=FairEmbedder(space.embedder))
