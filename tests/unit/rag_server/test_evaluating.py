"""The evaluation of search on the codebase itself."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from code_rag.rag_server.evaluating import Commit, Evaluation, EvaluationProgress, Evaluator
from code_rag.rag_server.evaluation.questions import Kind
from code_rag.rag_server.model import Scope
from code_rag.rag_server.searching import Searcher
from code_rag.rag_server.space import Space
from code_rag.servicekit.errors import Overloaded, Unavailable
from tests.unit.rag_server.fakes import FakeEmbedder
from tests.unit.rag_server.indexed import searcher_of

FILES = {
    "shop/refunds.py": 'def refund(x):\n    """Pay a customer the price of goods."""\n    return x.total\n',
    "shop/stock.py": 'def count(shelf):\n    """Tell how many boxes stand on it."""\n    return len(shelf)\n',
    "tests/test_stock.py": 'def test_count():\n    """What is counted is there."""\n    return 1\n',
    "bank/audit.go": "package bank\n\n// Writes every transfer to the journal.\nfunc Audit() { log() }\n",
}
COMMITS = (
    Commit("Count the boxes on a shelf", ("shop/stock.py", "tests/test_stock.py", "gone.py")),
    Commit("Bump x from 1 to 2", ("shop/stock.py",)),
    Commit("Nothing that is still there", ("gone.py",)),
)


async def evaluation(
    searcher: Searcher, evaluator: Evaluator, commits: Sequence[Commit] = COMMITS, **options: int
) -> Evaluation:
    """The last thing that happens."""
    questions, seed = options.get("questions", 50), options.get("seed", 0)
    events = [event async for event in evaluator.evaluate(commits, Scope(), questions, seed)]
    assert isinstance(events[0], EvaluationProgress)
    assert isinstance(events[-1], Evaluation)
    return events[-1]


async def test_every_kind_of_question_is_asked(tmp_path: Path) -> None:
    """Documentation, symbols and commits make questions, tests do not, and the index is as before."""
    async with searcher_of(tmp_path, FILES) as (searcher, codebase):
        before = await searcher.store.files()
        result = await evaluation(searcher, Evaluator(searcher, codebase.source))
        assert await searcher.store.files() == before
    counts = {each.kind: each.questions for each in result.results}
    assert counts == {Kind.DOCUMENTATION: 3, Kind.SYMBOL: 3, Kind.HISTORY: 1}
    assert (result.notes, result.degraded) == ((), ())
    assert len(result.words) >= 3


async def test_documentation_does_not_find_itself(tmp_path: Path) -> None:
    """The text that makes a question is hidden from the search: its own words find nothing."""
    async with searcher_of(tmp_path, FILES) as (searcher, codebase):
        hidden = replace(searcher, space=Space(searcher.store, FakeEmbedder(Unavailable("down"))))
        result = await evaluation(hidden, Evaluator(hidden, codebase.source))
        open_hits = await hidden.search("Pay a customer the price of goods", Scope(), 5)
    assert [hit.chunk.path for hit in open_hits.hits] == ["shop/refunds.py"]
    (documentation,) = [each for each in result.results if each.kind is Kind.DOCUMENTATION]
    missed = {each.question.text for each in documentation.missed}
    assert "Pay a customer the price of goods" in missed
    assert result.degraded == ("semantic search is off: down",)


async def test_the_same_seed_asks_the_same(tmp_path: Path) -> None:
    """A seed chooses the questions, and a limit is one for each kind."""
    files = {
        f"{n}.py": f'def f{n}():\n    """Do thing number {n} for us."""\n    return {n}\n' for n in range(12)
    }
    async with searcher_of(tmp_path, files) as (searcher, codebase):
        evaluator = Evaluator(searcher, codebase.source)
        await searcher.scales.of(FakeEmbedder())  # which is measured once
        asked = []
        for seed in (1, 1, 2):
            embedder = FakeEmbedder()
            searcher.space = Space(searcher.store, embedder)
            result = await evaluation(searcher, evaluator, (), questions=4, seed=seed)
            assert [each.questions for each in result.results] == [4, 4]
            asked.append(embedder.embedded)
    assert asked[0] == asked[1] != asked[2]


async def test_what_cannot_be_asked_is_said(tmp_path: Path) -> None:
    """A codebase without definitions, and commits of another one, are named and no error."""
    async with searcher_of(tmp_path, {"a.md": "# A\n\ntext\n"}) as (searcher, codebase):
        evaluator = Evaluator(searcher, codebase.source)
        none = await evaluation(searcher, evaluator, ())
        foreign = await evaluation(searcher, evaluator, COMMITS[2:])
    assert none.results == foreign.results == ()
    assert any("No commits were given" in note for note in none.notes)
    assert any("run it in the checkout" in note for note in foreign.notes)


async def test_one_evaluation_at_a_time(tmp_path: Path) -> None:
    """A second one is refused while the first runs, and may start once that was closed."""
    async with searcher_of(tmp_path, FILES) as (searcher, codebase):
        evaluator = Evaluator(searcher, codebase.source)
        running = evaluator.evaluate(COMMITS, Scope(), 5, 0)
        await anext(running)
        with pytest.raises(Overloaded, match="Another evaluation is running"):
            await anext(evaluator.evaluate(COMMITS, Scope(), 5, 0))
        await running.aclose()
        assert (await evaluation(searcher, evaluator)).results
