"""Overview questions on the way of every question, over an embedded store."""

from pathlib import Path

from code_rag.rag_server.answer import Asked
from code_rag.rag_server.gathering import Gatherer
from code_rag.rag_server.model import Scope
from tests.unit.rag_server.indexed import searcher_of

FILES = {
    "README.md": "# Shop\n\nShop sells things for the home and the garden.\n",
    "api/README.md": "# API\n\nThe API takes the orders of the shop's customers.\n",
    "api/orders.py": "def project():\n    return 'what does this project do'\n",
}


async def test_an_overview_question_is_answered_from_the_readme(tmp_path: Path) -> None:
    """The README is quoted although other code has the words of the question; hits are found as always."""
    async with searcher_of(tmp_path, FILES) as (searcher, _):
        gathered = await Gatherer(searcher).gather(Asked("What does this project do?"), Scope(), 8)

        (excerpt,) = gathered.quotes.excerpts
        assert (excerpt.path, excerpt.lines) == (
            "README.md",
            ("Shop sells things for the home and the garden.",),
        )
        assert gathered.found.hits


async def test_an_overview_of_a_folder_is_of_what_is_in_it(tmp_path: Path) -> None:
    """A question about a folder is answered from it, whether the scope or the question names it."""
    async with searcher_of(tmp_path, FILES) as (searcher, _):
        for question, scope in (("what does it do", Scope("api")), ("what does the api do", Scope())):
            gathered = await Gatherer(searcher).gather(Asked(question), scope, 8)

            assert [excerpt.path for excerpt in gathered.quotes.excerpts] == ["api/README.md"]


async def test_another_question_is_searched_for(tmp_path: Path) -> None:
    """Without an overview the excerpts are those of the hits."""
    async with searcher_of(tmp_path, FILES) as (searcher, _):
        gathered = await Gatherer(searcher).gather(Asked("where are the orders taken"), Scope(), 8)

        hits = {hit.chunk.path for hit in gathered.found.hits}
        assert {excerpt.path for excerpt in gathered.quotes.excerpts} <= hits
        assert "quote" in gathered.timings
