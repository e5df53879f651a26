"""The sixteen faults S01 to S16 of the public gateway benchmark, each with what a good gateway does.

There is one model server here, and so none to fail over to: where the benchmark would have the answer come
from another one, the criterion is a clear error within bounds that leaves the gateway well.
"""

from typing import Any

import httpx2
import pytest

from tests.faults.asking import ask
from tests.fixtures.scripted_upstream import (
    SSE,
    Reply,
    ScriptedUpstream,
    Then,
    chunk,
    data,
    failure,
    stream,
)

WORDS = [f"word{number} " for number in range(60)]
TEXT = "".join(WORDS)
SOON = {"retry-after-ms": "1"}
USAGE = {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 60}}
ENDED: list[Any] = [chunk({}, "stop"), USAGE, "[DONE]"]


def words(first: int, last: int) -> list[Any]:
    """The chunks of some words of the answer."""
    return [chunk({"content": word}) for word in WORDS[first:last]]


def answer() -> Reply:
    """The whole answer."""
    return stream(*words(0, 60), *ENDED)


def part(of: int, then: Then) -> Reply:
    """The answer's first words, then a fault."""
    return stream(*words(0, of), then=then)


def is_well(gateway: httpx2.Client, upstream: ScriptedUpstream) -> bool:
    """Whether the next call is answered."""
    upstream.replies = [answer()]
    return ask(gateway).text == TEXT


