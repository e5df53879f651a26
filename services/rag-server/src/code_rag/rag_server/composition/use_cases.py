"""The use cases, built once for all that offers them: routes, command line, other protocols."""

from dataclasses import dataclass

from code_rag.rag_server.answering import Answerer
from code_rag.rag_server.codebase import Codebase
from code_rag.rag_server.indexing import Indexer
from code_rag.rag_server.ports import ChatModel, Embedder, VectorStore
from code_rag.rag_server.searching import CountDegradation, Searcher


@dataclass(frozen=True, slots=True)
class Outside:
    """What the use cases stand on outside this process."""

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
        """Go over to another store; an index run begins anew there."""
        self.searcher.store = store
        await self.indexer.switch(store)


def build_use_cases(codebase: Codebase, outside: Outside, count_degradation: CountDegradation) -> UseCases:
    """The use cases over `codebase`; answers given with less than everything are counted."""
    indexer = Indexer(codebase, outside.store, outside.embedder)
    searcher = Searcher(outside.store, outside.embedder, indexer.status, count_degradation)
    answerer = Answerer(searcher, outside.chat, codebase.lines, count_degradation)
    return UseCases(codebase, indexer, searcher, answerer)
