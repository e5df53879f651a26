"""OpenAI's own client works against llm-server as it does against OpenAI, at either path."""

from typing import Any

import httpx2
import pytest
from openai import AsyncOpenAI, OpenAI

from tests.fixtures.scripted_upstream import ScriptedUpstream, chunk, stream, whole

MESSAGES: Any = [{"role": "user", "content": "hello"}]
PATHS = pytest.mark.parametrize("path", ["", "/v1"])
FUNCTION: Any = {"type": "function", "function": {"name": "find", "parameters": {"type": "object"}}}
CALL = {"index": 0, "id": "c1", "type": "function", "function": {"name": "find", "arguments": ""}}
TEXT = [chunk({"role": "assistant", "content": "h"}), chunk({"content": "i"}), chunk({}, "stop"), "[DONE]"]
CALLING = [
    chunk({"role": "assistant", "content": None, "tool_calls": [CALL]}),
    chunk({"tool_calls": [{"index": 0, "function": {"arguments": '{"a": 1}'}}]}),
    chunk({}, "tool_calls"),
    "[DONE]",
]


@PATHS
def test_sync(gateway: httpx2.Client, upstream: ScriptedUpstream, path: str) -> None:
    """A whole answer, a stream, and the client's own helper for streams give the same text."""
    upstream.replies = [whole(), stream(*TEXT)]
    with OpenAI(base_url=f"{gateway.base_url}{path}", api_key="any", max_retries=0) as client:
        answer = client.chat.completions.create(model="m", messages=MESSAGES)
        assert answer.choices[0].message.content == "hi"
        chunks = client.chat.completions.create(model="m", messages=MESSAGES, stream=True)
        assert "".join(piece.choices[0].delta.content or "" for piece in chunks) == "hi"
        with client.chat.completions.stream(model="m", messages=MESSAGES) as events:
            assert events.get_final_completion().choices[0].message.content == "hi"


@PATHS
async def test_async(gateway: httpx2.Client, upstream: ScriptedUpstream, path: str) -> None:
    """The asynchronous client gets the same."""
    upstream.replies = [whole(), stream(*TEXT)]
    async with AsyncOpenAI(base_url=f"{gateway.base_url}{path}", api_key="any", max_retries=0) as client:
        answer = await client.chat.completions.create(model="m", messages=MESSAGES)
        assert answer.choices[0].message.content == "hi"
        chunks = await client.chat.completions.create(model="m", messages=MESSAGES, stream=True)
        assert "".join([piece.choices[0].delta.content or "" async for piece in chunks]) == "hi"
        async with client.chat.completions.stream(model="m", messages=MESSAGES) as events:
            assert (await events.get_final_completion()).choices[0].message.content == "hi"


def test_tools(gateway: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """Tools reach the model, and its calls come back, whole and in pieces."""
    upstream.replies = [stream(*CALLING)]
    with OpenAI(base_url=f"{gateway.base_url}/v1", api_key="any", max_retries=0) as client:
        asked: Any = {"model": "m", "messages": MESSAGES, "tools": [FUNCTION]}
        with client.chat.completions.stream(**asked) as events:
            message = events.get_final_completion().choices[0].message
        assert message.tool_calls is not None
        assert message.tool_calls[0].function.arguments == '{"a": 1}'
        assert upstream.seen[0].body["tools"] == [FUNCTION]


def test_usage(gateway: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """A caller who asks for the usage of a stream gets it as the last chunk."""
    counted = {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}
    head = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    upstream.replies = [stream(*TEXT[:-1], head | {"choices": [], "usage": counted}, "[DONE]")]
    with OpenAI(base_url=f"{gateway.base_url}/v1", api_key="any", max_retries=0) as client:
        options: Any = {"include_usage": True}
        asked: Any = {"model": "m", "messages": MESSAGES, "stream": True, "stream_options": options}
        *_, last = client.chat.completions.create(**asked)
        assert last.usage is not None
        assert last.usage.total_tokens == 9
