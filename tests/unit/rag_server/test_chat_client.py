"""Speaking OpenAI's streaming protocol to llm-server."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from code_rag.rag_server.adapters import chat_client
from code_rag.rag_server.adapters.chat_client import ChatClient
from code_rag.rag_server.answer import LanguageModel, Sampling, Token, Usage
from code_rag.servicekit.errors import ServiceError, Unavailable, UpstreamFailed, UpstreamTimeout
from code_rag.servicekit.middleware import request_id
from tests.unit.rag_server.loopback_llm import LoopbackLlm, completion_events, serving

MESSAGES = [{"role": "user", "content": "why?"}]
ASKED = {"messages": MESSAGES, "stream": True, "stream_options": {"include_usage": True}}


@asynccontextmanager
async def client_of(llm: LoopbackLlm, idle_seconds: float = 5) -> AsyncIterator[ChatClient]:
    """A client of a server that behaves as `llm` says."""
    async with serving(llm):
        client = ChatClient(llm.url, SecretStr("key-1"), idle_seconds)
        try:
            yield client
        finally:
            await client.close()


async def tokens_of(llm: LoopbackLlm, idle_seconds: float = 5) -> list[Token]:
    """All that one question brings."""
    async with client_of(llm, idle_seconds) as client:
        return [token async for token in client.stream(MESSAGES)]


async def test_tokens_arrive_with_the_model_that_wrote_them() -> None:
    """The texts of a stream come one by one; role and empty events bring none."""
    tokens = await tokens_of(LoopbackLlm([b": ping\n\n", completion_events("Because", " it is.")]))

    assert tokens == [Token("Because", "gpt-4o-mini"), Token(" it is.", "gpt-4o-mini")]


async def test_tokens_say_that_another_model_stands_in() -> None:
    """The header of llm-server says so for each of them."""
    llm = LoopbackLlm([completion_events("Because.")], header="x-llm-fallback: true")
    assert await tokens_of(llm) == [Token("Because.", "gpt-4o-mini", is_fallback=True)]


@pytest.mark.parametrize(
    ("said", "usage"),
    [
        ({"prompt_tokens": 7, "completion_tokens": 2}, Usage(7, 2)),
        ({"prompt_tokens": 7, "completion_tokens": 2, "cost": 0.5}, Usage(7, 2, cost=0.5)),
        ({"prompt_tokens": 7, "prompt_tokens_details": {"cached_tokens": 5}}, Usage(7, 0, 5)),
        ({"prompt_tokens": 7, "prompt_tokens_details": None, "cost": "free"}, Usage(7, 0)),
        ({"prompt_tokens": "7"}, None),
        ({"completion_tokens": 2}, None),
        ([7], None),
        (None, None),
    ],
)
async def test_the_last_token_has_the_usage(said: object, usage: Usage | None) -> None:
    """What a server counts comes with a token without text; what it counts in another form is left out."""
    last = b'data: {"model": "m", "choices": [], "usage": %s}\n\n' % json.dumps(said).encode()
    events = completion_events("Yes.").replace(b"data: [DONE]", last + b"data: [DONE]")

    counted = [Token("", "m", usage=usage)] if usage else []
    assert await tokens_of(LoopbackLlm([events])) == [Token("Yes.", "gpt-4o-mini"), *counted]


async def test_sampling_is_sent_in_openais_terms() -> None:
    """What is set is in the body; what is not, is not."""
    llm = LoopbackLlm([completion_events("Yes.")])
    async with client_of(llm) as client:
        _ = [token async for token in client.stream(MESSAGES, Sampling(0.0, stop=("END",), max_tokens=5))]

    sent = {"temperature": 0.0, "stop": ["END"], "max_tokens": 5}
    assert llm.bodies == [ASKED | sent]


async def test_the_last_token_says_that_the_limit_was_reached() -> None:
    """An answer that ends by its length ends in a token that says so, whether or not it has text."""
    last = b'data: {"model": "m", "choices": [{"delta": {}, "finish_reason": "length"}]}\n\n'
    events = completion_events("Becau").replace(b"data: [DONE]", last + b"data: [DONE]")

    assert await tokens_of(LoopbackLlm([events])) == [Token("Becau", "gpt-4o-mini"), Token("", "m", "length")]


@settings(max_examples=30, deadline=None)
@given(st.text(min_size=1, max_size=20), st.data())
async def test_a_stream_may_be_cut_at_any_byte(text: str, data: st.DataObject) -> None:
    """Events cut anywhere, inside a character too, read the same, whatever the text holds."""
    events = completion_events(text)
    cuts = data.draw(st.lists(st.integers(1, len(events) - 1), max_size=6, unique=True).map(sorted))

    pieces = [events[start:end] for start, end in zip([0, *cuts], [*cuts, len(events)], strict=True)]

    assert await tokens_of(LoopbackLlm(pieces)) == [Token(text, "gpt-4o-mini")]


async def test_the_request_carries_messages_key_and_request_id() -> None:
    """llm-server sees a streaming request with our key and the id of the request we answer."""
    request_id.set("request-7")
    llm = LoopbackLlm([completion_events("x")])

    await tokens_of(llm)

    assert llm.bodies == [ASKED]
    assert "post /v1/chat/completions " in llm.heads[0]
    assert "authorization: bearer key-1" in llm.heads[0]
    assert "x-request-id: request-7" in llm.heads[0]
    assert "x-deadline-seconds: 5" in llm.heads[0]


async def test_an_answer_that_ends_early_says_why() -> None:
    """The last token names the reason, which is empty for an answer that is complete."""
    ends = b'data: {"model": "m", "choices": [{"delta": {}, "finish_reason": "length"}]}\n\n'
    stops = b'data: {"model": "m", "choices": [{"delta": {}, "finish_reason": "stop"}]}\n\n'

    assert (await tokens_of(LoopbackLlm([ends + b"data: [DONE]\n\n"]))) == [Token("", "m", "length")]
    assert (await tokens_of(LoopbackLlm([stops + b"data: [DONE]\n\n"]))) == []


@pytest.mark.parametrize(
    ("models", "writes"),
    [
        (b'{"data": [{"id": "m", "context_window": 4096}]}', LanguageModel("m", 4096)),
        (b'{"data": [{"id": "m"}]}', LanguageModel("m")),
        (b'{"data": [{"id": "extractive"}]}', None),
    ],
)
async def test_the_model_that_writes(models: bytes, writes: LanguageModel | None) -> None:
    """llm-server names its model and what it can read; one without a model only quotes."""
    async with client_of(LoopbackLlm(models=models)) as client:
        assert await client.writes() == writes


@pytest.mark.parametrize(
    ("llm", "error", "message"),
    [
        (
            LoopbackLlm(
                [b'{"error": {"message": "no such key"}}'], status=401, content_type="application/json"
            ),
            UpstreamFailed,
            "llm-server answered 401: no such key",
        ),
        (LoopbackLlm([b"<h1>"], status=502), UpstreamFailed, "llm-server answered 502: Because"),
        (
            LoopbackLlm([b'data: {"error": {"message": "quota"}}\n\n']),
            UpstreamFailed,
            "llm-server failed: quota",
        ),
        (LoopbackLlm([b'data: {"error": "quota"}\n\n']), UpstreamFailed, "llm-server failed: quota"),
        (LoopbackLlm([b"data: {oops\n\n"]), UpstreamFailed, "an answer in the wrong format"),
        (LoopbackLlm([b"data: [1]\n\n"]), UpstreamFailed, "an answer in the wrong format"),
        (LoopbackLlm([b"<p>hello</p>"], content_type="text/html"), UpstreamFailed, "text/event-stream"),
        (LoopbackLlm([completion_events("x")[:-14]]), UpstreamFailed, "ended its answer early"),
        (LoopbackLlm([completion_events("x")[:-14]], torn=True), UpstreamFailed, "llm-server broke"),
    ],
)
async def test_what_goes_wrong_upstream_is_said(
    llm: LoopbackLlm, error: type[ServiceError], message: str
) -> None:
    """A refused request, an error inside the stream, nonsense and an early end are each named."""
    with pytest.raises(error, match=message.replace("[", r"\[")):
        await tokens_of(llm)


async def test_a_silent_model_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """No token within the deadline and its margin is a timeout, not a hang."""
    monkeypatch.setattr(chat_client, "MARGIN_SECONDS", 0.0)
    with pytest.raises(UpstreamTimeout):
        await tokens_of(LoopbackLlm([completion_events("x")[:-14]], hangs=True), idle_seconds=0.05)


async def test_a_server_that_is_away_is_unavailable() -> None:
    """A refused connection says so at once."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        client = ChatClient(f"http://127.0.0.1:{unused.getsockname()[1]}", None, 5)
        with pytest.raises(Unavailable, match="does not answer at"):
            await anext(client.stream(MESSAGES))
    await client.close()


