"""Each fault of the model server has its own honest answer."""

import json
from typing import Any

import httpx2
import openai
import pytest

from tests.fixtures.gateway import KEY, Gateway
from tests.fixtures.scripted_upstream import JSON, SSE, Reply, ScriptedUpstream, chunk, failure, stream, whole

HELLO = {"messages": [{"role": "user", "content": "hello"}]}
SOON = {"retry-after-ms": "1"}

FAULTS = [
    (failure(401, message=f"Incorrect API key {KEY}"), 502, "upstream_auth"),
    (failure(403, message="no access"), 502, "upstream_auth"),
    (failure(404, message="no such model"), 404, "model_not_found"),
    (failure(400, message="bad temperature", param="temperature", code="bad"), 400, "bad"),
    (failure(400, message="too long", code="context_length_exceeded"), 400, "context_length_exceeded"),
    (failure(400, message="This model's maximum context length is 8"), 400, "context_length_exceeded"),
    (failure(422, message="no such field"), 400, "invalid_value"),
    (failure(400, message="bad", code=400, param=["top_p"]), 400, "400"),
    (failure(413, message="too big"), 413, "request_too_large"),
    (failure(429, SOON, message="slow down"), 429, "rate_limit_exceeded"),
    (failure(429, SOON, message="pay", code="insufficient_quota"), 429, "insufficient_quota"),
    (failure(408, SOON, message="too slow"), 504, "upstream_timeout"),
    (failure(500, SOON, message="oops"), 502, "upstream_5xx"),
    (failure(503, SOON, message="loading"), 502, "upstream_5xx"),
    (failure(405, message="no"), 502, "upstream_failed"),
    (Reply([b"<html>Bad gateway</html>"], 502, SOON | {"content-type": "text/html"}), 502, "upstream_5xx"),
    (Reply([b"<html>Welcome</html>"], headers={"content-type": "text/html"}), 502, "upstream_failed"),
    (Reply([b'{"id": "1", "object": '], headers=JSON), 502, "upstream_failed"),
    (Reply([b'{"error": {"message": "out of memory"}}'], headers=JSON), 502, "upstream_failed"),
]
names = [f"{fault.status}-{code}" for fault, _, code in FAULTS]


@pytest.mark.parametrize(("fault", "status", "code"), FAULTS, ids=names)
def test_a_fault_has_its_status_and_code(
    gateway: httpx2.Client, upstream: ScriptedUpstream, fault: Reply, status: int, code: str
) -> None:
    """The answer is OpenAI's envelope with our status and code, and holds neither key nor markup."""
    upstream.replies = [fault]
    answer = gateway.post("/chat/completions", json=HELLO)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert KEY not in answer.text
    assert "<html>" not in answer.text


