"""Replies to what chat programs ask for themselves."""

import json
from pathlib import Path
from typing import Any

import pytest

from code_rag.rag_server.answer import Sampling
from code_rag.rag_server.routes.chat.replies import UNTITLED, title
from code_rag.servicekit.errors import Unavailable
from tests.unit.rag_server.answer_fakes import FakeChat, FakeStore, a_candidate
from tests.unit.rag_server.live_app import ORDERS, an_app, live

COMPLETE = (
    'You are an autocompletion system. Continue the text, and respond only in JSON: { "text": "it" }\n'
    "<chat_history>\nUSER: why?\n</chat_history>\n<text>where is</text>"
)
NAME = "Give this conversation a name, 10 characters max.\n```\nWhere is it?\n```"


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("How does an order get cancelled? I want to know all.", "Order get cancelled"),
        ("Please explain how the index of a codebase is kept up to date", "How the index of a codebase"),
        ("退款窗口在哪里定义？", "退款窗口在哪里定义"),
        ("x" * 500, "X" + "x" * 59),
        ("how do I", "How do I"),
        ("?", UNTITLED),
    ],
)
def test_titles_are_short(question: str, words: str) -> None:
    """A title leaves out how the question begins, and ends before it grows long."""
    assert title(question) == words


async def posted(model: FakeChat, store: FakeStore, codebase: Path, **more: Any) -> str:
    """The whole reply to a task in a real request."""
    body = {"messages": [{"role": "user", "content": COMPLETE}]} | more
    async with live(an_app(codebase, chat=model, store=store)) as http:
        answer = (await http.post("/v1/chat/completions", json=body)).json()
    return str(answer["choices"][0]["message"]["content"])


async def test_a_models_reply_to_a_task_is_its_own(codebase: Path) -> None:
    """A model gets the prompt as it is; its reply comes back without sources, and nothing is searched."""
    model, store = FakeChat(['{"text": ', '"x"}']), FakeStore([a_candidate(ORDERS, 3.0)])

    assert await posted(model, store, codebase, response_format={"type": "json_object"}) == '{"text": "x"}'
    assert model.asked == [[{"role": "user", "content": COMPLETE}]]
    assert store.asked == []


@pytest.mark.parametrize("model", [FakeChat(can_write=False), FakeChat((), Unavailable("away"))])
async def test_without_a_model_a_task_is_answered_all_the_same(codebase: Path, model: FakeChat) -> None:
    """No model, or one that is away, leaves the reply that needs none."""
    store = FakeStore([a_candidate(ORDERS, 3.0)])

    assert await posted(model, store, codebase) == '{"text": ""}'
    assert store.asked == []


async def test_a_task_is_streamed_if_asked(codebase: Path) -> None:
    """A title arrives as events, with the sampling that was asked for."""
    model = FakeChat(["A ", "title"])
    body = {"messages": [{"role": "user", "content": NAME}], "stream": True, "max_tokens": 9}
    async with live(an_app(codebase, chat=model)) as http:
        events = (await http.post("/v1/chat/completions", json=body)).text.split("\n\n")

    deltas = [json.loads(event[6:])["choices"][0]["delta"] for event in events if event.startswith("data: {")]
    assert [delta.get("content") for delta in deltas] == ["", "A ", "title", None]
    assert model.sampled == [Sampling(max_tokens=9)]