def test_s01_a_limit_that_says_how_long(gateway: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """429 with Retry-After: the wait is kept, then the whole answer comes."""
    upstream.replies = [failure(429, {"retry-after": "1"}, message="slow down"), answer()]
    assert ask(gateway).text == TEXT
    first, second = upstream.seen
    assert second.at - first.at >= 0.95


def test_s02_a_limit_that_lasts(gateway: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """429 without end: three calls at most, then a 429 that OpenAI's client does not repeat."""
    upstream.replies = [failure(429, message="slow down")]
    answered = ask(gateway)
    assert (answered.status, answered.error["code"]) == (429, "rate_limit_exceeded")
    assert answered.headers["x-should-retry"] == "false"
    assert len(upstream.seen) == 3


def test_s03_one_failure(gateway: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """500 once: the same server is asked again, and the caller sees nothing of it."""
    upstream.replies = [failure(500, SOON, message="oops"), answer()]
    assert ask(gateway).text == TEXT
    assert len(upstream.seen) == 2


def test_s04_an_overload_that_lasts(gateway: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """503 without end: three calls at most, then the server's own reason."""
    upstream.replies = [failure(503, SOON, message="overloaded")]
    answered = ask(gateway)
    assert (answered.status, answered.error["code"]) == (502, "upstream_5xx")
    assert answered.error["message"] == "The model server failed with HTTP 503. overloaded"
    assert len(upstream.seen) == 3


def test_s05_a_reset_before_the_answer(gateway: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """A connection that is reset before a status is tried again, and the whole answer comes."""
    upstream.replies = [Reply(then="reset"), answer()]
    assert ask(gateway).text == TEXT


def test_s06_no_answer_at_all(impatient: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """Silence ends at the limit, is not asked for a second time, and the server sees that it is over."""
    upstream.replies = [Reply(then="silence")]
    answered = ask(impatient)
    assert (answered.status, answered.error["code"]) == (504, "upstream_timeout")
    assert answered.error["message"] == "The model server did not begin to answer within 0.3 s."
    assert upstream.caller_left.wait(10)
    assert len(upstream.seen) == 1


def test_s07_a_slow_first_token(gateway: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """Headers at once and a first token much later are a good answer."""
    late = [data(chunk({"role": "assistant"})), b": at work\n\n", *answer().pieces]
    upstream.replies = [Reply(late, headers=SSE, every=0.01)]
    assert ask(gateway).text == TEXT


def test_s08_a_stream_that_breaks_off(gateway: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """What came is passed on, and an error follows: a part is never shown as the whole."""
    upstream.replies = [part(40, "cut")]
    answered = ask(gateway)
    assert (answered.complete, answered.error["code"]) == (False, "upstream_stream_truncated")
    assert answered.text == "".join(WORDS[:40])
    assert len(upstream.seen) == 1


def test_s09_a_stream_that_stalls(impatient: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """Silence after a part ends in an error at the limit for pauses, and the next call is answered."""
    upstream.replies = [part(20, "silence")]
    answered = ask(impatient)
    assert (answered.complete, answered.error["code"]) == (False, "upstream_timeout")
    assert answered.error["message"] == "The model server paused for more than 0.3 s during the answer."
    assert is_well(impatient, upstream)


def test_s10_an_event_that_is_garbled(gateway: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """One event that is no JSON is passed over; the text of all others arrives, as does the next answer."""
    upstream.replies = [stream(*words(0, 10), '{"choices": [{"delta": {"content": ', *words(10, 60), *ENDED)]
    answered = ask(gateway)
    assert (answered.complete, answered.text) == (True, TEXT)
    assert is_well(gateway, upstream)


def test_s11_a_stream_without_its_last_word(gateway: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """A complete stream without `[DONE]` is complete, with its usage for who asked."""
    upstream.replies = [stream(*words(0, 60), *ENDED[:2])]
    response = gateway.post(
        "/v1/chat/completions",
        json={"messages": [{"role": "user", "content": "x"}], "stream": True}
        | {"stream_options": {"include_usage": True}},
    )
    assert '"completion_tokens": 60' in response.text
    assert response.text.endswith("data: [DONE]\n\n")


def test_s12_too_long_a_prompt(gateway: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """A prompt that does not fit is not sent again."""
    upstream.replies = [failure(400, message="maximum context length is 8", code="context_length_exceeded")]
    answered = ask(gateway)
    assert (answered.status, answered.error["code"]) == (400, "context_length_exceeded")
    assert len(upstream.seen) == 1


def test_s13_a_content_filter(gateway: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """A refusal for its content is not sent again, and the reason is the server's."""
    upstream.replies = [
        failure(400, message="rejected by our safety system", code="content_policy_violation")
    ]
    answered = ask(gateway)
    assert (answered.status, answered.error["code"]) == (400, "content_policy_violation")
    assert answered.error["message"] == "rejected by our safety system"
    assert len(upstream.seen) == 1


def test_s14_no_half_answer_is_continued(gateway: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """A broken stream is not sent on as the start of an answer to complete: the fault stays visible."""
    upstream.replies = [part(40, "cut"), failure(400, message="no prefill", code="invalid_prefill")]
    assert ask(gateway).error["code"] == "upstream_stream_truncated"
    assert [seen.body["messages"][-1]["role"] for seen in upstream.seen] == ["user"]


def test_s15_a_server_that_is_down_for_a_while(gateway: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """While it is down each call ends with its reason; the first call after that is answered."""
    upstream.replies = [failure(503, SOON, message="overloaded")]
    assert [ask(gateway).error["code"] for _ in range(3)] == ["upstream_5xx"] * 3
    assert is_well(gateway, upstream)


@pytest.mark.parametrize(
    "replies", [[failure(503, SOON, message="no")], [failure(503, SOON, message="no"), answer()]]
)
def test_s16_failed_attempts_cost_nothing(
    gateway: httpx2.Client, upstream: ScriptedUpstream, replies: list[Reply]
) -> None:
    """Tokens are counted for the answer that came, once, and not for attempts that failed."""
    before = tokens(gateway)
    upstream.replies = list(replies)
    answered = ask(gateway)
    assert tokens(gateway) - before == (60 if answered.complete else 0)


def tokens(gateway: httpx2.Client) -> float:
    """The tokens written so far, by the metrics."""
    lines = gateway.get("/metrics").text.splitlines()
    counted = [line.split()[-1] for line in lines if line.startswith('chat_tokens_total{direction="output"}')]
    return float(counted[0]) if counted else 0
