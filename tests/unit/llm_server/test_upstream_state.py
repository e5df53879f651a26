"""What llm-server knows of the model server without a call that costs anything."""

import json

import httpx2
import pytest

from code_rag.llm_server.backends.openai import OpenAIBackend
from code_rag.llm_server.backends.upstream_state import REMEMBERED_SECONDS, UpstreamState
from code_rag.servicekit.errors import InvalidInput, Overloaded, UpstreamFailed
from code_rag.servicekit.wire import deadline
from tests.fixtures.scripted_upstream import SSE, Reply, ScriptedUpstream, chunk, data, failure
from tests.unit.llm_server.backends import a_backend_at

UNREACHABLE = UpstreamFailed("It cannot be reached.", code="upstream_unreachable")
HELLO = {"messages": [{"role": "user", "content": "hello"}]}


def a_backend(upstream: ScriptedUpstream) -> OpenAIBackend:
    """A backend of the fake."""
    return a_backend_at(f"{upstream.url}/v1")


@pytest.mark.parametrize(
    ("models", "status"),
    [
        (failure(401, message="no"), "degraded"),
        (failure(500, message="no"), "degraded"),
        (failure(404, message="no such list"), "ok"),
        (failure(501, message="unsupported method"), "ok"),
        (failure(429, message="slow down"), "ok"),
        (Reply([b"<p>"], headers={"content-type": "text/html"}), "ok"),
    ],
    ids=["refused", "broken", "no list", "no such method", "busy", "no JSON"],
)
async def test_a_probe_sees_what_fails_before_a_question_is_asked(
    upstream: ScriptedUpstream, models: Reply, status: str
) -> None:
    """A wrong key and a broken server degrade health without a call; a missing list does not."""
    backend = a_backend(upstream)
    upstream.models = models
    assert (await backend.check()).status == status
    assert upstream.seen == []
    await backend.close()


async def test_a_server_that_is_back_is_seen(closed_port: int, upstream: ScriptedUpstream) -> None:
    """Health follows a server that stops and starts, each time at the next look."""
    backend = a_backend_at(f"http://127.0.0.1:{closed_port}/v1")
    assert "cannot be reached" in (await backend.check()).detail
    await backend.close()

    backend = a_backend(upstream)
    upstream.models = failure(503, message="loading")
    assert (await backend.check()).status == "degraded"
    upstream.models = Reply([b'{"data": []}'])
    assert (await backend.check()).status == "ok"
    await backend.close()


def test_a_failed_call_counts_for_a_minute_where_no_probe_can_judge_it() -> None:
    """An exhausted quota is not forgotten because the list of models still comes."""
    now = 0.0
    state = UpstreamState(lambda: now)
    state.failed(Overloaded("pay", code="insufficient_quota"))
    state.seen(None)
    assert state.failure
    now = REMEMBERED_SECONDS + 1
    state.seen(None)
    assert state.failure is None


def test_a_failed_call_is_over_once_a_probe_shows_it() -> None:
    """A refused connection that works again, and any failure after the server was down, count no longer."""
    state = UpstreamState()
    state.failed(UNREACHABLE)
    state.seen(None)
    assert state.failure is None
    state.failed(UpstreamFailed("broke off"))
    state.seen(UNREACHABLE)
    state.seen(None)
    assert state.failure is None
    state.failed(InvalidInput("too long"))
    assert state.failure is None


@pytest.mark.parametrize(
    ("entry", "size"),
    [
        ({"id": "house-model", "meta": {"n_ctx": 8192}}, 8192),
        ({"id": "house-model", "max_model_len": 4096}, 4096),
        ({"id": "another", "context_length": 32768}, 32768),
        ({"id": "house-model"}, None),
        ({"id": "house-model", "meta": {"n_ctx": "many"}}, None),
    ],
)
async def test_the_context_window_is_what_the_server_says(
    upstream: ScriptedUpstream, entry: dict[str, object], size: int | None
) -> None:
    """llama.cpp, vLLM and others name the tokens that they take, and callers read it."""
    upstream.models = Reply([json.dumps({"data": [entry]}).encode()])
    backend = a_backend(upstream)
    assert (await backend.models())[0].get("context_window") == size
    await backend.close()


def test_a_caller_names_its_own_deadline(gateway: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """A caller that waits a fifth of a second is answered by then, also while the server says it works."""
    upstream.replies = [Reply([b": working\n\n"], headers=SSE, then="silence")]
    headers = deadline.render(0.2)
    answer = gateway.post("/chat/completions", json=HELLO | {"stream": True}, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (504, "upstream_timeout")


def test_a_deadline_holds_between_two_pieces(gateway: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """A stream that stops in the middle ends with the same error."""
    upstream.replies = [Reply([data(chunk({"content": "a"}))], headers=SSE, then="silence")]
    headers = deadline.render(0.2)
    answer = gateway.post("/chat/completions", json=HELLO | {"stream": True}, headers=headers)
    assert "upstream_timeout" in answer.text


@pytest.mark.parametrize("value", [None, "", "0", "-1", "soon", "1e9", "nan", "9" * 40])
def test_a_strange_deadline_says_nothing(value: str | None) -> None:
    """Only a positive number of seconds is one."""
    assert deadline.parse(value) is None


def test_a_deadline_is_an_hour_at_most() -> None:
    """What is rendered is read again, within bounds."""
    assert deadline.parse(deadline.render(12.5)[deadline.HEADER]) == 12.5
    assert deadline.parse("999999") == deadline.LONGEST
