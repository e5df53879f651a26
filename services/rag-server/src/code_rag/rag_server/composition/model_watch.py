"""Switches to the index of the model that embedding-server serves, once it first answers."""

import asyncio
from dataclasses import dataclass

import structlog

from code_rag.rag_server.adapters.embedding_client import EmbeddingClient
from code_rag.rag_server.composition.stores import Stores
from code_rag.rag_server.composition.use_cases import UseCases
from code_rag.rag_server.model import EmbeddingModel
from code_rag.rag_server.ports import StoreUnusable
from code_rag.servicekit.errors import ServiceError

log = structlog.get_logger(__name__)

FIRST_RETRY_SECONDS = 0.5
LAST_RETRY_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class ModelWatch:
    """Asks embedding-server for its model until it answers once; a later model change needs a restart."""

    use_cases: UseCases
    embedder: EmbeddingClient
    stores: Stores
    first_retry_seconds: float = FIRST_RETRY_SECONDS

    async def first_look(self) -> bool:
        """Ask once; return whether it answered. If not, use the model of an index in the Qdrant server."""
        if await self._look():
            return True
        if found := await self.stores.find():
            await self._use(found)
        return False

    async def follow(self) -> None:
        """Ask again until there is an answer."""
        delay, seen = self.first_retry_seconds, False
        while not seen:
            await asyncio.sleep(delay)
            delay = min(2 * delay, LAST_RETRY_SECONDS)
            seen = await self._look()

    async def _look(self) -> bool:
        try:
            served = await self.embedder.served()
        except ServiceError:
            return False
        if await self._use(served):
            self.stores.remember(served)
        return True

    async def _use(self, model: EmbeddingModel) -> bool:
        """Switch to the index of `model`; return whether it is in use now. A failure is logged."""
        if model == self.embedder.model:
            return True
        try:
            store = await asyncio.to_thread(self.stores.open, model)
        except StoreUnusable as error:
            log.error("index not opened", model=model.name, reason=str(error))
            return False
        log.info("switching to the index of another model", model=model.name, dimension=model.dimension)
        self.embedder.model = model
        await self.use_cases.switch(store)
        return True
