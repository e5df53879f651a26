"""What goes to the model server, how often, and what of its answer comes back besides the text."""

from typing import Any

import httpx2
import pytest
from openai import OpenAI, RateLimitError
from structlog.testing import capture_logs

from tests.faults.asking import HELLO, ask
from tests.fixtures.gateway import KEY
from tests.fixtures.scripted_upstream import (
    Reply,
    ScriptedUpstream,
    chunk,
    failure,
    scripted_upstream,
    stream,
    whole,
)
from tests.fixtures.waiting import wait_for

SOON = {"retry-after-ms": "1"}
ANSWER = [
    chunk({"content": "a"}),
    chunk({}, "stop"),
    {"choices": [], "usage": {"completion_tokens": 1}},
    "[DONE]",
]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("streamed", [False, True])
def test_code_goes_to_no_other_host(
    gateway: httpx2.Client, upstream: ScriptedUpstream, status: int, streamed: bool
) -> None:
    """A redirect is refused with a sentence that names where it leads, and nothing is sent there."""
    with scripted_upstream() as elsewhere:
        upstream.replies = [Reply(status=status, headers={"location": f"{elsewhere.url}/v1/chat?secret=1"})]
        answer = gateway.post("/chat/completions", json=HELLO | {"stream": streamed})
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (502, "upstream_redirected")
        assert f"redirects to {elsewhere.url} (HTTP {status})" in error["message"]
        assert "secret" not in error["message"]
        assert (len(upstream.seen), elsewhere.seen) == (1, [])


def test_retries_do_not_multiply(gateway: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """OpenAI's own client, which would ask three times, costs the server three calls and not nine."""
    upstream.replies = [failure(429, message="slow down")]
    with (
        OpenAI(base_url=f"{gateway.base_url}/v1", api_key="any") as client,
        pytest.raises(RateLimitError),
    ):
        client.chat.completions.create(model="m", messages=[{"role": "user", "content": "x"}])
    assert len(upstream.seen) == 3


@pytest.mark.parametrize(
    "refusal",
    [
        failure(429, SOON, message="pay", code="insufficient_quota"),
        failure(503, SOON | {"x-should-retry": "false"}, message="no"),
        failure(501, message="no"),
    ],
    ids=["quota", "server says no", "not implemented"],
)
def test_what_does_not_pass_is_not_repeated(
    gateway: httpx2.Client, upstream: ScriptedUpstream, refusal: Reply
) -> None:
    """An empty account, or a server that asks for no retry, is asked once, by the client too."""
    upstream.replies = [refusal]
    assert ask(gateway).headers["x-should-retry"] == "false"
    assert len(upstream.seen) == 1


@pytest.mark.parametrize(
    "null", [{"stream": None}, {"stream_options": None}, {"stream_options": {"include_usage": None}}]
)
def test_null_is_no_value(gateway: httpx2.Client, upstream: ScriptedUpstream, null: dict[str, Any]) -> None:
    """Clients that write every field send null for those that are not set."""
    upstream.replies = [whole()]
    assert gateway.post("/chat/completions", json=HELLO | null).is_success


def test_an_image_fits(gateway: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """One large photo, 15 MB in base64, reaches the model."""
    upstream.replies = [whole()]
    image = {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64," + "A" * 15_000_000}}
    asked = {"messages": [{"role": "user", "content": [image]}]}
    assert gateway.post("/chat/completions", json=asked).is_success
    assert upstream.seen[0].body["messages"] == asked["messages"]


BAD = b'{"messages": [{"role": "user", "content": "x"}], "x": %b}'


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (BAD % b'"\xff"', "The body is not valid JSON: it is not UTF-8."),
        (BAD % (b"[" * 90_000 + b"]" * 90_000), "The body's JSON is nested too deeply."),
        (BAD % (b"[" * 700 + b"]" * 700), ""),
        (BAD % b"1e999", "JSON has no NaN or Infinity."),
    ],
    ids=["not UTF-8", "deep", "fairly deep", "infinite"],
)
def test_a_body_that_cannot_be_read(
    gateway: httpx2.Client, upstream: ScriptedUpstream, body: bytes, sentence: str
) -> None:
    """What is wrong with it is said; what can be read is sent on."""
    upstream.replies = [whole()]
    answer = gateway.post("/chat/completions", content=body, headers={"content-type": "application/json"})
    if sentence:
        assert (answer.status_code, answer.json()["error"]["message"]) == (400, sentence)
        assert answer.json()["error"]["code"] == "invalid_json"
    else:
        assert answer.is_success


def test_all_models_are_listed(upstream: ScriptedUpstream, gateway: httpx2.Client) -> None:
    """The default comes first, then what the server lists; each is found by its name, slashes included."""
    others = b'{"data": [{"id": "org/other", "owned_by": "org", "created": 5}, {"id": "m"}, {"no": "id"}, 5]}'
    upstream.models = Reply([others])
    with OpenAI(base_url=f"{gateway.base_url}/v1", api_key="any") as client:
        wait_for(lambda: len(list(client.models.list())) == 2, "the list to be asked for")
        assert [model.id for model in client.models.list()] == ["m", "org/other"]
        assert client.models.retrieve("org/other").owned_by == "org"
    missing = gateway.get("/v1/models/none")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "model_not_found")


