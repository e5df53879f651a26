"""Understanding a question with a model's help."""

from contextlib import aclosing

import pytest
from structlog.testing import capture_logs

from code_rag.rag_server.adapters.chat_client import ChatClient
from code_rag.rag_server.answer import Asked, Waiting
from code_rag.rag_server.following_up import carrying
from code_rag.rag_server.ports import ChatModel
from code_rag.rag_server.search_wording import Wording
from code_rag.rag_server.understanding import SAMPLING, Outcome, Understander, Understood
from code_rag.servicekit.errors import UpstreamFailed
from tests.fixtures.scripted_upstream import Reply, chunk, failure, scripted_upstream, stream
from tests.unit.rag_server.answer_fakes import FakeChat
from tests.unit.rag_server.test_following_up import RAISES
from tests.unit.rag_server.test_search_wording import ENGLISH_ONLY, GERMAN, KOREAN

TRANSLATED = "How is `line_price` computed in the API?"


def an_understander(
    model: ChatModel, counted: list[Outcome], seconds: float = 30.0, tick: float = 1.0
) -> Understander:
    """It searches with an English embedding model."""
    return Understander(model, lambda: ENGLISH_ONLY, counted.append, seconds, tick)


async def understood(understander: Understander, asked: Asked) -> tuple[list[Waiting], Understood]:
    """What is said while a model is at work, and what is searched for."""
    async with aclosing(understander.understand(asked)) as events:
        *notes, last = [event async for event in events]
    assert isinstance(last, Understood)
    return [note for note in notes if isinstance(note, Waiting)], last


@pytest.mark.parametrize(
    ("asked", "says", "question"),
    [
        (RAISES, ('"What does `line_price` raise', ' for an unknown sku?"\n', "More"),
         "What does `line_price` raise for an unknown sku?"),
        (KOREAN, (TRANSLATED,), TRANSLATED),
        (Asked("그럼 어디서 설정돼?", RAISES.history), ("Where is that sku set?",), "Where is that sku set?"),
    ],
)  # fmt: skip
async def test_a_model_words_the_question(asked: Asked, says: tuple[str, ...], question: str) -> None:
    """One call, short and without chance; it is announced first, and what it wrote is searched for."""
    model, counted = FakeChat(says), list[Outcome]()

    notes, last = await understood(an_understander(model, counted), asked)

    assert last == Understood(question, is_worded=True)
    assert notes[0] == Waiting("fake-model", 0, "search")
    assert model.asked == [Wording.of(asked, ENGLISH_ONLY).messages()]
    assert (model.sampled, counted) == ([SAMPLING], ["used"])


@pytest.mark.parametrize("asked", [RAISES, GERMAN])
@pytest.mark.parametrize(
    ("model", "seconds", "outcome", "why"),
    [
        (FakeChat((), UpstreamFailed("llm-server broke off.")), 30, "failed", "llm-server broke off"),
        (FakeChat(()), 30, "refused", "not the question in other words"),
        (FakeChat(("See https://evil.example/",)), 30, "refused", "not the question in other words"),
        (FakeChat(("Well", " …"), hangs=True), 0.05, "timed out", "longer than 0.05 s (SEARCH_HELP_SECONDS)"),
    ],
)
async def test_where_the_model_does_not_help_the_search_is_that_without_one(
    asked: Asked, model: FakeChat, seconds: float, outcome: Outcome, why: str
) -> None:
    """The reason is in the answer, the outcome is counted, and the model is stopped."""
    counted = list[Outcome]()

    _, last = await understood(an_understander(model, counted, seconds), asked)

    assert last.question == (carrying(asked) if asked is RAISES else asked.question)
    assert (last.is_worded, counted) == (False, [outcome])
    assert [reason.startswith("searched for without a model's help: ") for reason in last.degraded] == [True]
    assert why in last.degraded[0]
    assert model.stopped.is_set()


@pytest.mark.parametrize("asked", [RAISES, KOREAN])
async def test_no_model_is_asked_where_there_is_none_or_none_is_wanted(asked: Asked) -> None:
    """Then the rules alone apply, and nothing is degraded."""
    for model, seconds in ((FakeChat(can_write=False), 30.0), (FakeChat(), 0.0)):
        counted = list[Outcome]()

        notes, last = await understood(an_understander(model, counted, seconds), asked)

        assert last == Understood(carrying(asked) if asked is RAISES else asked.question)
        assert (notes, model.asked, counted) == ([], [], [])


@pytest.mark.parametrize(
    "asked",
    [Asked("why?"), Asked("How is an order cancelled?"), Asked("Who calls line_price?", RAISES.history)],
)
async def test_plain_english_that_stands_alone_goes_to_no_model(asked: Asked) -> None:
    """Nothing is slower for it: not even whether there is a model is asked."""
    model = FakeChat((), UpstreamFailed("nobody asks"))

    assert await understood(an_understander(model, []), asked) == ([], Understood(asked.question))
    assert model.asked == []


async def test_a_slow_model_is_reported_and_stops_with_who_asks() -> None:
    """A note comes for each tick; leaving ends the call."""
    model = FakeChat(hangs=True)
    understander = an_understander(model, [], tick=0.01)

    async with aclosing(understander.understand(KOREAN)) as events:
        first, second, third = [await anext(events) for _ in range(3)]

    assert (first, second, third) == (*[Waiting("fake-model", 0, "search")] * 3,)
    assert model.stopped.is_set()


async def test_nothing_of_what_is_asked_or_written_is_logged() -> None:
    """The log says how each call ended, and for how long it ran."""
    with capture_logs() as logs:
        await understood(an_understander(FakeChat((TRANSLATED,)), []), KOREAN)

    assert [set(entry) for entry in logs] == [{"event", "outcome", "seconds", "log_level"}]
    assert logs[0]["outcome"] == "used"


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (stream(chunk({"content": TRANSLATED}), chunk({}, "stop"), "[DONE]"), "used"),
        (stream(chunk({"content": "Weather"}), chunk({}, "length"), "[DONE]"), "used"),
        (stream(chunk({"content": KOREAN.question}), chunk({}, "stop"), "[DONE]"), "refused"),
        (stream("[DONE]"), "refused"),
        (stream(chunk({"content": "How"}), then="cut"), "failed"),
        (stream(chunk({"content": "How"}), then="silence"), "timed out"),
        (Reply(then="silence"), "timed out"),
        (Reply(then="reset"), "failed"),
        (failure(429, message="slow down"), "failed"),
        (failure(500, message="oops"), "failed"),
    ],
)
async def test_whatever_a_server_does_there_is_a_question_to_search_for(reply: Reply, outcome: str) -> None:
    """Over HTTP each end of a call is one of the four outcomes, and the call is short and bounded."""
    counted = list[Outcome]()
    with scripted_upstream() as upstream:
        upstream.replies = [reply]
        client = ChatClient(upstream.url, None, 30)
        _, last = await understood(an_understander(client, counted, seconds=1), KOREAN)
        await client.close()

        assert counted == [outcome]
        assert bool(last.degraded) is (outcome != "used")
        body = upstream.seen[0].body
        assert (body["temperature"], body["max_tokens"], len(upstream.seen)) == (0.0, 128, 1)
