"""Asking through OpenAI's API, with OpenAI's own client."""

import asyncio
from pathlib import Path
from typing import Any

import httpx2
import pytest
from openai import AsyncOpenAI, BadRequestError, NotFoundError, OpenAI

from code_rag.rag_server.model import Scope
from code_rag.servicekit.errors import Unavailable, UpstreamFailed
from tests.unit.rag_server.answer_fakes import FakeChat, FakeStore, a_candidate
from tests.unit.rag_server.live_app import ORDERS, an_app, live


def openai_client(http: httpx2.AsyncClient) -> AsyncOpenAI:
    """OpenAI's own client, pointed at rag-server."""
    return AsyncOpenAI(base_url=f"{http.base_url}/v1", api_key="any", max_retries=0)


def text_with_source(http: httpx2.AsyncClient) -> str:
    """What the fakes say, with its source below it."""
    link = f"{http.base_url}/#file=shop/orders.py:1-2"
    return f"Cancelling keeps the order [1:1-2].\n\nSources:\n- [1] [`shop/orders.py:1-2`]({link}) `cancel`"


async def test_openais_client_gets_the_answer_with_sources(client: httpx2.AsyncClient) -> None:
    """The text ends in the sources, numbered as its markers and linked; the citations stand beside it."""
    async with openai_client(client) as openai:
        answer = await openai.chat.completions.create(
            model="code-rag", messages=[{"role": "user", "content": "how is an order cancelled?"}]
        )

    assert answer.choices[0].message.content == text_with_source(client)
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage is not None
    assert answer.usage.prompt_tokens == 7
    assert answer.usage.total_tokens == 7 + answer.usage.completion_tokens
    assert answer.model_extra is not None
    assert answer.model_extra["citations"][0]["verified"] is True


async def test_openais_client_streams_the_same_answer(client: httpx2.AsyncClient) -> None:
    """The role comes first, the text adds up to the plain answer, then come stop, citations and usage."""
    async with openai_client(client) as openai:
        stream = await openai.chat.completions.create(
            model="code-rag",
            messages=[{"role": "user", "content": "how?"}],
            stream=True,
            stream_options={"include_usage": True},
        )
        *chunks, last = [chunk async for chunk in stream]

    assert chunks[0].choices[0].delta.role == "assistant"
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == text_with_source(client)
    assert [chunk.choices[0].finish_reason for chunk in chunks] == [None] * (len(chunks) - 1) + ["stop"]
    assert len({chunk.id for chunk in chunks}) == 1
    assert chunks[-1].model_extra is not None
    assert chunks[-1].model_extra["citations"][0]["path"] == ORDERS.path
    assert last.choices == []
    assert last.usage is not None
    assert last.usage.prompt_tokens == 1


async def test_the_synchronous_client_gets_and_streams_it_too(client: httpx2.AsyncClient) -> None:
    """OpenAI's client without asyncio reads the same texts."""

    def ask() -> list[str]:
        with OpenAI(base_url=f"{client.base_url}/v1", api_key="any", max_retries=0) as openai:
            messages: Any = [{"role": "user", "content": "how?"}]
            answer = openai.chat.completions.create(model="code-rag", messages=messages)
            stream = openai.chat.completions.create(model="code-rag", messages=messages, stream=True)
            pieces = [chunk.choices[0].delta.content or "" for chunk in stream]
            return [answer.choices[0].message.content or "", "".join(pieces)]

    assert await asyncio.to_thread(ask) == [text_with_source(client)] * 2


async def test_a_chat_without_a_model_streams_the_places(codebase: Path) -> None:
    """What no model wrote is streamed too, and the note says what was missing."""
    async with (
        live(
            an_app(codebase, chat=FakeChat((), Unavailable("away")), public_url="https://code.example/")
        ) as http,
        openai_client(http) as openai,
    ):
        stream = await openai.chat.completions.create(
            model="code-rag", messages=[{"role": "user", "content": "how?"}], stream=True
        )
        text = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

    assert text.startswith(f"Function `cancel` in `{ORDERS.path}` [1:1-2]")
    assert text.endswith(
        "Sources:\n- [1] [`shop/orders.py:1-2`](https://code.example/#file=shop/orders.py:1-2) `cancel`\n\n"
        "Note: no language model: away"
    )


async def test_the_last_user_message_is_the_question(codebase: Path) -> None:
    """Of a conversation the last thing the user said is asked, its text parts joined; the rest is history."""
    chat = FakeChat()
    said = [{"type": "text", "text": "Who pays"}, {"type": "text", "text": "refunds?"}]
    messages = [
        {"role": "user", "content": "old"},
        {"role": "assistant", "content": "x"},
        {"role": "user", "content": said},
        {"role": "assistant", "content": "y"},
    ]
    async with live(an_app(codebase, chat=chat)) as http:
        await http.post("/v1/chat/completions", json={"messages": messages})

    assert "Question: Who pays\nrefunds?\n\nAnswer in" in chat.asked[0][-1]["content"]


