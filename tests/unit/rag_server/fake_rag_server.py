"""rag-server's own app over scripted use cases: for tests of CLI and page, or by hand with a PORT."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Self, cast

import uvicorn
from pydantic import SecretStr
from starlette.types import ASGIApp

from code_rag.rag_server.answer import Answer, AnswerState, Asked, Citation, Token, Usage, Waiting
from code_rag.rag_server.answer_wire import AskResponse
from code_rag.rag_server.answering import Event
from code_rag.rag_server.app import assemble
from code_rag.rag_server.callers import Callers
from code_rag.rag_server.codebase.codebases import Codebases
from code_rag.rag_server.codebase.explaining import Exclusion
from code_rag.rag_server.codebase.member import Member
from code_rag.rag_server.composition.use_cases import UseCases
from code_rag.rag_server.evaluating import Commit, Evaluation, EvaluationProgress
from code_rag.rag_server.exporting import Exporter
from code_rag.rag_server.importing import Importer
from code_rag.rag_server.introducing import Introducer
from code_rag.rag_server.model import Hit, Scope, StoredFile
from code_rag.rag_server.progress import IndexReport, Searchable
from code_rag.rag_server.searching import SearchResult
from code_rag.rag_server.settings import Settings
from code_rag.rag_server.similarity import SimilarTo
from code_rag.rag_server.space import Space
from code_rag.servicekit.errors import ServiceError, UpstreamFailed
from code_rag.servicekit.health import Check, Health
from code_rag.servicekit.metrics import Metrics
from tests.unit.rag_server.answer_fakes import FakeStore
from tests.unit.rag_server.fakes import FakeEmbedder
from tests.unit.rag_server.recorder import Recorder
from tests.unit.rag_server.refund_shop import (
    ANSWER,
    CALLERS,
    CITATIONS,
    EVALUATION,
    HITS,
    INDEXED,
    REFUNDS,
    RUNBOOK,
    SIMILAR,
    checks,
    index_status,
)
from tests.unit.rag_server.scripted_codebases import ScriptedCodebases
from tests.unit.rag_server.serving import serving

MODEL = "gpt-4o-mini"


@dataclass
class Script:
    """What the server answers, and what it was asked."""

    hits: list[Hit] = field(default_factory=lambda: list(HITS))
    answer: str = ANSWER
    citations: Sequence[Citation] = CITATIONS
    state: AnswerState = "answered"
    understood: str = ""
    usage: Usage | None = None
    notes: Sequence[Waiting] = ()
    """What the stream says of the model before the hits."""
    kept_since: datetime | None = None
    """Of answers that are not asked for again."""
    degraded: Sequence[str] = ()
    files: dict[str, str] = field(
        default_factory=lambda: {"orders/refunds.py": REFUNDS, "docs/refunds.md": RUNBOOK}
    )
    codebases: Sequence[str] = ("shop",)
    exclusions: dict[str, Exclusion] = field(default_factory=dict)
    index: list[tuple[IndexReport, Searchable]] = field(default_factory=lambda: [index_status()])
    """Answers of `GET /index` in turn; the last one stays."""
    checks: dict[str, Check] = field(default_factory=checks)
    callers: Callers = CALLERS
    similar: SimilarTo = SIMILAR
    evaluation: Evaluation = EVALUATION
    suggestions: Sequence[str] = ("What does this project do?", "What does `Refund.book` do?")
    model: str = MODEL
    failures: dict[str, ServiceError] = field(default_factory=dict)
    """The error that `/search` or `/ask` answers."""
    break_stream_after: int | None = None
    """How many tokens the stream brings before it ends with an error event."""
    stream_tokens: bool = True
    """False: the answer comes in the last event alone, as without a language model."""
    cut_stream: bool = False
    """End a broken stream without the error event."""
    settings: dict[str, Any] = field(default_factory=dict)
    """The server's, other than the key."""
    api_key: str | None = None
    delay: float = 0.0
    """Seconds between tokens."""
    requests: list[tuple[str, dict[str, Any], Mapping[str, str]]] = field(default_factory=list)

    def whole_answer(self, *, again: bool = False) -> Answer:
        """The answer that ends the stream."""
        parts = (self.answer, tuple(self.citations), tuple(self.hits), self.model, tuple(self.degraded))
        kept_since = None if again else self.kept_since
        timings = {"search": 0.021, "answer": 1.4}
        return Answer(*parts, timings, self.state, self.understood, kept_since, usage=self.usage)

    def ask_response(self) -> dict[str, Any]:
        """The answer as the wire carries it."""
        return AskResponse.of(self.whole_answer()).model_dump(mode="json")

    def fail(self, path: str) -> None:
        """Raise the error that is scripted for `path`, if one is."""
        if error := self.failures.get(path):
            raise error


