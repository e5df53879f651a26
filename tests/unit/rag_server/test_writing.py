"""What the model is given to write from."""

from code_rag.rag_server.answer import Asked
from code_rag.rag_server.gathering import Gathered
from code_rag.rag_server.mapping import Mapper
from code_rag.rag_server.model import Hit, Scope
from code_rag.rag_server.quoting import Quotes
from code_rag.rag_server.quoting.excerpt import Excerpt
from code_rag.rag_server.searching import Searcher, SearchResult
from code_rag.rag_server.space import Space
from code_rag.rag_server.writing import Writer
from tests.unit.rag_server.answer_fakes import FakeChat, FakeStore, a_chunk, a_hit, a_report
from tests.unit.rag_server.fakes import FakeEmbedder

README = Excerpt("README.md", 3, ("Sells things.",), ((3, 3),), language="markdown")
INSIDE = Excerpt("shop/orders.py", 2, ("    return order",), ((2, 2),), language="python")


async def prompt_of(hits: tuple[Hit, ...], quotes: Quotes) -> list[str]:
    """The messages that the model is sent."""
    searcher = Searcher(Space(FakeStore(), FakeEmbedder()), lambda _: a_report(), str, list[str]().append)
    chat = FakeChat()
    gathered = Gathered(SearchResult(hits, (), {}), quotes, {}, "what is it?")
    _ = [event async for event in Writer(chat, Mapper(searcher)).write(Asked("?"), gathered, Scope())]
    return [message["content"] for message in chat.asked[0]]


async def test_quotes_that_no_hit_holds_are_blocks_too() -> None:
    """An overview's places come first; an excerpt of a hit is not shown twice."""
    prompt = await prompt_of((a_hit(a_chunk()),), Quotes((README, INSIDE)))

    assert "[1] README.md:3-3 markdown\n3| Sells things." in prompt[-1]
    assert "[2] shop/orders.py:1-2 python" in prompt[-1]
    assert "[3]" not in prompt[-1]


async def test_quotes_without_hits_are_written_from() -> None:
    """What the search does not find may be found otherwise."""
    assert "[1] README.md:3-3" in (await prompt_of((), Quotes((README,))))[-1]
