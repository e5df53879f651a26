"""The use case of suggesting questions, over an embedded store."""

from pathlib import Path

from code_rag.rag_server.answer import Asked
from code_rag.rag_server.gathering import Gatherer
from code_rag.rag_server.model import Scope
from code_rag.rag_server.searching import Searcher
from code_rag.rag_server.space import Space
from code_rag.rag_server.suggesting import Suggester
from tests.unit.rag_server.answer_fakes import FakeStore, a_report
from tests.unit.rag_server.fakes import FakeEmbedder
from tests.unit.rag_server.indexed import index, searcher_of, write

FILES = {
    "README.md": "# Shop\n\nShop sells things for the home and the garden.\n",
    "shop/orders.py": 'def close(order):\n    """Closes an order before it leaves us."""\n    return 1\n',
    "shop/refunds.py": 'def refund(order):\n    """Sends the price of a returned parcel."""\n    return 2\n',
    "shop/stock.py": "def count(items):\n    return len(items)\n",
    "tests/test_orders.py": 'def test_cancel():\n    """Cancels an order of the shop."""\n    assert 1\n',
}
CLOSE = "How does `close` close an order before it leaves us?"
SEND = "How does `refund` send the price of a returned parcel?"


async def test_suggestions_are_about_what_is_indexed(tmp_path: Path) -> None:
    """An overview question comes first, then documented definitions, each of another file."""
    async with searcher_of(tmp_path, FILES, embedded=False) as (searcher, _):
        suggested = await Suggester(Gatherer(searcher)).suggest(Scope())

        assert suggested[0] == "What does this project do?"
        assert set(suggested[1:]) == {CLOSE, SEND}


async def test_each_suggestion_is_answered(tmp_path: Path) -> None:
    """Whoever asks one gets an answer that quotes code."""
    async with searcher_of(tmp_path, FILES, embedded=False) as (searcher, _):
        gatherer = Gatherer(searcher)
        for question in await Suggester(gatherer).suggest(Scope()):
            quotes = (await gatherer.gather(Asked(question), Scope(), 8)).quotes

            assert quotes.state == "answered"
            assert quotes.excerpts


async def test_suggestions_follow_the_index(tmp_path: Path) -> None:
    """They are made again once the index has changed."""
    first = {"shop/orders.py": FILES["shop/orders.py"]}
    async with searcher_of(tmp_path, first, embedded=False) as (searcher, _):
        suggester = Suggester(Gatherer(searcher))
        before = await suggester.suggest(Scope())
        await index(write(tmp_path / "code", FILES), searcher.store, embedded=False)
        after = await suggester.suggest(Scope())

        assert before == (CLOSE,)
        assert set(after) == {"What does this project do?", CLOSE, SEND}


async def test_an_empty_index_suggests_nothing() -> None:
    """Nothing is suggested that nothing would answer."""
    searcher = Searcher(
        Space(FakeStore(chunks=0), FakeEmbedder()), lambda _: a_report(), lambda _: "shop", list[str]().append
    )

    assert await Suggester(Gatherer(searcher)).suggest(Scope()) == ()


async def test_suggestions_stay_within_a_scope(tmp_path: Path) -> None:
    """Those about a folder are about files in it."""
    async with searcher_of(tmp_path, FILES, embedded=False) as (searcher, _):
        assert await Suggester(Gatherer(searcher)).suggest(Scope("shop/refunds.py")) == (SEND,)
