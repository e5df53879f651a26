"""What chat clients may send: honoured, refused with the parameter's name, or of no effect."""

from pathlib import Path
from typing import Any

import httpx2
import pytest

from code_rag.rag_server.answer import AS_IT_LIKES, Sampling
from tests.unit.rag_server.answer_fakes import FakeChat
from tests.unit.rag_server.live_app import an_app, live

QUESTION = [{"role": "user", "content": "how?"}]
TOOL = {"type": "function", "function": {"name": "read", "parameters": {"type": "object"}}}


async def chat(http: httpx2.AsyncClient, **body: Any) -> httpx2.Response:
    """The response to a question, or to the messages given."""
    return await http.post("/v1/chat/completions", json={"messages": QUESTION} | body)


async def test_sampling_reaches_the_model(codebase: Path) -> None:
    """How a model is to write is passed on as it was asked for."""
    model = FakeChat()
    async with live(an_app(codebase, chat=model)) as http:
        await chat(
            http,
            temperature=0.3,
            top_p=0.9,
            seed=7,
            presence_penalty=1,
            frequency_penalty=-1,
            stop="END",
            max_tokens=90,
            max_completion_tokens=80,
        )
        await chat(http)

    assert model.sampled == [Sampling(0.3, 0.9, 7, 1, -1, ("END",), 90, 80), AS_IT_LIKES]


async def test_system_messages_reach_the_model_after_our_own_rules(codebase: Path) -> None:
    """What system and developer messages say ends the model's instructions; its own rules come first."""
    model = FakeChat()
    messages = [
        {"role": "system", "content": "Answer in rhyme."},
        {"role": "developer", "content": [{"type": "text", "text": "Be kind."}]},
        *QUESTION,
    ]
    async with live(an_app(codebase, chat=model)) as http:
        await chat(http, messages=messages)

    system = model.asked[0][0]["content"]
    assert system.startswith("You answer questions about a codebase")
    assert system.endswith("the rules hold:\nAnswer in rhyme.\n\nBe kind.")


@pytest.mark.parametrize(
    "harmless",
    [
        {"n": 1},
        {"tools": []},
        {"tools": [TOOL], "tool_choice": "auto", "parallel_tool_calls": True},
        {"functions": [TOOL["function"]], "function_call": "none"},
        {"modalities": ["text"], "response_format": {"type": "text"}},
        {"logprobs": False, "logit_bias": {}, "top_logprobs": 0},
        {"user": "me", "metadata": {"a": "b"}, "store": True, "service_tier": "auto", "num_ctx": 4096},
        {"temperature": None, "stop": None, "max_tokens": None, "stream_options": None, "stop_": []},
    ],
)
async def test_what_changes_nothing_is_accepted(client: httpx2.AsyncClient, harmless: dict[str, Any]) -> None:
    """Clients send defaults, tools that need not be called, and what concerns accounts."""
    assert (await chat(client, **harmless)).status_code == 200


@pytest.mark.parametrize(
    ("parameter", "value", "says"),
    [
        ("n", 2, "one answer"),
        ("tool_choice", "required", "tools are never called"),
        ("tool_choice", {"type": "function", "function": {"name": "read"}}, "tools are never called"),
        ("function_call", {"name": "read"}, "tools are never called"),
        ("response_format", {"type": "json_object"}, "'json_object' is not supported"),
        ("response_format", {"type": "json_schema", "json_schema": {}}, "'json_schema' is not supported"),
        ("modalities", ["text", "audio"], "answers are text"),
        ("audio", {"voice": "alloy"}, "answers are text"),
        ("logprobs", True, "probabilities"),
        ("top_logprobs", 3, "probabilities"),
        ("logit_bias", {"50256": -100}, "weighed"),
        ("prediction", {"type": "content", "content": "x"}, "predicted"),
        ("web_search_options", {"user_location": {}}, "only the indexed code"),
        ("temperature", 3, "less than or equal to 2"),
        ("max_tokens", 0, "greater than or equal to 1"),
        ("stop", ["a", "b", "c", "d", "e"], "at most 4 items"),
    ],
)
async def test_what_cannot_be_honoured_is_refused(
    client: httpx2.AsyncClient, parameter: str, value: Any, says: str
) -> None:
    """Nothing is dropped in silence: the envelope of the refusal names the parameter and says why."""
    response = await chat(client, **{parameter: value})

    error = response.json()["error"]
    assert (response.status_code, error["type"], error["param"]) == (400, "invalid_request_error", parameter)
    assert says in error["message"]


@pytest.mark.parametrize(
    ("messages", "param", "says"),
    [
        ([], "messages", "at least 1 item"),
        ([{"role": "system", "content": "x"}], "messages", "with the role 'user'"),
        ([{"role": "user", "content": " \n"}], "messages", "more than whitespace"),
        ([{"role": "user", "content": None}], "messages", "more than whitespace"),
        ([{"role": "narrator", "content": "x"}, *QUESTION], "messages.0.role", "no role 'narrator'"),
        ([*QUESTION, {"role": "tool", "content": "x"}], "messages.1.role", "results of tools"),
        (
            [{"role": "user", "content": [{"type": "text", "text": "what?"}, {"type": "image_url"}]}],
            "messages.0.content.1",
            "parts of type 'image_url' cannot be read",
        ),
        ([{"role": "user", "content": [{"text": "what?"}]}], "messages.0.content.0", "type None"),
    ],
)
async def test_messages_that_cannot_be_read_are_refused(
    client: httpx2.AsyncClient, messages: list[Any], param: str, says: str
) -> None:
    """The message or the part that is wrong is named."""
    error = (await chat(client, messages=messages)).json()["error"]

    assert error["param"] == param
    assert says in error["message"]


async def test_a_quoted_answer_is_as_long_as_it_may_be(codebase: Path) -> None:
    """Without a model the text ends at the limit or the stop, and the sources below are outside its code."""
    async with live(an_app(codebase, chat=FakeChat(can_write=False))) as http:
        short = (await chat(http, max_tokens=18)).json()
        stopped = (await chat(http, stop=["[1", "zzz"])).json()
        tiny = (await chat(http, max_completion_tokens=1)).json()

    text = short["choices"][0]["message"]["content"]
    assert short["choices"][0]["finish_reason"] == "length"
    assert "def cancel" in text
    assert "return order" not in text
    assert text.partition("\n```\n\nSources:\n- [1] ")[2]
    assert stopped["choices"][0]["message"]["content"] == "Function `cancel` in `shop/orders.py` "
    assert stopped["choices"][0]["finish_reason"] == "stop"
    assert tiny["choices"][0]["message"]["content"] == "Func"


async def test_a_model_that_reached_its_limit_says_so(codebase: Path) -> None:
    """The reason that the model's answer ended is the reason that the chat gets."""
    async with live(an_app(codebase, chat=FakeChat(finish="length"))) as http:
        whole = (await chat(http)).json()
        streamed = (await chat(http, stream=True)).text

    assert whole["choices"][0]["finish_reason"] == "length"
    assert '"finish_reason":"length"' in streamed.replace(" ", "")
