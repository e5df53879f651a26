"""The answer use case."""

from contextlib import aclosing
from dataclasses import replace

import pytest

from code_rag.rag_server.answer import Answer, Asked, Citation, Token, Turn, Waiting
from code_rag.rag_server.answering import Answerer, Event
from code_rag.rag_server.composition.use_cases import searches
from code_rag.rag_server.gathering import Gatherer
from code_rag.rag_server.mapping import Mapper
from code_rag.rag_server.model import EmbeddingModel, Scope
from code_rag.rag_server.ports import ChatModel
from code_rag.rag_server.prompting.instructions import EXAMPLE_ANSWER
from code_rag.rag_server.searching import Searcher, SearchResult
from code_rag.rag_server.space import Space
from code_rag.rag_server.understanding import Outcome, Understander
from code_rag.rag_server.writing import Writer
from code_rag.servicekit.errors import Unavailable, UpstreamFailed
from tests.unit.rag_server.answer_fakes import FakeChat, FakeStore, a_candidate, a_chunk, a_report
from tests.unit.rag_server.fakes import DIMENSION, FakeEmbedder

ORDERS = a_chunk(text="def cancel(order):\n    return order", symbol="cancel")
RUNBOOK = a_chunk(path="docs/[1] run`book.md", text="# Cancel runbook")
DISK = {ORDERS.path: ORDERS.text.split("\n"), RUNBOOK.path: ["# Cancel runbook"]}


def an_answerer(
    model: ChatModel,
    store: FakeStore | None = None,
    pending: int = 0,
    counted: list[str] | None = None,
    embedding_model: str = "fake-embedder",
) -> Answerer:
    """An answerer over fakes; by default the store finds both chunks."""
    count = [] if counted is None else counted
    found = store or FakeStore([a_candidate(ORDERS, 2.0), a_candidate(RUNBOOK, 1.9)])
    embedder = FakeEmbedder(model=EmbeddingModel(embedding_model, DIMENSION))
    searcher = Searcher(
        Space(found, embedder), lambda path: a_report(pending), lambda path: "shop", count.append
    )
    understander = Understander(model, lambda: embedding_model, list[Outcome]().append, 30)
    writer = Writer(model, Mapper(searcher))
    return Answerer(understander, Gatherer(searcher), writer, DISK.get, count.append, searches())


async def events_of(answerer: Answerer) -> list[Event]:
    """All that happens for one question, except that the model is waited for."""
    events = [event async for event in answerer.stream(Asked("how to cancel"), Scope(), 8)]
    return [event for event in events if not isinstance(event, Waiting)]


async def test_hits_come_first_then_tokens_then_the_cited_answer() -> None:
    """The events of a good answer, in order, and what the answer holds."""
    model = FakeChat()

    hits, *tokens, answer = await events_of(an_answerer(model))

    assert isinstance(hits, SearchResult)
    assert tokens == [Token("Cancelling keeps the order", "fake-model"), Token(" [1:1-2].", "fake-model")]
    assert isinstance(answer, Answer)
    assert answer.text == "Cancelling keeps the order [1:1-2]."
    assert answer.citations == (Citation("[1:1-2]", "shop/orders.py", 1, 2, "supported"),)
    assert answer.hits == hits.hits
    assert (answer.model, answer.degraded) == ("fake-model", ())
    steps = ["understand", "locate", "refresh", "embed", "search", "rank", "quote", "generate", "verify"]
    assert list(answer.timings) == steps
    assert "[1] shop/orders.py:1-2 (cancel)" in model.asked[0][-1]["content"]
    assert "Question: how to cancel" in model.asked[0][-1]["content"]


async def test_the_whole_answer_is_the_streams_last_event() -> None:
    """Whoever does not stream gets the same answer."""
    answerer = an_answerer(FakeChat())

    answer = await answerer.answer(Asked("how to cancel"), Scope(), 8)

    assert answer.text == "Cancelling keeps the order [1:1-2]."


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (FakeChat((), Unavailable("llm-server cannot be reached.")), "llm-server cannot be reached."),
        (FakeChat(()), "llm-server sent an empty answer."),
    ],
)
async def test_without_a_model_the_answer_quotes_the_best_places(model: FakeChat, reason: str) -> None:
    """The places are cited, names that look like markers or code cite nothing, and the reason is given."""
    counted = list[str]()

    _, answer = await events_of(an_answerer(model, counted=counted))

    assert isinstance(answer, Answer)
    assert answer.text == (
        "Function `cancel` in `shop/orders.py` [1:1-2]\n\n"
        "```python\n1| def cancel(order):\n2|     return order\n```\n\n"
        "Lines of `docs/[1] run'book.md` [2:1]\n\n```python\n1| # Cancel runbook\n```"
    )
    assert [(c.marker, c.path, c.state) for c in answer.citations] == [
        ("[1:1-2]", "shop/orders.py", "supported"),
        ("[2:1]", "docs/[1] run`book.md", "supported"),
    ]
    assert (answer.model, answer.degraded) == ("none", (f"no language model: {reason}",))
    assert counted == ["no language model"]