async def test_closing_the_stream_hangs_up() -> None:
    """When the caller stops listening the connection closes, so that the model can stop writing."""
    llm = LoopbackLlm([completion_events("x")[:-14]], hangs=True)
    async with client_of(llm) as client:
        stream = client.stream(MESSAGES)
        assert (await anext(stream)).text == "x"
        await stream.aclose()
        await asyncio.wait_for(llm.caller_left.wait(), timeout=5)


async def test_ping_names_the_model() -> None:
    """A healthy llm-server is known by the first model it lists."""
    async with client_of(LoopbackLlm()) as client:
        assert await client.ping() == "gpt-4o-mini"


@pytest.mark.parametrize(
    ("llm", "message"),
    [
        (
            LoopbackLlm(
                health=b'{"status": "degraded", "service": "s", "version": "1",'
                b' "checks": {"x": {"status": "ok", "detail": "fine"},'
                b' "upstream": {"status": "degraded", "detail": "no key"}}}'
            ),
            "llm-server is degraded: no key",
        ),
        (LoopbackLlm(models=b'{"data": []}'), "wrong format"),
        (LoopbackLlm(health=b"hello"), "wrong format"),
        (LoopbackLlm(health=b'{"status": "starting"}', status=503), "llm-server is not ready"),
    ],
)
async def test_ping_says_what_ails_llm_server(llm: LoopbackLlm, message: str) -> None:
    """A degraded, starting or strange llm-server fails the ping with its own words where it has some."""
    async with client_of(llm) as client:
        with pytest.raises(ServiceError, match=message):
            await client.ping()
