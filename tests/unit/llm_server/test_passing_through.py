"""Requests and answers pass the gateway as they are, whatever they hold."""

import json
from typing import Any

import httpx2
import pytest
from openai import OpenAI

from tests.fixtures.gateway import KEY, Gateway
from tests.fixtures.scripted_upstream import Reply, ScriptedUpstream, chunk, data, stream, whole

HELLO = {"messages": [{"role": "user", "content": "hello"}]}


def events(response: httpx2.Response) -> list[Any]:
    """The payloads of a finished event stream, `[DONE]` as it is."""
    assert response.headers["content-type"].startswith("text/event-stream")
    payloads = [block.removeprefix("data: ") for block in response.text.split("\n\n") if block]
    return [payload if payload == "[DONE]" else json.loads(payload) for payload in payloads]


@pytest.mark.parametrize("path", ["/chat/completions", "/v1/chat/completions"])
def test_a_request_reaches_the_upstream_whole(
    gateway: httpx2.Client, upstream: ScriptedUpstream, path: str
) -> None:
    """Fields of OpenAI's and of nobody's go on unchanged; the default model is filled in."""
    upstream.replies = [whole()]
    message = {
        "role": "user",
        "content": [{"type": "text", "text": "é\ud800"}],
        "name": "ann",
        "x": [None, 1.5],
    }
    sent = {"messages": [message], "temperature": 0, "tools": [{"type": "function"}], "num_ctx": 16384}
    assert gateway.post(
        path, content=json.dumps(sent), headers={"content-type": "application/json"}
    ).is_success
    assert upstream.seen[0].path == "/v1/chat/completions"
    assert upstream.seen[0].body == sent | {"model": "house-model"}


def test_another_model_is_the_upstreams_to_judge(gateway: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """A model that the request names goes on as it is."""
    upstream.replies = [whole()]
    gateway.post("/chat/completions", json=HELLO | {"model": "other"})
    assert upstream.seen[0].body["model"] == "other"


def test_an_answer_comes_back_whole(gateway: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """Fields that no model of ours or the client's knows survive."""
    upstream.replies = [
        whole(system_fingerprint="fp", x_groq={"id": "r"}, usage={"prompt_tokens": 3, "y": {}})
    ]
    answer = gateway.post("/chat/completions", json=HELLO).json()
    assert answer == json.loads(b"".join(whole().pieces)) | {
        "system_fingerprint": "fp", "x_groq": {"id": "r"}, "usage": {"prompt_tokens": 3, "y": {}},
    }  # fmt: skip


def test_chunks_come_back_whole(gateway: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """Deltas of tool calls, unknown fields and the usage pass a stream, then `[DONE]`."""
    call = {"index": 0, "id": "c1", "type": "function", "function": {"name": "f", "arguments": ""}}
    chunks = [
        chunk({"role": "assistant", "content": None, "tool_calls": [call]}, obfuscation="xyz"),
        chunk({"tool_calls": [{"index": 0, "function": {"arguments": '{"a'}}], "reasoning_content": "…"}),
        chunk({}, "tool_calls"),
        {"id": "1", "object": "chat.completion.chunk", "choices": [], "usage": {"prompt_tokens": 9}},
    ]
    upstream.replies = [stream(*chunks, "[DONE]")]
    asked = HELLO | {"stream": True, "stream_options": {"include_usage": True}}
    assert events(gateway.post("/chat/completions", json=asked)) == [*chunks, "[DONE]"]
    assert upstream.seen[0].body["stream_options"] == {"include_usage": True}


def test_done_is_said_even_if_the_upstream_forgets(
    gateway: httpx2.Client, upstream: ScriptedUpstream
) -> None:
    """A stream that told its finish reason is whole without the upstream's `[DONE]`."""
    upstream.replies = [stream(chunk({"content": "a"}), chunk({}, "stop"))]
    assert events(gateway.post("/chat/completions", json=HELLO | {"stream": True}))[-1] == "[DONE]"


def test_events_may_arrive_in_any_pieces(gateway: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """Comments are dropped, and neither a cut inside a character nor CRLF changes a chunk."""
    chunks = [chunk({"content": "größer"}), chunk({}, "stop")]
    text = ": hello\r\n\r\n" + "".join(f"data: {json.dumps(c, ensure_ascii=False)}\r\n\r\n" for c in chunks)
    pieces = [bytes([byte]) for byte in text.encode()]
    upstream.replies = [Reply(pieces, headers={"content-type": "text/event-stream"})]
    assert events(gateway.post("/chat/completions", json=HELLO | {"stream": True})) == [*chunks, "[DONE]"]


def test_a_chunk_is_passed_on_at_once(gateway: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """The first chunk arrives while the upstream is still silent about the second."""
    upstream.replies = [stream(chunk({"content": "a"}), then="silence")]
    with gateway.stream("POST", "/chat/completions", json=HELLO | {"stream": True}) as response:
        pieces = response.iter_bytes()
        assert next(pieces) == data(chunk({"content": "a"}))
        assert response.headers["cache-control"] == "no-cache"
        assert not upstream.caller_left.is_set()


def test_the_request_id_and_the_key_go_upstream(gateway: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """The upstream gets the gateway's own key, never the caller's, and the caller's request id."""
    upstream.replies = [whole()]
    headers = {"x-request-id": "trace-7", "authorization": "Bearer of-the-caller"}
    answer = gateway.post("/chat/completions", json=HELLO, headers=headers)
    assert answer.headers["x-request-id"] == "trace-7"
    assert upstream.seen[0].headers["x-request-id"] == "trace-7"
    assert upstream.seen[0].headers["authorization"] == f"Bearer {KEY}"


def test_a_base_url_needs_no_key(start: Gateway, upstream: ScriptedUpstream) -> None:
    """A server on a laptop is asked without a key of anybody's."""
    upstream.replies = [whole()]
    start(openai_base_url=f"{upstream.url}/v1").post("/chat/completions", json=HELLO)
    assert upstream.seen[0].headers["authorization"] == "Bearer no-key-is-set"


def test_the_openai_client_works_against_us(gateway: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """OpenAI's own client gets a completion, a stream with tool calls, and the models."""
    with OpenAI(base_url=f"{gateway.base_url}/v1", api_key="any") as client:
        upstream.replies = [whole(model="m")]
        messages: Any = HELLO["messages"]
        answer = client.chat.completions.create(model="m", messages=messages)
        assert answer.choices[0].message.content == "hi"
        call = {"index": 0, "id": "c1", "function": {"name": "f", "arguments": "{}"}}
        upstream.replies = [stream(chunk({"tool_calls": [call]}), chunk({}, "tool_calls"), "[DONE]")]
        deltas = [
            piece.choices[0]
            for piece in client.chat.completions.create(model="m", messages=messages, stream=True)
        ]
        assert deltas[0].delta.tool_calls is not None
        assert deltas[-1].finish_reason == "tool_calls"
        assert [model.id for model in client.models.list()] == ["house-model"]
