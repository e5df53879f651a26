"""The extractive backend over HTTP: completions, streams and refusals in OpenAI's shapes."""

from typing import Any

import httpx2
import pytest
from openai import NotFoundError, OpenAI

from tests.unit.llm_server.prompts import SHOP, prompt


def test_the_last_of_several_turns_is_answered(offline: httpx2.Client) -> None:
    """Earlier questions of a conversation are past."""
    turns = ["What is the restocking fee?", "How long do we reserve stock?"]
    messages = [{"role": "user", "content": prompt(turn, SHOP)} for turn in turns]
    answer = offline.post("/chat/completions", json={"messages": messages}).json()
    assert "[2:7-10]" in answer["choices"][0]["message"]["content"]


def ask(client: httpx2.Client, **fields: Any) -> httpx2.Response:
    messages = [
        {"role": "system", "content": "Answer from the blocks."},
        {"role": "user", "content": prompt("How long do we reserve stock?", SHOP)},
        {"role": "assistant", "content": "…"},
    ]
    return client.post("/chat/completions", json={"messages": messages, **fields})


def test_the_last_user_message_is_answered(offline: httpx2.Client) -> None:
    """A completion in OpenAI's shape, under the name of what wrote it."""
    body = ask(offline).json()
    assert body["model"] == "extractive"
    assert "[2:7-10]" in body["choices"][0]["message"]["content"]
    assert body["choices"][0]["finish_reason"] == "stop"
    assert (
        body["usage"]["total_tokens"] == body["usage"]["prompt_tokens"] + body["usage"]["completion_tokens"]
    )


def test_a_context_has_its_limit(offline: httpx2.Client) -> None:
    """More than is read is refused as a language model would refuse it, not truncated silently."""
    message = {"role": "user", "content": "x" * 400_001}
    answer = offline.post("/chat/completions", json={"messages": [message]})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "context_length_exceeded")


@pytest.mark.parametrize("model", ["extractive", "gpt-4o-mini", None])
def test_the_default_model_is_accepted(offline: httpx2.Client, model: str | None) -> None:
    """A caller that names the configured model need not know that it is not there."""
    assert ask(offline, model=model).is_success


@pytest.mark.parametrize("stream", [False, True])
def test_another_model_is_not_found(offline: httpx2.Client, stream: bool) -> None:
    """A model that nobody configured is a 404, also for a stream."""
    answer = ask(offline, model="gpt-9", stream=stream)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_found")
    assert answer.json()["error"]["param"] == "model"


def test_a_stream_is_the_same_answer_in_pieces(offline: httpx2.Client) -> None:
    """The openai client puts the words together to the completion's text, and gets usage when it asks."""
    whole = ask(offline).json()
    messages: Any = [{"role": "user", "content": prompt("How long do we reserve stock?", SHOP)}]
    with OpenAI(base_url=f"{offline.base_url}/v1", api_key="any") as client:
        chunks = list(
            client.chat.completions.create(
                model="extractive", messages=messages, stream=True, stream_options={"include_usage": True}
            )
        )
        with pytest.raises(NotFoundError):
            client.chat.completions.create(model="gpt-9", messages=messages)
    pieces = [chunk.choices[0].delta.content or "" for chunk in chunks[:-1]]
    assert "".join(pieces) == whole["choices"][0]["message"]["content"]
    assert len(pieces) > 20
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == whole["usage"]["completion_tokens"]