HEADERS = {
    "x-ratelimit-remaining-requests": "9",
    "openai-version": "2020-10-01",
    "x-request-id": "req_1",
    "x-other": "1",
}


@pytest.mark.parametrize("reply", [stream(*ANSWER), failure(400, message="no")], ids=["answer", "error"])
def test_the_servers_headers_come_back(
    gateway: httpx2.Client, upstream: ScriptedUpstream, reply: Reply
) -> None:
    """Its limits, its version and its request id reach the caller, beside our own request id; no others."""
    upstream.replies = [Reply(reply.pieces, reply.status, reply.headers | HEADERS)]
    headers = gateway.post(
        "/chat/completions", json=HELLO | {"stream": True}, headers={"x-request-id": "ours"}
    ).headers
    assert headers["x-ratelimit-remaining-requests"] == "9"
    assert headers["openai-version"] == "2020-10-01"
    assert (headers["x-upstream-request-id"], headers["x-request-id"]) == ("req_1", "ours")
    assert "x-other" not in headers


def test_a_retry_has_the_same_idempotency_key(gateway: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """The caller's key goes with each attempt, so that the server can answer once."""
    upstream.replies = [failure(500, SOON, message="oops"), whole()]
    gateway.post("/chat/completions", json=HELLO, headers={"idempotency-key": "k-1"})
    assert [seen.headers["idempotency-key"] for seen in upstream.seen] == ["k-1", "k-1"]


@pytest.mark.parametrize("wanted", [False, True])
def test_usage_is_asked_for(gateway: httpx2.Client, upstream: ScriptedUpstream, wanted: bool) -> None:
    """Streams are counted; the chunk that counts is passed on to callers who asked for it."""
    upstream.replies = [stream(*ANSWER)]
    options = {"stream_options": {"include_usage": True}} if wanted else {}
    text = gateway.post("/chat/completions", json=HELLO | {"stream": True} | options).text
    assert upstream.seen[0].body["stream_options"] == {"include_usage": True}
    assert ("completion_tokens" in text) == wanted


def test_a_server_that_does_not_count_is_not_asked_to(upstream: ScriptedUpstream, start: Any) -> None:
    """A server that refuses `stream_options` is asked without them, from then on at once."""
    upstream.replies = [failure(422, message="extra field: stream_options"), stream(*ANSWER)]
    gateway = start(model_name="old")
    assert ask(gateway).complete
    assert ask(gateway).complete
    assert ["stream_options" in seen.body for seen in upstream.seen] == [True, False, False]


def test_the_log_says_what_a_call_came_to(gateway: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """One line has the outcome, the attempts and the tokens, and neither key nor text."""
    counted = {"prompt_tokens": 7, "completion_tokens": 2}
    upstream.replies = [failure(500, SOON, message="oops"), whole(usage=counted)]
    with capture_logs() as logs:
        gateway.post("/chat/completions", json=HELLO)
        expected = {"outcome": "ok", "attempts": 2, "input_tokens": 7, "output_tokens": 2}
        # the line of the test before may come late, too
        wait_for(lambda: any(expected.items() <= line.items() for line in list(logs)), "the line in the log")
    assert KEY not in repr(logs)