async def test_tools_that_need_not_be_called_are_not(client: httpx2.AsyncClient) -> None:
    """With tools on offer the answer is text all the same; a request that needs a call is refused."""
    tool: Any = {"type": "function", "function": {"name": "read", "parameters": {"type": "object"}}}
    messages: Any = [{"role": "user", "content": "how?"}]
    async with openai_client(client) as openai:
        answer = await openai.chat.completions.create(model="code-rag", messages=messages, tools=[tool])
        with pytest.raises(BadRequestError, match="tools are never called") as refusal:
            await openai.chat.completions.create(
                model="code-rag", messages=messages, tools=[tool], tool_choice="required"
            )

    assert answer.choices[0].message.tool_calls is None
    assert answer.choices[0].message.content == text_with_source(client)
    assert refusal.value.param == "tool_choice"


async def test_an_invented_citation_does_not_stand_unmarked(codebase: Path) -> None:
    """Whole or streamed, a marker of a block that is not there is left out or said not to exist."""
    messages: Any = [{"role": "user", "content": "how?"}]
    async with (
        live(an_app(codebase, chat=FakeChat(("Sure [", "9].")))) as http,
        openai_client(http) as openai,
    ):
        answer = await openai.chat.completions.create(model="code-rag", messages=messages)
        stream = await openai.chat.completions.create(model="code-rag", messages=messages, stream=True)
        streamed = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

    assert streamed == answer.choices[0].message.content
    assert "[9]" not in streamed or "[9] does not exist: there is no block 9" in streamed


async def test_a_failure_inside_a_stream_is_followed_by_quotes(codebase: Path) -> None:
    """The client gets what was written, the code, and a note on what failed."""
    chat = FakeChat(("Half",), UpstreamFailed("llm-server broke off."))
    async with live(an_app(codebase, chat=chat)) as http, openai_client(http) as openai:
        stream = await openai.chat.completions.create(
            model="code-rag", messages=[{"role": "user", "content": "how?"}], stream=True
        )
        text = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

    assert text.startswith("Half\n\nThe answer above cites nothing.")
    assert "llm-server broke off." in text


async def test_each_of_several_codebases_is_a_model(tmp_path: Path) -> None:
    """A chat client chooses a codebase by its model, and its question is answered from that one."""
    for name in ("shop", "billing"):
        (tmp_path / name).mkdir()
    store = FakeStore([a_candidate(ORDERS, 3.0)])
    app = an_app(tmp_path / "shop", folders=[tmp_path / "billing"], store=store)
    async with live(app) as http, openai_client(http) as openai:
        names = [model.id async for model in openai.models.list()]
        messages: Any = [{"role": "user", "content": "cancel"}]
        answer = await openai.chat.completions.create(model="code-rag/billing", messages=messages)
        found = await openai.models.retrieve("code-rag/billing")
        await openai.chat.completions.create(model="code-rag", messages=messages)

    assert names == ["code-rag", "code-rag/shop", "code-rag/billing"]
    assert (answer.model, found.id) == ("code-rag/billing", "code-rag/billing")
    assert [query.scope for query, _ in store.asked if query.sparse.indices] == [Scope("billing"), Scope()]


async def test_the_one_model_is_listed(client: httpx2.AsyncClient) -> None:
    """OpenAI's client lists and finds code-rag and learns of any other that there is none."""
    async with openai_client(client) as openai:
        assert [model.id async for model in openai.models.list()] == ["code-rag"]
        assert (await openai.models.retrieve("code-rag")).owned_by == "rag-server"
        with pytest.raises(NotFoundError, match="no model 'gpt-4o'"):
            await openai.models.retrieve("gpt-4o")
        with pytest.raises(NotFoundError, match="no model 'gpt-4o'") as refusal:
            await openai.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "x"}])
        assert refusal.value.code == "model_not_found"


async def test_earlier_turns_are_the_history(codebase: Path) -> None:
    """What leans on the turns before it is searched with their names."""
    chat, store = FakeChat(()), FakeStore([a_candidate(ORDERS, 3.0)])
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "assistant", "content": "Hello!"},
        {"role": "user", "content": "How is an order cancelled?"},
        {"role": "assistant", "content": "By `cancel`."},
        {"role": "user", "content": "and where is it called?"},
    ]
    async with live(an_app(codebase, chat=chat, store=store)) as http:
        await http.post("/v1/chat/completions", json={"messages": messages})

    assert "Last question: and where is it called?" in chat.asked[0][1]["content"]
    assert "Answer: By `cancel`." in chat.asked[0][1]["content"]
    question = "Question: and where is it called? (about: How is an order cancelled?, `cancel`)\n\nAnswer in"
    assert question in chat.asked[1][-1]["content"]
