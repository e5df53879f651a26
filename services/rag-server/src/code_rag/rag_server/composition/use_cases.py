"""The use cases, built once and shared by everything that exposes them: routes, other protocols."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from code_rag.rag_server.admission import Admission
from code_rag.rag_server.answering import Answerer
from code_rag.rag_server.callers import CallerFinder
from code_rag.rag_server.codebase.codebases import Codebases
from code_rag.rag_server.evaluating import Evaluator
from code_rag.rag_server.exporting import Exporter
from code_rag.rag_server.gathering import Gatherer
from code_rag.rag_server.importing import Importer
from code_rag.rag_server.index_options import IndexOptions
from code_rag.rag_server.indexers import Indexers
from code_rag.rag_server.indexing import Indexer
from code_rag.rag_server.introducing import Introducer
from code_rag.rag_server.keeping import AnswerKeeper
from code_rag.rag_server.mapping import Mapper
from code_rag.rag_server.moving import Mover
from code_rag.rag_server.ports import Catalog, ChatModel, Embedder, EmbeddingServer, FileEvents, VectorStore
from code_rag.rag_server.searching import CountDegradation, Searcher
from code_rag.rag_server.similarity import SimilarFinder
from code_rag.rag_server.space import Space
from code_rag.rag_server.suggesting import Suggester
from code_rag.rag_server.understanding import Outcome, Understander
from code_rag.rag_server.watchers import Watchers
from code_rag.rag_server.writing import Writer

READ_AT_A_TIME = 2
"""Codebases whose files are read at the same time, so that a folder that hangs does not stop the others."""
SEARCHES_AT_ONCE = 4
"""While one reads the store and one ranks, the others wait for their vectors; more CPUs do not help."""
LONGEST_WAIT_SECONDS = 0.3
"""How long a search may wait for its turn, so that all of it takes less than a second."""
ALWAYS_LET_IN = 32
"""So many people or tools at once are never sent back, even where a slow machine needs longer for them."""


def searches() -> Admission:
    """Room for the searches of `/search`, `/ask` and chats."""
    return Admission("searches", SEARCHES_AT_ONCE, LONGEST_WAIT_SECONDS, ALWAYS_LET_IN)


@dataclass(frozen=True, slots=True)
class Indexes:
    """Where there are other indexes beside the store, and who says which of them is wanted."""

    catalog: Catalog
    server: EmbeddingServer


@dataclass(frozen=True, slots=True)
class Outside:
    """The external services that the use cases depend on."""

    store: VectorStore
    embedder: Embedder
    chat: ChatModel
    events: FileEvents | None = None
    indexes: Indexes | None = None


def _uncounted(outcome: Outcome) -> None:
    """For answers that nobody measures."""


@dataclass(frozen=True, slots=True)
class AnswerOptions:
    """How questions are answered."""

    keep: int = 0
    """How many answers of the model are kept."""
    context_tokens: int | None = None
    """The size of the model's context, if it is known."""
    help_seconds: float = 0.0
    """How long a model may take to word a question for search; 0: none does."""
    count_help: Callable[[Outcome], None] = _uncounted


@dataclass(frozen=True, slots=True)
class UseCases:
    """What rag-server can do with its codebases."""

    codebases: Codebases
    indexers: Indexers
    searcher: Searcher
    answerer: Answerer
    keeper: AnswerKeeper
    callers: CallerFinder
    similar: SimilarFinder
    evaluator: Evaluator
    watchers: Watchers
    suggester: Suggester
    exporter: Exporter
    importer: Importer
    introducer: Introducer
    searches: Admission = field(default_factory=searches)
    mover: Mover | None = None
    """None where there is only one index."""


def build_use_cases(
    codebases: Codebases,
    outside: Outside,
    count_degradation: CountDegradation,
    options: IndexOptions | None = None,
    answering: AnswerOptions = AnswerOptions(),
) -> UseCases:
    """The use cases."""

    async def prune() -> Sequence[str]:
        return await mover.prune() if mover else ()

    space, others = Space(outside.store, outside.embedder), outside.indexes
    indexers = _indexers(codebases, space, replace(options or IndexOptions(), prune_indexes=prune))
    watchers = Watchers(indexers, outside.events)
    searcher = Searcher(space, watchers.report, codebases.name_of, count_degradation, watchers.refresh)
    mover = Mover(searcher, indexers, others.catalog, others.server) if others else None
    gatherer, writer = Gatherer(searcher), Writer(outside.chat, Mapper(searcher), answering.context_tokens)
    understander = Understander(
        outside.chat, lambda: searcher.space.embedder.model.name, answering.count_help, answering.help_seconds
    )
    admission = searches()
    answerer = Answerer(understander, gatherer, writer, codebases.lines, count_degradation, admission)
    keeper = AnswerKeeper(answerer, codebases.lines, answering.keep)
    callers = CallerFinder(searcher, codebases.source)
    similar, evaluator = SimilarFinder(searcher), Evaluator(searcher, codebases.source)
    answers = (answerer, keeper, callers, similar, evaluator)
    backups = Exporter(searcher), Importer(lambda: indexers.space)
    more = (watchers, Suggester(gatherer), *backups, Introducer(searcher))
    return UseCases(codebases, indexers, searcher, *answers, *more, searches=admission, mover=mover)


def _indexers(codebases: Codebases, space: Space, options: IndexOptions) -> Indexers:
    turns = asyncio.Semaphore(READ_AT_A_TIME)
    return Indexers(
        codebases,
        space,
        lambda member, its: Indexer(member, its.store, its.embedder, turn=turns, options=options),
    )
