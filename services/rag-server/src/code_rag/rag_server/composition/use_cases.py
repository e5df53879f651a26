"""The use cases, built once and shared by everything that exposes them: routes, other protocols."""

from dataclasses import dataclass

from code_rag.rag_server.answering import Answerer
from code_rag.rag_server.codebase import Codebase
from code_rag.rag_server.indexing import Indexer
from code_rag.rag_server.ports import ChatModel, Embedder, VectorStore
from code_rag.rag_server.searching import CountDegradation, Searcher


@dataclass(frozen=True, slots=True)
class Outside:
    """The external services that the use cases depend on."""

    store: VectorStore
    embedder: Embedder
    chat: ChatModel


@dataclass(frozen=True, slots=True)
class UseCases:
    """What rag-server can do with one codebase."""

    codebase: Codebase
    indexer: Indexer
    searcher: Searcher
    answerer: Answerer

    async def switch(self, store: VectorStore) -> None:
        """Switch to another store; if anything was indexed, a new index run starts there."""
        self.searcher.store = store
        await self.indexer.switch(store)


def build_use_cases(codebase: Codebase, outside: Outside, count_degradation: CountDegradation) -> UseCases:
    """The use cases over `codebase`; degraded answers are counted with `count_degradation`."""
    indexer = Indexer(codebase, outside.store, outside.embedder)
    searcher = Searcher(outside.store, outside.embedder, indexer.status, count_degradation)
    answerer = Answerer(searcher, outside.chat, codebase.lines, count_degradation)
    return UseCases(codebase, indexer, searcher, answerer)
