"""Who answers in the place of a model that cannot, and how the answer says so."""

import httpx2
import pytest
from structlog.testing import capture_logs

from tests.faults.asking import HELLO, ask, post
from tests.faults.conftest import Start
from tests.fixtures.scripted_upstream import (
    SSE,
    Reply,
    ScriptedUpstream,
    chunk,
    data,
    failure,
    scripted_upstream,
    stream,
    whole,
)

SOON = {"retry-after-ms": "1"}
WORDS = [chunk({"content": "a"}), chunk({}, "stop"), "[DONE]"]

CHAIN = """
[models.one]
base_url = "MAIN/v1"
context_tokens = 8000
fallbacks = ["two"]
[models.two]
base_url = "SPARE/v1"
"""

ELSEWHERE = [
    failure(408, SOON, message="slow"),
    failure(409, SOON, message="conflict"),
    failure(425, SOON, message="early"),
    failure(429, SOON, message="slow down"),
    failure(429, message="in a minute", headers={"retry-after": "60"}),
    failure(429, message="pay", code="insufficient_quota"),
    failure(402, message="no credits"),
    failure(500, SOON, message="oops"),
    failure(503, SOON, message="loading"),
    failure(401, message="bad key"),
    failure(403, message="no access"),
    Reply(status=307, headers={"location": "/elsewhere"}),
    Reply([b"<html>Welcome</html>"]),
    Reply([b'{"error": {"message": "out of memory"}}']),
    Reply(then="cut"),
    stream({"error": {"code": 502, "message": "provider down"}}),
]


@pytest.mark.parametrize("streamed", [False, True])
def test_what_another_server_may_do_better_it_does(
    routed: Start, upstream: ScriptedUpstream, spare: ScriptedUpstream, streamed: bool
) -> None:
    """No connection, no time, no money, the wrong key or a fault at one server is no fault of the request."""
    gateway = routed(CHAIN, upstream_max_retries=0)
    for reply in ELSEWHERE:
        upstream.replies = [reply]
        spare.replies = [stream(*WORDS) if streamed else whole()]
        answer = post(gateway, stream=streamed)
        assert answer.status_code == 200, reply
        assert (answer.headers["x-llm-fallback"], answer.headers["x-llm-model"]) == ("true", "two"), reply
        gateway.get("/health")
        upstream.replies = [whole()]
        post(gateway, model="one")


AT_FAULT = [
    (failure(400, message="no such field"), 400),
    (failure(404, message="no such model"), 404),
    (failure(413, message="too big"), 413),
    (failure(422, message="no"), 400),
    (failure(400, message="maximum context length is 8"), 400),
]


@pytest.mark.parametrize(("reply", "status"), AT_FAULT, ids=[str(reply.status) for reply, _ in AT_FAULT])
def test_a_request_at_fault_goes_nowhere_else(
    routed: Start, upstream: ScriptedUpstream, spare: ScriptedUpstream, reply: Reply, status: int
) -> None:
    """What is wrong with a request is said; one too long goes only to a model known to read more."""
    upstream.replies = [reply]
    assert post(routed(CHAIN)).status_code == status
    assert spare.seen == []


def test_a_server_that_cannot_be_reached(routed: Start, spare: ScriptedUpstream) -> None:
    """Nobody at its address: the next one answers."""
    with scripted_upstream() as gone:
        url = gone.url
    spare.replies = [stream(*WORDS)]
    assert ask(routed(CHAIN.replace("MAIN", url), upstream_max_retries=0)).models == {"two"}


def test_the_deadline_of_a_caller_holds_for_all(
    routed: Start, upstream: ScriptedUpstream, spare: ScriptedUpstream
) -> None:
    """A silent server gets half of what a caller waits, so that the other one can answer in time."""
    gateway = routed(CHAIN)
    upstream.replies, spare.replies = (
        [Reply([b": at work\n\n"], headers=SSE, then="silence")],
        [stream(*WORDS)],
    )
    answer = gateway.post(
        "/chat/completions", json=HELLO | {"stream": True}, headers={"x-deadline-seconds": "0.6"}
    )
    assert '"model":"two"' in answer.text.replace(" ", "")
    spare.replies = upstream.replies
    answer = gateway.post(
        "/chat/completions", json=HELLO | {"stream": True}, headers={"x-deadline-seconds": "0.4"}
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (504, "upstream_timeout")
    assert answer.elapsed.total_seconds() < 5


def test_where_all_fail_each_is_named(
    routed: Start, upstream: ScriptedUpstream, spare: ScriptedUpstream
) -> None:
    """The error is that of the model that was asked for, and says what became of the others."""
    upstream.replies = [failure(503, message="overloaded")]
    spare.replies = [failure(401, message="no")]
    answer = post(routed(CHAIN, upstream_max_retries=0))
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "upstream_5xx")
    assert answer.json()["error"]["message"] == (
        "The model server failed with HTTP 503. overloaded – two, asked instead: The model server refused "
        "this server's own key (HTTP 401). Check the key_variable of two in LLM_MODELS."
    )
    assert (answer.headers["x-llm-attempts"], answer.headers["x-should-retry"]) == ("2", "false")


def test_fallbacks_of_fallbacks_follow(
    routed: Start, upstream: ScriptedUpstream, spare: ScriptedUpstream
) -> None:
    """The chain goes on with the fallbacks of a fallback, each model once."""
    gateway = routed(
        '[models.one]\nbase_url = "MAIN/v1"\nfallbacks = ["two", "three"]\n'
        '[models.two]\nbase_url = "MAIN/v1"\nfallbacks = ["three"]\n'
        '[models.three]\nbase_url = "SPARE/v1"\n',
        upstream_max_retries=0,
    )
    upstream.replies, spare.replies = [failure(500, message="oops")], [whole()]
    assert post(gateway).json()["model"] == "three"
    assert [seen.body["model"] for seen in [*upstream.seen, *spare.seen]] == ["one", "two", "three"]


def test_a_fallback_shows(routed: Start, upstream: ScriptedUpstream, spare: ScriptedUpstream) -> None:
    """Health names the model that fails and why, a metric counts, and the request's line has both names."""
    gateway = routed(CHAIN, upstream_max_retries=0)
    upstream.replies, spare.replies = [failure(503, message="overloaded")], [whole()]
    with capture_logs() as logs:
        post(gateway)
    report = gateway.get("/health").json()
    assert report["status"] == "degraded"
    assert report["checks"]["upstream"]["detail"] == "one: The model server failed with HTTP 503. overloaded"
    assert 'llm_fallbacks_total{reason="upstream_5xx",server="one"} 1.0' in gateway.get("/metrics").text
    (line,) = [line for line in logs if line["event"] == "model falls back"]
    assert (line["model"], line["to"], line["code"]) == ("one", "two", "upstream_5xx")


def test_a_caller_who_leaves_is_followed_by_no_fallback(
    routed: Start, upstream: ScriptedUpstream, spare: ScriptedUpstream
) -> None:
    """A disconnect before the first token ends the call at the first server, and none is made to the next."""
    gateway = routed(CHAIN)
    upstream.replies = [Reply([data(chunk({"role": "assistant"}))], headers=SSE, then="silence")]
    with pytest.raises(httpx2.ReadTimeout):
        gateway.post("/chat/completions", json=HELLO | {"stream": True}, timeout=0.3)
    assert upstream.caller_left.wait(10)
    assert spare.seen == []