@dataclass
class ScriptedUseCases:
    """Stands for each of the use cases."""

    script: Script
    codebases: Codebases
    space: Space = field(default_factory=lambda: Space(FakeStore(), FakeEmbedder()))

    async def start(self, path: str = "", *, prune: bool = False) -> None:
        """Nothing runs."""

    async def look(self) -> None:
        """Every folder is there."""

    async def refresh(self, path: str = "") -> None:
        """Nothing changes."""

    def reports(self, path: str = "") -> list[tuple[Member, IndexReport]]:
        """The report that comes next, for each codebase."""
        report = self.script.index[0][0]
        return [(member, report) for member in self.codebases if path in ("", member.prefix)]

    def report(self, path: str = "") -> IndexReport:
        """The next report."""
        return (self.script.index.pop(0) if len(self.script.index) > 1 else self.script.index[0])[0]

    async def searchable(self, names: Sequence[str]) -> list[Searchable]:
        """What belongs to the report that comes next, in the first codebase."""
        return [self.script.index[0][1], *(Searchable(1, 2) for _ in names[1:])]

    async def search(self, query: str, scope: Scope, limit: int) -> SearchResult:
        """All hits, whatever is looked for."""
        self.script.fail("/search")
        return SearchResult(tuple(self.script.hits), tuple(self.script.degraded), {"search": 0.021})

    async def find_callers(self, symbol: str, scope: Scope, limit: int) -> Callers:
        """The scripted callers, whatever is asked for."""
        self.script.fail("/search")
        return self.script.callers

    async def find_similar(self, path: str, line: int, scope: Scope, limit: int) -> SimilarTo:
        """The scripted similar code, wherever the place is."""
        self.script.fail("/search")
        return self.script.similar

    async def evaluate(
        self, commits: Sequence[Commit], scope: Scope, questions: int, seed: int
    ) -> AsyncGenerator[EvaluationProgress | Evaluation, None]:
        """Progress, then the scripted evaluation."""
        self.script.fail("/eval")
        yield EvaluationProgress(0, questions)
        yield self.script.evaluation

    async def suggest(self, scope: Scope) -> tuple[str, ...]:
        """The scripted suggestions, whatever they are about."""
        return tuple(self.script.suggestions)

    async def answer(self, asked: Asked, scope: Scope, limit: int, *, again: bool = False) -> Answer:
        """The answer, whatever is asked."""
        self.script.fail("/ask")
        return self.script.whole_answer(again=again)

    async def stream(
        self, asked: Asked, scope: Scope, limit: int, *, again: bool = False
    ) -> AsyncGenerator[Event, None]:
        """Hits, tokens, and the answer or the error at its end."""
        script = self.script
        script.fail("/ask")
        for note in script.notes:
            yield note
            await asyncio.sleep(script.delay)
        yield await self.search(asked.question, scope, limit)
        words = script.answer.split(" ") if script.stream_tokens else []
        for count, word in enumerate(words):
            if count == script.break_stream_after:
                if script.cut_stream:
                    return
                raise UpstreamFailed("The language model hung up.")
            await asyncio.sleep(script.delay)
            yield Token(word if count == 0 else f" {word}", MODEL)
        yield script.whole_answer(again=again)

    @property
    def store(self) -> Self:
        """Where the files of the script are stored."""
        return self

    async def files(self, path: str) -> Mapping[str, StoredFile]:
        """Two chunks of the first file; the others are not indexed yet."""
        first = next(iter(self.script.files))
        return {path: StoredFile("digest", 2, complete=True, unembedded=0)} if path == first else {}


def create_app(script: Script) -> ASGIApp:
    """The server; every request's path, JSON and headers end up in `script.requests`."""
    key = SecretStr(script.api_key) if script.api_key else None
    scripted = ScriptedUseCases(script, codebases := ScriptedCodebases(script))
    each = cast(Any, scripted)
    backups = Exporter(each), Importer(lambda: scripted.space)
    parts = (each, each, each, each, each, each, each, each, each)
    use_cases = UseCases(codebases, *parts, *backups, Introducer(each))
    health = Health("rag-server", "0.1.0", script.checks)
    settings = Settings(codebase_path=(Path(),), api_key=key, **script.settings)
    app = assemble(settings, use_cases, health, Metrics())
    return Recorder(app, script.requests)


@contextmanager
def running(script: Script) -> Iterator[str]:
    """Serve `script` on a free port of loopback from a thread; yields its URL."""
    with serving(create_app(script)) as url:
        yield url


if __name__ == "__main__":
    busy = index_status("running", replace(INDEXED, indexed=4, pending=20))
    demonstration = Script(delay=0.03, index=[index_status(), busy, busy, index_status()])
    uvicorn.run(create_app(demonstration), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
