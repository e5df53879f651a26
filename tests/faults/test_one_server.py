"""The faults of the catalogue that end otherwise where there is no other model server to turn to."""

from collections.abc import Iterator

import httpx2
import pytest
from structlog.testing import capture_logs

from tests.faults.asking import HELLO, ask
from tests.faults.test_catalogue import SOON, TEXT, WORDS, answer, part
from tests.fixtures.gateway import gateways
from tests.fixtures.hand_clock import HandClock
from tests.fixtures.scripted_upstream import SSE, Reply, ScriptedUpstream, chunk, data, failure


def test_a_limit_that_lasts(gateway: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """429 without end: three calls at most, then a 429 that OpenAI's client does not repeat."""
    upstream.replies = [failure(429, message="slow down")]
    answered = ask(gateway)
    assert (answered.status, answered.error["code"]) == (429, "rate_limit_exceeded")
    assert answered.headers["x-should-retry"] == "false"
    assert len(upstream.seen) == 3


def test_an_overload_that_lasts(gateway: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """503 without end: three calls at most, then the server's own reason."""
    upstream.replies = [failure(503, SOON, message="overloaded")]
    answered = ask(gateway)
    assert (answered.status, answered.error["code"]) == (502, "upstream_5xx")
    assert answered.error["message"] == "The model server failed with HTTP 503. overloaded"
    assert len(upstream.seen) == 3


def test_no_answer_at_all(impatient: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """Silence ends at the limit, is not asked for a second time, and the server sees that it is over."""
    upstream.replies = [Reply(then="silence")]
    answered = ask(impatient)
    assert (answered.status, answered.error["code"]) == (504, "upstream_timeout")
    assert answered.error["message"] == "The model server did not begin to answer within 0.3 s."
    assert upstream.caller_left.wait(10)
    assert len(upstream.seen) == 1


def test_a_slow_first_token(gateway: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """Headers at once and a first token much later are a good answer."""
    late = [data(chunk({"role": "assistant"})), b": at work\n\n", *answer().pieces]
    upstream.replies = [Reply(late, headers=SSE, every=0.01)]
    assert ask(gateway).text == TEXT


def test_a_stream_that_breaks_off(gateway: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """What came is passed on, and an error follows: a part is never shown as the whole."""
    upstream.replies = [part(40, "cut")]
    answered = ask(gateway)
    assert (answered.complete, answered.error["code"]) == (False, "upstream_stream_truncated")
    assert answered.text == "".join(WORDS[:40])
    assert len(upstream.seen) == 1


def test_a_stream_that_stalls(impatient: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """Silence after a part ends in an error at the limit for pauses, and the next call is answered."""
    upstream.replies = [part(20, "silence")]
    answered = ask(impatient)
    assert (answered.complete, answered.error["code"]) == (False, "upstream_timeout")
    assert answered.error["message"] == "The model server paused for more than 0.3 s during the answer."
    upstream.replies = [answer()]
    assert ask(impatient).text == TEXT


def test_too_long_a_prompt(gateway: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """A prompt that does not fit is not sent again."""
    upstream.replies = [failure(400, message="maximum context length is 8", code="context_length_exceeded")]
    answered = ask(gateway)
    assert (answered.status, answered.error["code"]) == (400, "context_length_exceeded")
    assert len(upstream.seen) == 1


def test_failed_attempts_cost_nothing(gateway: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """No token is counted where no answer came."""
    before = _tokens(gateway)
    upstream.replies = [failure(503, SOON, message="no")]
    assert ask(gateway).status == 502
    assert _tokens(gateway) == before


def _tokens(gateway: httpx2.Client) -> list[str]:
    lines = gateway.get("/metrics").text.splitlines()
    return [line for line in lines if line.startswith('chat_tokens_total{direction="output"}')]


@pytest.fixture
def brittle(upstream: ScriptedUpstream, clock: HandClock) -> Iterator[httpx2.Client]:
    """llm-server in front of a server that has failed five times in a row, at 0 s by `clock`."""
    upstream.replies = [failure(503, message="overloaded")]
    with gateways(clock, openai_base_url=f"{upstream.url}/v1", upstream_max_retries=0) as start:
        gateway = start()
        assert [ask(gateway).error["code"] for _ in range(5)] == ["upstream_5xx"] * 5
        upstream.seen.clear()
        yield gateway


def test_a_server_that_keeps_failing_rests(
    brittle: httpx2.Client, upstream: ScriptedUpstream, clock: HandClock
) -> None:
    """After five failures in a row calls are answered at once, with the last reason and for how long."""
    clock.now = 4
    answered = ask(brittle)
    assert (answered.status, answered.error["code"]) == (503, "upstream_resting")
    assert answered.error["message"] == (
        "The model server 127.0.0.1 failed 5 times in a row and rests for another 6 s. "
        "Its last failure: The model server failed with HTTP 503. overloaded"
    )
    assert answered.headers["retry-after"] == "6"
    assert upstream.seen == []


def test_a_rest_is_seen(brittle: httpx2.Client, upstream: ScriptedUpstream, clock: HandClock) -> None:
    """`/health` says for how long and why, a metric and the log say that it rests and that it is over."""
    detail = brittle.get("/health").json()["checks"]["upstream"]["detail"]
    assert detail.startswith("The model server 127.0.0.1 failed 5 times in a row and rests for another 10 s.")
    assert 'llm_server_resting{server="127.0.0.1"} 1.0' in brittle.get("/metrics").text
    clock.now = 10
    upstream.replies = [failure(503, message="overloaded"), answer()]
    with capture_logs() as logs:
        ask(brittle)
        clock.now = 20
        assert ask(brittle).text == TEXT
    assert 'llm_server_resting{server="127.0.0.1"} 0.0' in brittle.get("/metrics").text
    said = [line["event"] for line in logs]
    assert (said.count("model server rests"), said.count("model server answers again")) == (0, 1)


def test_one_call_looks_whether_it_is_over(
    brittle: httpx2.Client, upstream: ScriptedUpstream, clock: HandClock
) -> None:
    """After ten seconds one call goes through, and the server rests again where that fails."""
    clock.now = 10
    assert [ask(brittle).error["code"] for _ in range(3)] == ["upstream_5xx", *["upstream_resting"] * 2]
    assert len(upstream.seen) == 1
    clock.now = 20
    upstream.replies = [answer()]
    assert [ask(brittle).text for _ in range(3)] == [TEXT] * 3


def test_a_request_at_fault_says_nothing_against_the_server(
    gateway: httpx2.Client, upstream: ScriptedUpstream
) -> None:
    """However many requests are refused for what they ask, the next one is sent on."""
    upstream.replies = [failure(400, message="no such field")] * 6 + [answer()]
    assert [ask(gateway).status for _ in range(7)] == [400] * 6 + [200]


def test_a_caller_in_a_hurry_says_nothing_against_the_server(
    gateway: httpx2.Client, upstream: ScriptedUpstream
) -> None:
    """Callers that wait for less than the server may take do not have it rest."""
    upstream.replies = [Reply(then="silence")] * 6 + [answer()]
    hurry = {"x-deadline-seconds": "0.05"}
    for _ in range(6):
        assert gateway.post("/chat/completions", json=HELLO, headers=hurry).status_code == 504
    assert ask(gateway).text == TEXT


def test_retries_have_a_budget(upstream: ScriptedUpstream) -> None:
    """Ten retries are saved, and each request adds a fifth of one; a metric has those that were refused."""
    with gateways(lambda: 0.0, openai_base_url=f"{upstream.url}/v1") as start:
        gateway = start()
        # Each refusal of the request resets the count of failures in a row, so that the server does not rest.
        upstream.replies = [failure(503, SOON, message="no"), failure(400, message="no")] * 10 + [
            failure(503, SOON, message="no")
        ]
        statuses = [ask(gateway).status for _ in range(10)]
        assert statuses == [400] * 10
        assert [ask(gateway).status for _ in range(3)] == [502] * 3
        assert len(upstream.seen) == 10 + 10 + 3 + 2  # two saved up by thirteen requests
        assert 'llm_retries_total{outcome="refused",server="127.0.0.1"}' in gateway.get("/metrics").text
