"""Keeping answers."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from code_rag.rag_server.answer import Answer, Asked, Token, Turn, Waiting
from code_rag.rag_server.answering import Answerer, Event
from code_rag.rag_server.composition.use_cases import searches
from code_rag.rag_server.gathering import Gatherer
from code_rag.rag_server.keeping import AnswerKeeper
from code_rag.rag_server.mapping import Mapper
from code_rag.rag_server.model import Scope
from code_rag.rag_server.searching import Searcher, SearchResult
from code_rag.rag_server.space import Space
from code_rag.rag_server.understanding import Outcome, Understander
from code_rag.rag_server.writing import Writer
from code_rag.servicekit.errors import Unavailable, UpstreamFailed
from tests.unit.rag_server.answer_fakes import FakeChat, FakeStore, a_candidate, a_chunk, a_report
from tests.unit.rag_server.fakes import FakeEmbedder

ORDERS = a_chunk()
DISK: dict[str, Sequence[str]] = {ORDERS.path: ORDERS.text.split("\n")}
QUESTION = Asked("how to cancel")


def a_keeper(
    model: FakeChat,
    store: FakeStore | None = None,
    capacity: int = 9,
    pending: int = 0,
    disk: Mapping[str, Sequence[str]] = DISK,
) -> AnswerKeeper:
    """A keeper over fakes; by default the store finds a chunk."""
    found = store or FakeStore([a_candidate(ORDERS, 2.0)])
    searcher = Searcher(
        Space(found, FakeEmbedder()), lambda path: a_report(pending), lambda path: "shop", list[str]().append
    )
    writer = Writer(model, Mapper(searcher))
    understander = Understander(model, lambda: "fake-embedder", list[Outcome]().append, 30)
    answerer = Answerer(understander, Gatherer(searcher), writer, disk.get, list[str]().append, searches())
    return AnswerKeeper(answerer, disk.get, capacity)


async def ask(keeper: AnswerKeeper, asked: Asked = QUESTION, *, again: bool = False) -> Answer:
    """The answer of the whole code."""
    return await keeper.answer(asked, Scope(), 8, again=again)


async def test_the_same_question_is_asked_of_the_model_once() -> None:
    """The kept answer has the same text and since when it is kept; its timings are this time's."""
    model = FakeChat()
    keeper = a_keeper(model)

    first, second = await ask(keeper), await ask(keeper)

    assert len(model.asked) == 1
    assert (second.text, second.citations, second.hits) == (first.text, first.citations, first.hits)
    assert first.kept_since is None
    assert second.kept_since is not None
    assert "generate" in first.timings
    assert "generate" not in second.timings


async def test_a_kept_answer_streams_its_hits_and_itself() -> None:
    """The events are those of any answer, without tokens."""
    keeper = a_keeper(FakeChat())

    kinds = list[list[type[Event]]]()
    for _ in range(2):
        events = [event async for event in keeper.stream(QUESTION, Scope(), 8)]
        kinds.append([type(event) for event in events])

    assert kinds == [[SearchResult, Waiting, Token, Token, Answer], [SearchResult, Answer]]


async def test_another_question_is_another_answer() -> None:
    """Conversation, scope and limit belong to the question."""
    model = FakeChat()
    keeper = a_keeper(model)

    await ask(keeper)
    await ask(keeper, Asked("how to cancel", (Turn("a", "b"),)))
    await keeper.answer(QUESTION, Scope("shop"), 8)
    await keeper.answer(QUESTION, Scope(), 5)

    assert len(model.asked) == 4


async def test_asking_again_replaces_what_is_kept() -> None:
    """The model answers once more, and that answer is kept from then on."""
    model = FakeChat()
    keeper = a_keeper(model)
    await ask(keeper)
    model.says = ("Another answer [1].",)

    assert (await ask(keeper, again=True)).kept_since is None
    assert (await ask(keeper)).text == "Another answer [1]."


async def test_code_that_moved_is_asked_about_again() -> None:
    """The same lines further down in the file would be cited at the wrong place."""
    model, store, disk = FakeChat(), FakeStore([a_candidate(ORDERS, 2.0)]), dict(DISK)
    keeper = a_keeper(model, store, disk=disk)
    await ask(keeper)

    disk[ORDERS.path] = ["# A comment", *DISK[ORDERS.path]]
    store.found = [a_candidate(replace(ORDERS, start_line=2, end_line=3), 2.0)]

    assert (await ask(keeper)).kept_since is None


async def test_changed_code_is_asked_about_again() -> None:
    """Neither an index that finds other text nor a file that changed on disk gets the old answer."""
    model, store, disk = FakeChat(), FakeStore([a_candidate(ORDERS, 2.0)]), dict(DISK)
    keeper = a_keeper(model, store, disk=disk)
    await ask(keeper)

    disk[ORDERS.path] = ["def cancel(order):", "    return None"]
    assert (await ask(keeper)).citations[0].state == "missing"
    store.found = [a_candidate(a_chunk(text="def cancel(): ..."), 2.0)]
    await ask(keeper)

    assert len(model.asked) == 3


@pytest.mark.parametrize(
    ("model", "pending"),
    [(FakeChat((), Unavailable("llm-server cannot be reached.")), 0), (FakeChat(), 3)],
)
async def test_an_answer_that_lacked_something_is_not_kept(model: FakeChat, pending: int) -> None:
    """Without a model or with an index that is not complete, the next time may bring more."""
    keeper = a_keeper(model, pending=pending)

    await ask(keeper)
    await ask(keeper)

    assert len(model.asked) == 2


async def test_half_an_answer_is_not_kept() -> None:
    """Neither one that fails in the middle nor one that nobody waited for."""
    model = FakeChat(("Half of it [1].",), UpstreamFailed("llm-server broke off."))
    keeper = a_keeper(model)
    assert "broke off" in (await ask(keeper)).degraded[0]
    model.failure, model.hangs = None, True
    events = keeper.stream(QUESTION, Scope(), 8)
    async for event in events:
        if isinstance(event, Token):
            break
    await events.aclose()
    assert model.stopped.is_set()
    model.hangs = False

    assert (await ask(keeper)).kept_since is None


@pytest.mark.parametrize(("capacity", "asked"), [(0, 4), (1, 4), (2, 3)])
async def test_so_many_answers_are_kept(capacity: int, asked: int) -> None:
    """The one used longest ago goes first; with none each question is asked."""
    model = FakeChat()
    keeper = a_keeper(model, capacity=capacity)

    for question in ("a", "b", "a", "c"):
        await ask(keeper, Asked(question))

    assert len(model.asked) == asked
