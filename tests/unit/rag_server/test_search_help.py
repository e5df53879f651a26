"""A model's search help over HTTP: its notes, what the answer says of it, its setting and its metric."""

from pathlib import Path
from typing import Any

from code_rag.rag_server.answer import Answer, Asked, Waiting
from code_rag.rag_server.model import EmbeddingModel, Scope
from code_rag.rag_server.question_language import UNREAD
from code_rag.servicekit.errors import Unavailable, UpstreamFailed
from tests.unit.rag_server.answer_fakes import FakeChat, FakeStore
from tests.unit.rag_server.fakes import DIMENSION, FakeEmbedder
from tests.unit.rag_server.live_app import an_app, live
from tests.unit.rag_server.test_answering import an_answerer
from tests.unit.rag_server.test_routes import events_in

KOREAN = "주문은 어떻게 취소되나요?"
ENGLISH = "How is an order cancelled?"


def reads_english() -> FakeEmbedder:
    """A model that reads nothing else."""
    return FakeEmbedder(model=EmbeddingModel("all-MiniLM-L6-v2", DIMENSION))


async def asked(codebase: Path, chat: FakeChat, **settings: Any) -> tuple[list[tuple[str, Any]], str]:
    """The events of an answer to a Korean question, and the metrics after it."""
    async with live(an_app(codebase, embedder=reads_english(), chat=chat, **settings)) as http:
        events = events_in((await http.post("/ask", json={"question": KOREAN, "stream": True})).text)
        return events, (await http.get("/metrics")).text


async def test_the_note_comes_first_and_the_answer_says_what_was_searched_for(codebase: Path) -> None:
    """`progress` has its stage, `understood` the model's words, and the metric counts the help."""
    events, metrics = await asked(codebase, FakeChat((ENGLISH,)))

    assert [name for name, _ in events][:3] == ["progress", "hits", "progress"]
    assert [data["stage"] for name, data in events if name == "progress"] == ["search", "answer"]
    assert events[-1][1]["understood"] == ENGLISH
    assert events[1][1]["degraded"] == []
    assert 'search_help_total{outcome="used"} 1.0' in metrics


async def test_help_that_fails_is_said_with_the_hits_and_counted(codebase: Path) -> None:
    """The search is that without a model, and the reason stands where other degradations do."""
    events, metrics = await asked(codebase, FakeChat((), UpstreamFailed("llm-server broke off.")))

    hits = next(data for name, data in events if name == "hits")
    assert hits["degraded"][0] == "searched for without a model's help: llm-server broke off"
    assert events[-1][1]["understood"] == ""
    assert 'search_help_total{outcome="failed"} 1.0' in metrics
    assert 'degradations_total{reason="search help"} 1.0' in metrics


async def test_a_setting_turns_it_off(codebase: Path) -> None:
    """With SEARCH_HELP_SECONDS=0 the model is asked for the answer alone."""
    chat = FakeChat()
    events, metrics = await asked(codebase, chat, search_help_seconds=0)

    assert events[0][0] == "hits"
    assert len(chat.asked) == 1
    assert "search_help_total{" not in metrics


async def test_a_chat_waits_for_the_search_so_that_its_failure_is_a_status(codebase: Path) -> None:
    """Where no chat program shows notes, a store that does not answer is a 503 after the help, too."""
    chat, store = FakeChat((ENGLISH,)), FakeStore(failure=Unavailable("The vector store does not answer."))
    app = an_app(codebase, store, reads_english(), chat)
    body = {"messages": [{"role": "user", "content": KOREAN}], "stream": True}
    async with live(app) as http:
        response = await http.post("/v1/chat/completions", json=body)

    assert response.status_code == 503
    assert len(chat.asked) == 1


async def test_a_question_in_another_language_is_searched_for_in_english() -> None:
    """The note that it is put into English comes first, and the answer is in the language of the question."""
    model, asked = FakeChat((ENGLISH,)), Asked(KOREAN)
    answerer = an_answerer(model, embedding_model="all-MiniLM-L6-v2")

    events = [event async for event in answerer.stream(asked, Scope(), 8)]

    assert events[0] == Waiting("fake-model", 0, "search")
    answer = events[-1]
    assert isinstance(answer, Answer)
    assert answer.understood == ENGLISH
    assert not any(reason.startswith(UNREAD) for reason in answer.degraded)
    shown = f"Question: {asked.question}\n(Searched for: How is an order cancelled?)\n\nAnswer in Korean"
    assert shown in model.asked[1][-1]["content"]


async def test_help_that_fails_is_in_hits_and_answer_and_counted() -> None:
    """What was searched for without it, and why, stands beside what the search itself lacks."""
    model, counted = FakeChat((), UpstreamFailed("llm-server broke off.")), list[str]()
    answerer = an_answerer(model, counted=counted, embedding_model="all-MiniLM-L6-v2")

    answer = await answerer.answer(Asked(KOREAN), Scope(), 8)

    assert answer.understood == ""
    assert answer.degraded[0] == "searched for without a model's help: llm-server broke off"
    assert answer.degraded[1].startswith(UNREAD)
    assert counted[:2] == ["question not read", "search help"]