@pytest.mark.parametrize(("fault", "status", "code"), FAULTS, ids=names)
def test_a_fault_before_a_stream_keeps_its_status(
    gateway: httpx2.Client, upstream: ScriptedUpstream, fault: Reply, status: int, code: str
) -> None:
    """A stream that never began is answered with a status, not with an event under 200."""
    upstream.replies = [fault]
    answer = gateway.post("/chat/completions", json=HELLO | {"stream": True})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_the_upstreams_words_pass_but_for_the_key(gateway: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """A refused request says why, in the upstream's words, about which field, with no key in it."""
    upstream.replies = [failure(400, message=f"no top_p with {KEY}", param="top_p")]
    error = gateway.post("/chat/completions", json=HELLO).json()["error"]
    assert (error["message"], error["param"]) == ("no top_p with [key]", "top_p")


def test_a_long_retry_after_is_the_callers(gateway: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """A wait of 20 s is passed on at once and not slept through."""
    upstream.replies = [failure(429, {"retry-after": "20"}, message="slow down")]
    answer = gateway.post("/chat/completions", json=HELLO)
    assert (answer.status_code, answer.headers["retry-after"], len(upstream.seen)) == (429, "20", 1)


def test_a_passing_fault_is_not_the_callers(gateway: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """One failure upstream is tried again, and the caller gets the answer."""
    upstream.replies = [failure(500, SOON, message="oops"), whole()]
    assert gateway.post("/chat/completions", json=HELLO).is_success
    assert len(upstream.seen) == 2


def test_retries_are_bounded(gateway: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """A lasting failure is tried again once, as UPSTREAM_MAX_RETRIES says."""
    upstream.replies = [failure(500, SOON, message="oops")]
    gateway.post("/chat/completions", json=HELLO)
    assert len(upstream.seen) == 2


def test_nobody_there(start: Gateway, closed_port: int) -> None:
    """A refused connection is a 502 that names the host, not the credentials in its URL."""
    url = f"http://user:secret@127.0.0.1:{closed_port}/v1"
    answer = start(openai_base_url=url, upstream_max_retries=0).post("/chat/completions", json=HELLO)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (502, "upstream_unreachable")
    assert f"127.0.0.1:{closed_port}" in error["message"]
    assert "secret" not in error["message"]


@pytest.mark.parametrize("streamed", [False, True])
def test_silence_is_a_timeout(impatient: httpx2.Client, upstream: ScriptedUpstream, streamed: bool) -> None:
    """An upstream that does not begin to answer is given up, once for all retries together."""
    upstream.replies = [Reply(then="silence")]
    answer = impatient.post("/chat/completions", json=HELLO | {"stream": streamed})
    assert (answer.status_code, answer.json()["error"]["code"]) == (504, "upstream_timeout")
    assert upstream.caller_left.wait(5)
    assert len(upstream.seen) == 1


def test_headers_alone_are_no_answer(impatient: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """A stream that opens and then says nothing is a timeout with its own status."""
    upstream.replies = [Reply([b": one moment\n\n"], headers=SSE, then="silence")]
    answer = impatient.post("/chat/completions", json=HELLO | {"stream": True})
    assert (answer.status_code, answer.json()["error"]["code"]) == (504, "upstream_timeout")


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (stream(chunk({"content": "a"}), then="cut"), "upstream_stream_truncated"),
        (stream(chunk({"content": "a"})), "upstream_stream_truncated"),
        (stream(chunk({"content": "a"}), "[DONE]"), "upstream_stream_truncated"),
        (stream(chunk({"content": "a"}), {"error": {"message": "worker died"}}), "upstream_failed"),
        (stream(chunk({"content": "a"}), "{half"), "upstream_stream_truncated"),
        (stream(chunk({"content": "a"}), [1]), "upstream_stream_truncated"),
    ],
    ids=["cut", "no finish reason", "done without one", "error event", "half an event", "no object"],
)
def test_a_broken_stream_says_so(
    gateway: httpx2.Client, upstream: ScriptedUpstream, reply: Reply, code: str
) -> None:
    """What came is passed on, then an `error` event ends the stream in place of `[DONE]`."""
    upstream.replies = [reply]
    answer = gateway.post("/chat/completions", json=HELLO | {"stream": True})
    *passed, last = [json.loads(block.removeprefix("data: ")) for block in answer.text.split("\n\n") if block]
    assert passed == [chunk({"content": "a"})]
    assert last["error"]["code"] == code
    assert last["error"]["type"] == "upstream_error"


def test_one_unfinished_choice_of_two_is_a_broken_stream(
    gateway: httpx2.Client, upstream: ScriptedUpstream
) -> None:
    """With `n: 2` both choices must tell why they ended."""
    second: dict[str, Any] = {"index": 1, "delta": {"content": "b"}, "finish_reason": None}
    upstream.replies = [stream(chunk({"content": "a"}), {"choices": [second]}, chunk({}, "stop"), "[DONE]")]
    answer = gateway.post("/chat/completions", json=HELLO | {"stream": True})
    assert "upstream_stream_truncated" in answer.text
    assert "[DONE]" not in answer.text


def test_a_stall_inside_a_stream_ends_it(impatient: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """Silence after the first chunk becomes an error event, not an endless wait."""
    upstream.replies = [stream(chunk({"content": "a"}), then="silence")]
    answer = impatient.post("/chat/completions", json=HELLO | {"stream": True})
    assert "upstream_timeout" in answer.text
    assert "[DONE]" not in answer.text


@pytest.mark.parametrize(
    "reply", [stream(), stream("[DONE]"), Reply(headers=SSE, then="cut", pieces=[b":\n"])]
)
def test_an_empty_stream_is_a_502(gateway: httpx2.Client, upstream: ScriptedUpstream, reply: Reply) -> None:
    """A stream that ends before its first chunk has a status of its own."""
    upstream.replies = [reply]
    answer = gateway.post("/chat/completions", json=HELLO | {"stream": True})
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "upstream_stream_truncated")


def test_the_openai_client_sees_the_faults(gateway: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """OpenAI's own client raises its own exceptions for ours, also in the middle of a stream."""
    messages: Any = HELLO["messages"]
    with openai.OpenAI(base_url=f"{gateway.base_url}/v1", api_key="any", max_retries=0) as client:
        for fault, kind in [
            (failure(404, message="no"), openai.NotFoundError),
            (failure(429, {"retry-after": "20"}, message="no"), openai.RateLimitError),
            (failure(400, message="no"), openai.BadRequestError),
            (failure(401, message="no"), openai.InternalServerError),
        ]:
            upstream.replies = [fault]
            with pytest.raises(kind):
                client.chat.completions.create(model="m", messages=messages)
        upstream.replies = [stream(chunk({"content": "a"}), then="cut")]
        with pytest.raises(openai.APIError, match="was lost during the answer"):
            list(client.chat.completions.create(model="m", messages=messages, stream=True))
