"""Answers of a model on this machine, which reads slowly and is not trusted."""

from collections.abc import Sequence

import pytest

from code_rag.rag_server.answer import Answer, AnswerState, Asked, Sampling, Token, Waiting
from code_rag.rag_server.answering import Answerer, Event
from code_rag.rag_server.composition.use_cases import searches
from code_rag.rag_server.drafting import small_draft
from code_rag.rag_server.gathering import Gathered, Gatherer
from code_rag.rag_server.mapping import Mapper
from code_rag.rag_server.model import Scope
from code_rag.rag_server.prompting.brief import ANSWER_TOKENS
from code_rag.rag_server.quoting import Quotes
from code_rag.rag_server.quoting.excerpt import Excerpt
from code_rag.rag_server.searching import Searcher, SearchResult
from code_rag.rag_server.space import Space
from code_rag.rag_server.understanding import Outcome, Understander
from code_rag.rag_server.writing import Writer
from code_rag.servicekit.errors import UpstreamFailed
from tests.unit.rag_server.answer_fakes import FakeChat, FakeStore, a_candidate, a_chunk, a_report
from tests.unit.rag_server.fakes import FakeEmbedder

ORDERS = a_chunk(text="def cancel(order):\n    return order", symbol="cancel")
EXCERPT = Excerpt(ORDERS.path, 1, tuple(ORDERS.text.split("\n")), ((1, 2),), "cancel", "function", "python")
QUOTED = (
    "\n\nA small model wrote this and may be wrong. The places that say most about the question:\n\n"
    "Function `cancel` in `shop/orders.py` [2:1-2]\n\n"
)


async def events_of(chat: FakeChat) -> tuple[Sequence[Event], Answer, list[str]]:
    """All that happens for one question about one place, its answer, and what was counted."""
    counted, store = list[str](), FakeStore([a_candidate(ORDERS, 2.0)])
    searcher = Searcher(Space(store, FakeEmbedder()), lambda _: a_report(), lambda _: "shop", counted.append)
    lines = {ORDERS.path: ORDERS.text.split("\n")}
    unhelped = Understander(chat, lambda: "fake-embedder", list[Outcome]().append, 0)
    writer = Writer(chat, Mapper(searcher))
    answerer = Answerer(unhelped, Gatherer(searcher), writer, lines.get, counted.append, searches())
    events = [event async for event in answerer.stream(Asked("how to cancel"), Scope(), 8)]
    answer = events[-1]
    assert isinstance(answer, Answer)
    return events, answer, counted


def gathered(quotes: Quotes) -> Gathered:
    """What was found for a question."""
    return Gathered(SearchResult((), (), {}), quotes, {}, "how to cancel")


async def test_the_best_lines_stand_below_what_it_writes() -> None:
    """Its sentences come one by one, then the quotes, all of it cited and checked."""
    chat = FakeChat(("`cancel` keeps", " the order [1].", " It returns the `order` [1]."), reads=39.0)

    events, answer, _ = await events_of(chat)

    tokens = [event.text for event in events if isinstance(event, Token)]
    assert tokens[:2] == ["`cancel` keeps the order [1].", " It returns the `order` [1]."]
    assert answer.text == "".join(tokens)
    assert answer.text.startswith("".join(tokens[:2]) + QUOTED)
    assert [(c.marker, c.start_line, c.end_line) for c in answer.citations] == [
        ("[1]", 1, 2),
        ("[2:1-2]", 1, 2),
    ]
    assert (answer.state, answer.model, answer.degraded) == ("answered", "fake-model", ())


async def test_it_is_said_what_is_read_and_written() -> None:
    """How many places, in about how many seconds, then how many words of a sentence there are."""
    events, _, _ = await events_of(FakeChat(("`cancel` keeps", " the order [1]."), reads=5.0))

    waiting = [event for event in events if isinstance(event, Waiting)]
    assert [(each.places, each.words) for each in waiting] == [(1, 0), (1, 1), (1, 4)]
    assert 3 <= waiting[0].about_seconds <= 10


async def test_it_writes_by_a_grammar_and_without_chance() -> None:
    """Of the prompt a line number is no part, and the answer is short."""
    chat = FakeChat(reads=39.0)

    await events_of(chat)

    (sampling,) = chat.sampled
    assert (sampling.temperature, sampling.max_tokens) == (0.0, ANSWER_TOKENS)
    assert 'citation ::= "[" ("1") "]"' in (sampling.grammar or "")
    assert "[1] shop/orders.py (cancel)\ndef cancel(order):" in chat.asked[0][-1]["content"]


async def test_an_answer_of_which_nothing_holds_is_quoted() -> None:
    """The quotes are the answer, no model wrote it, and it is said and counted why."""
    _, answer, counted = await events_of(FakeChat(("It waits for MAX_DAYS [1].",), reads=39.0))

    assert answer.text.startswith("Function `cancel` in `shop/orders.py` [1:1-2]\n\n")
    assert (answer.state, answer.model) == ("answered", "none")
    why = "only quotes are shown: removed 1 sentence of the model: no line that it read has MAX_DAYS"
    assert answer.degraded == (why,)
    assert counted == ["written answer not shown"]


async def test_a_sentence_that_does_not_hold_is_noted() -> None:
    """The others stay."""
    chat = FakeChat(("`cancel` keeps the order [1]. It waits 45 days [1].",), reads=39.0)

    _, answer, counted = await events_of(chat)

    assert answer.text.startswith(f"`cancel` keeps the order [1].{QUOTED}")
    assert answer.degraded == ("removed 1 sentence of the model: no line that it read has 45",)
    assert counted == ["unsupported sentence"]


async def test_a_failure_is_not_taken_for_a_refusal() -> None:
    """The reason is the engine's own."""
    _, answer, counted = await events_of(FakeChat((), UpstreamFailed("It stopped."), reads=39.0))

    assert answer.degraded == ("no language model: It stopped.",)
    assert counted == ["no language model"]


@pytest.mark.parametrize("state", ["unsure", "not_found"])
def test_it_is_not_asked_what_the_code_may_not_answer(state: AnswerState) -> None:
    """It would invent an answer: the search decides, before it."""
    doubted = gathered(Quotes((EXCERPT,), state, "Not sure."))

    assert small_draft("small", 39.0, Asked("how to cancel"), doubted) is None


@pytest.mark.parametrize(
    ("wanted", "longest"),
    [
        (Sampling(max_tokens=20), 20),
        (Sampling(max_completion_tokens=30, temperature=0.9), 30),
        (Sampling(max_tokens=9_000), ANSWER_TOKENS),
    ],
)
def test_a_caller_may_want_less_but_not_more(wanted: Sampling, longest: int) -> None:
    """Nobody waits minutes for a small model, and chance makes it worse."""
    draft = small_draft("small", 39.0, Asked("how", sampling=wanted), gathered(Quotes((EXCERPT,))))

    assert draft is not None
    assert draft.sampling.max_tokens == longest
    assert draft.sampling.max_completion_tokens is None
    assert draft.sampling.temperature == 0.0