async def test_a_model_that_fails_in_the_middle_is_followed_by_quotes() -> None:
    """What it wrote stays, the answer says that it stopped, and the places that answer without it follow."""
    counted = list[str]()
    chat = FakeChat(("It is kept [1]. And",), UpstreamFailed("llm-server broke off."))

    _, *tokens, answer = await events_of(an_answerer(chat, counted=counted))

    assert isinstance(answer, Answer)
    assert answer.text.startswith("It is kept [1]. And\n\nThe places that say most about the question:\n\n")
    assert answer.text == "".join(token.text for token in tokens if isinstance(token, Token))
    assert [c.marker for c in answer.citations] == ["[1]", "[3:1-2]", "[4:1]"]
    assert "the model stopped before its answer was complete: llm-server broke off." in answer.degraded
    assert (answer.model, answer.state) == ("fake-model", "answered")
    assert "the model stopped" in counted


@pytest.mark.parametrize(
    ("says", "state", "heading"),
    [
        ("It is kept.", "unsupported", "The answer above cites nothing. The places that say most"),
        ("It is kept [9].", "unsupported", "The answer above cites nothing."),
        ("Not found in the indexed code.", "not_found", "The nearest places in the code:"),
        ("The provided code does not mention that.", "not_found", "The nearest places in the code:"),
    ],
)
async def test_what_cites_nothing_is_marked_and_followed_by_quotes(
    says: str, state: str, heading: str
) -> None:
    """An answer without a citation is not passed off as one, and the nearest places are always shown."""
    _, *tokens, answer = await events_of(an_answerer(FakeChat((says,))))

    assert isinstance(answer, Answer)
    assert answer.state == state
    assert heading in answer.text
    assert {c.path for c in answer.citations} == {"shop/orders.py", "docs/[1] run`book.md"}
    assert answer.text == "".join(token.text for token in tokens if isinstance(token, Token))


async def test_an_answer_that_reached_its_length_says_so() -> None:
    """It keeps its text and state."""
    _, *_, answer = await events_of(an_answerer(FakeChat(finish="length")))

    assert isinstance(answer, Answer)
    assert answer.degraded == ("the model's answer reached its greatest length and is not complete",)
    assert (answer.text, answer.finish) == ("Cancelling keeps the order [1:1-2].", "length")


async def test_a_copy_of_the_worked_example_is_no_answer() -> None:
    """Nobody sees it: the answer quotes, and says why."""
    for copy in (EXAMPLE_ANSWER, f"{EXAMPLE_ANSWER} And more."):
        _, *tokens, answer = await events_of(an_answerer(FakeChat((copy[:50], copy[50:]))))

        assert isinstance(answer, Answer)
        assert (answer.model, answer.text.startswith("Function `cancel`")) == ("none", True)
        assert "repeated its instructions" in answer.degraded[0]
        assert copy.endswith("more.") or tokens == []


async def test_a_silent_model_is_waited_for_visibly() -> None:
    """Each moment of silence is an event with the model's name, so that a client shows that it is at work."""
    model = FakeChat(("One",), hangs=True)
    answerer = an_answerer(model)
    events = replace(answerer, writer=replace(answerer.writer, tick_seconds=0.001)).stream(
        Asked("how"), Scope(), 8
    )
    waits = list[Waiting]()
    async with aclosing(events):
        async for event in events:
            if isinstance(event, Waiting):
                waits.append(event)
            if len(waits) == 3:
                break

    assert waits[0] == Waiting("fake-model", 0)
    assert {wait.model for wait in waits} == {"fake-model"}


@pytest.mark.parametrize(
    ("chunks", "pending", "text"),
    [
        (5, 0, "Not found in the indexed code."),
        (0, 0, "Not found in the indexed code. (indexing: nothing is indexed yet)"),
        (0, 3, "Not found in the indexed code. (indexing: 3 files pending)"),
    ],
)
async def test_without_hits_no_model_is_asked(chunks: int, pending: int, text: str) -> None:
    """Nothing found is answered at once and honestly: also that the index is empty or still growing."""
    model = FakeChat()

    _, answer = await events_of(an_answerer(model, FakeStore(chunks=chunks), pending))

    assert isinstance(answer, Answer)
    assert (answer.text, answer.citations, answer.model) == (text, (), "none")
    assert model.asked == []


async def test_what_the_search_lacked_stays_in_the_answer() -> None:
    """The answer carries the search's degradations along."""
    answer = await an_answerer(FakeChat(), pending=4).answer(Asked("how"), Scope(), 8)

    assert answer.degraded == ("indexing: 4 files pending",)


async def test_closing_the_events_stops_the_model() -> None:
    """Whoever stops listening stops the model, at once."""
    model = FakeChat(("One more ",), hangs=True)
    events = an_answerer(model).stream(Asked("how"), Scope(), 8)
    async for event in events:
        if isinstance(event, Token):
            break

    await events.aclose()

    assert model.stopped.is_set()


async def test_a_follow_up_is_answered_as_it_is_understood() -> None:
    """What was searched for in place of the question is in the answer, and is what the model is asked."""
    model = FakeChat(("What undoes `cancel`?",))
    asked = Asked("and what undoes it?", (Turn("How is an order cancelled?", "By `cancel` [1]."),))

    answer = await an_answerer(model).answer(asked, Scope(), 8)

    assert answer.understood == "What undoes `cancel`?"
    shown = f"Question: {asked.question}\n(Searched for: What undoes `cancel`?)\n\nAnswer in English"
    assert shown in model.asked[1][-1]["content"]


async def test_an_answer_by_a_fallback_says_so() -> None:
    """That the first model failed is among what did not work, and is counted."""
    counted: list[str] = []
    answer = await an_answerer(FakeChat(is_fallback=True), counted=counted).answer(
        Asked("how to cancel"), Scope(), 8
    )
    assert answer.degraded == ("the first model failed, so fake-model wrote the answer",)
    assert counted == ["fallback model"]
