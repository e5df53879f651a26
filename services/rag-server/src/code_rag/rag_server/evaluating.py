"""The use case of evaluating search on the indexed codebase, with questions that the codebase itself answers.

A docstring asks for its definition, and is removed from what is searched, or it would find itself. A name
asks for the file that defines it. A commit's subject asks for the files that the commit changed. Tests,
examples, documentation and vendored code make no questions: they rank lower unless a question names them.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from code_rag.rag_server.chunking.documentation import Documented, documented
from code_rag.rag_server.evaluation.questions import Kind, Question, sentence, subject_question
from code_rag.rag_server.evaluation.result import DEPTH, Asked, KindResult, in_words, result_of
from code_rag.rag_server.identifiers import plain_name
from code_rag.rag_server.masking import Mask, MaskedStore
from code_rag.rag_server.model import Chunk, Hit, Scope, SourceFile
from code_rag.rag_server.ranking.places import kinds
from code_rag.rag_server.searching import Searcher
from code_rag.rag_server.space import Space
from code_rag.rag_server.stopwatch import Stopwatch
from code_rag.servicekit.errors import Overloaded, ServiceError

HITS = 50
"""Chunks that are looked at: the ten best files are among them."""
PER_FILE = 2
"""Questions from one file, so that a large one does not stand for the codebase."""
MAX_FILES_OF_COMMIT = 10
MAX_DEFINING_FILES = 3


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit's subject, and the paths that it changed."""

    subject: str
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EvaluationProgress:
    """How many questions have been asked; `total` is 0 while they are being made."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The result for each kind of question, in numbers and in words."""

    results: tuple[KindResult, ...]
    words: tuple[str, ...]
    notes: tuple[str, ...]
    """Kinds of questions that could not be asked, and why."""
    degraded: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A question, and the chunks whose text contains the question, without that text."""

    question: Question
    masked: tuple[Chunk, ...] = ()


@dataclass(slots=True)
class Evaluator:
    """Evaluates what `searcher` finds; `source` reads a file of the codebase."""

    searcher: Searcher
    source: Callable[[str], SourceFile | None]
    _running: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def evaluate(
        self, commits: Sequence[Commit], scope: Scope, questions: int, seed: int
    ) -> AsyncGenerator[EvaluationProgress | Evaluation, None]:
        """Ask up to `questions` of each kind, the same ones for the same seed: progress, then the result.

        Raises Overloaded while another evaluation is running, and the store's errors.
        """
        if self._running.locked():
            raise Overloaded("Another evaluation is running; try again when it is done.")
        async with self._running:
            watch, asked, degraded = Stopwatch(), list[Asked](), list[str]()
            yield EvaluationProgress(0, 0)
            with watch.step("evaluate"):
                prepared = await self._prepare(commits, scope, questions, Random(seed))  # noqa: S311
                for done, each in enumerate(prepared):
                    yield EvaluationProgress(done, len(prepared))
                    asked.append(await self._ask(each, scope, degraded))
            yield _evaluation(asked, commits, tuple(dict.fromkeys(degraded)), seed, watch.timings["evaluate"])

    async def _ask(self, prepared: _Prepared, scope: Scope, degraded: list[str]) -> Asked:
        space = self.searcher.space
        masks = {chunk.id: Mask(chunk, await _vector(chunk, space)) for chunk in prepared.masked}
        masked = replace(space, store=MaskedStore(space.store, masks)) if masks else space
        found = await replace(self.searcher, space=masked).search(prepared.question.text, scope, HITS)
        degraded += found.degraded
        files = dict.fromkeys(_file(hit, prepared.question.answers) for hit in found.hits)
        return Asked(prepared.question, tuple(files)[:DEPTH])

    async def _prepare(
        self, commits: Sequence[Commit], scope: Scope, limit: int, dice: Random
    ) -> list[_Prepared]:
        paths = sorted(path for path in await self.searcher.store.files(scope.path) if not kinds(path))
        documentation, symbols = list[_Prepared](), list[_Prepared]()
        for path in dice.sample(paths, len(paths)):
            if len(documentation) >= limit and len(symbols) >= limit:
                break
            file = await asyncio.to_thread(self.source, path)
            if file and (not scope.language or file.language == scope.language):
                found = await asyncio.to_thread(documented, file)
                chunks = await self.searcher.store.in_file(path)
                documentation += _from_documentation(path, found, chunks, dice)
                symbols += await self._from_symbols(chunks, dice)
        history = list(_from_history(commits, frozenset(paths)))
        return [*documentation[:limit], *symbols[:limit], *history[:limit]]

    async def _from_symbols(self, chunks: Sequence[Chunk], dice: Random) -> list[_Prepared]:
        symbols = sorted({symbol for chunk in chunks for symbol in chunk.symbols if chunk.kind != "section"})
        prepared = []
        for symbol in dice.sample(symbols, min(PER_FILE, len(symbols))):
            name = symbol.rpartition(".")[2]
            defining = await self.searcher.store.defining([plain_name(name)], Scope(), HITS)
            answers = frozenset(chunk.path for chunk in defining if symbol in chunk.symbols)
            if 0 < len(answers) <= MAX_DEFINING_FILES:
                prepared.append(_Prepared(Question(Kind.SYMBOL, symbol, answers)))
        return prepared


def _file(hit: Hit, answers: frozenset[str]) -> str:
    """The file of a hit: of several files with the same text the right one."""
    paths = [hit.chunk.path, *(copy.path for copy in hit.copies)]
    return next((path for path in paths if path in answers), paths[0])


def _from_documentation(
    path: str, found: Sequence[Documented], chunks: Sequence[Chunk], dice: Random
) -> Iterator[_Prepared]:
    asking = [(each, sentence(each.text, each.symbol.rpartition(".")[2])) for each in found]
    usable = [(each, text) for each, text in asking if text]
    for each, text in dice.sample(usable, min(PER_FILE, len(usable))):
        masked = tuple(_without(chunk, each) for chunk in chunks if _overlap(chunk, each))
        if masked:
            yield _Prepared(Question(Kind.DOCUMENTATION, text, frozenset([path])), masked)


def _overlap(chunk: Chunk, each: Documented) -> bool:
    return chunk.start_line <= each.last and each.first < chunk.end_line


def _without(chunk: Chunk, each: Documented) -> Chunk:
    """The chunk without the rows of the documentation."""
    rows = enumerate(chunk.text.split("\n"), chunk.start_line - 1)
    return replace(chunk, text="\n".join(line for row, line in rows if not each.first <= row < each.last))


def _from_history(commits: Sequence[Commit], indexed: frozenset[str]) -> Iterator[_Prepared]:
    seen: set[str] = set()
    for commit in commits:
        text = subject_question(commit.subject)
        answers = frozenset(commit.paths) & indexed
        if text and 0 < len(answers) <= MAX_FILES_OF_COMMIT and text not in seen:
            seen.add(text)
            yield _Prepared(Question(Kind.HISTORY, text, answers))


def _evaluation(
    asked: Sequence[Asked], commits: Sequence[Commit], degraded: tuple[str, ...], seed: int, seconds: float
) -> Evaluation:
    groups = {kind: [each for each in asked if each.question.kind is kind] for kind in Kind}
    results = tuple(result_of(kind, group, seed) for kind, group in groups.items() if group)
    why = {
        Kind.DOCUMENTATION: "No docstring or comment outside of tests makes a question.",
        Kind.SYMBOL: "The index has no definition outside of tests.",
        Kind.HISTORY: "None of the commits makes a question about files in the index: run it in the checkout "
        "of the codebase that is indexed, or name that folder; name one of several codebases."
        if commits
        else "No commits were given, so there are no questions from git's history.",
    }
    notes = tuple(why[kind] for kind, group in groups.items() if not group)
    return Evaluation(results, tuple(in_words(results)), notes, degraded, seconds)


async def _vector(chunk: Chunk, space: Space) -> Sequence[float] | None:
    try:
        return (await space.embedder.embed([chunk.text], background=True))[0]
    except ServiceError:
        return None  # the search that follows cannot embed its query either, and says so
