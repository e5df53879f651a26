"""The sixteen faults S01 to S16 of the public gateway benchmark, with two model servers, `main` and `spare`.

The criterion beside each is the benchmark's own. It counts as passed only where the caller has the
whole answer in the end (in S13 a clean error), and every check of the scenario holds.
"""

from typing import Any

import httpx2
import pytest

from tests.faults.asking import Answer, ask
from tests.fixtures.hand_clock import HandClock
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
COUNTED = {"stream_options": {"include_usage": True}}


def words(first: int, last: int) -> list[Any]:
    """The chunks of some words of the answer."""
    return [chunk({"content": word}) for word in WORDS[first:last]]


def answer() -> Reply:
    """The whole answer."""
    return stream(*words(0, 60), *ENDED)


def part(of: int, then: Then) -> Reply:
    """The answer's first words, then a fault."""
    return stream(*words(0, of), then=then)


def is_rescued(answered: Answer) -> bool:
    """Whether the caller has the whole answer, once, and takes it for whole."""
    return answered.complete and answered.text == TEXT


@pytest.fixture(autouse=True)
def _the_spare_is_well(spare: ScriptedUpstream) -> None:
    spare.replies = [answer()]


def test_s01_a_limit_that_says_how_long(
    pair: httpx2.Client, upstream: ScriptedUpstream, spare: ScriptedUpstream
) -> None:
    """429 with Retry-After: rescued by a retry after the wait, and by none before."""
    upstream.replies = [failure(429, {"retry-after-ms": "200"}, message="slow down"), answer()]
    assert is_rescued(ask(pair))
    first, second = upstream.seen
    assert second.at - first.at >= 0.19
    assert spare.seen == []


def test_s02_a_limit_that_lasts(pair: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """429 without end: rescued, with three calls at most, four of which in three seconds were too many."""
    upstream.replies = [failure(429, SOON, message="slow down")]
    assert is_rescued(ask(pair))
    assert len(upstream.seen) == 3


def test_s03_one_failure(pair: httpx2.Client, upstream: ScriptedUpstream, spare: ScriptedUpstream) -> None:
    """500 once: rescued by the same server, which is asked twice."""
    upstream.replies = [failure(500, SOON, message="oops"), answer()]
    assert is_rescued(ask(pair))
    assert (len(upstream.seen), spare.seen) == (2, [])


def test_s04_an_overload_that_lasts(pair: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """503 without end: rescued, after six calls at most."""
    upstream.replies = [failure(503, SOON, message="overloaded")]
    assert is_rescued(ask(pair))
    assert len(upstream.seen) <= 6


def test_s05_a_reset_before_the_answer(pair: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """A connection that is reset before a status: rescued."""
    upstream.replies = [Reply(then="reset"), answer()]
    assert is_rescued(ask(pair))


def test_s06_no_answer_at_all(pair: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """Silence: rescued at the limit for a first token, and the silent server is asked once and left."""
    upstream.replies = [Reply(then="silence")]
    assert is_rescued(ask(pair))
    assert upstream.caller_left.wait(10)
    assert len(upstream.seen) == 1


def test_s07_a_slow_first_token(pair: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """Headers and a role at once and no token: rescued at the limit, without a word of the first server."""
    upstream.replies = [Reply([data(chunk({"role": "assistant"}))], headers=SSE, then="silence")]
    answered = ask(pair)
    assert is_rescued(answered)
    assert answered.models == {"spare"}


def test_s08_a_stream_that_breaks_off(pair: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """A break after 40 of 60 words: rescued by the rest of the same text; a part is never the whole."""
    upstream.replies = [part(40, "cut")]
    assert is_rescued(ask(pair))


def test_s08_another_text_is_no_rest(
    pair: httpx2.Client, upstream: ScriptedUpstream, spare: ScriptedUpstream
) -> None:
    """Where the other server writes something else, none of that comes, and the first one's error does."""
    upstream.replies = [part(40, "cut")]
    spare.replies = [stream(*words(0, 39), chunk({"content": "otherwise "}), *words(40, 60), *ENDED)]
    answered = ask(pair)
    assert (answered.complete, answered.error["code"]) == (False, "upstream_stream_truncated")
    assert answered.text == "".join(WORDS[:40])


def test_s09_a_stream_that_stalls(pair: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """Silence after 20 words: rescued at the limit for pauses, and the next call is answered."""
    upstream.replies = [part(20, "silence"), answer()]
    assert is_rescued(ask(pair))
    assert is_rescued(ask(pair))


def test_s10_an_event_that_is_garbled(
    pair: httpx2.Client, upstream: ScriptedUpstream, spare: ScriptedUpstream
) -> None:
    """One event that is no JSON: rescued in place with the others' text, and the next call is answered."""
    upstream.replies = [stream(*words(0, 10), '{"choices": [{"delta": {"content": ', *words(10, 60), *ENDED)]
    assert is_rescued(ask(pair))
    assert is_rescued(ask(pair))
    assert spare.seen == []


def test_s11_a_stream_without_its_last_word(pair: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """A complete stream without `[DONE]`: rescued, with its usage."""
    upstream.replies = [stream(*words(0, 60), *ENDED[:2])]
    answered = ask(pair, **COUNTED)
    assert is_rescued(answered)
    assert answered.usage == USAGE["usage"]


def test_s12_too_long_a_prompt(
    pair: httpx2.Client, upstream: ScriptedUpstream, spare: ScriptedUpstream
) -> None:
    """A prompt that does not fit: rescued by the model that reads more, with one call to the first."""
    upstream.replies = [failure(400, message="maximum context length is 8", code="context_length_exceeded")]
    assert is_rescued(ask(pair, model="main"))
    assert (len(upstream.seen), len(spare.seen)) == (1, 1)


def test_s13_a_content_filter(
    pair: httpx2.Client, upstream: ScriptedUpstream, spare: ScriptedUpstream
) -> None:
    """A refusal for its content: the server's own reason after one call, and nobody else is asked."""
    upstream.replies = [
        failure(400, message="rejected by our safety system", code="content_policy_violation")
    ]
    answered = ask(pair)
    assert (answered.status, answered.error["code"]) == (400, "content_policy_violation")
    assert answered.error["message"] == "rejected by our safety system"
    assert (len(upstream.seen), spare.seen) == (1, [])


def test_s14_no_half_answer_is_continued(
    pair: httpx2.Client, upstream: ScriptedUpstream, spare: ScriptedUpstream
) -> None:
    """A break, and a spare that refuses prompts with the start of an answer: rescued, as it gets none."""
    upstream.replies = [part(40, "cut")]
    assert is_rescued(ask(pair))
    assert [seen.body["messages"][-1]["role"] for seen in spare.seen] == ["user"]


def test_s14_the_first_failure_is_the_answer(
    pair: httpx2.Client, upstream: ScriptedUpstream, spare: ScriptedUpstream
) -> None:
    """What the spare objects to does not hide what went wrong."""
    upstream.replies = [part(40, "cut")]
    spare.replies = [failure(400, message="no prefill", code="invalid_prefill")]
    assert ask(pair).error["code"] == "upstream_stream_truncated"


def test_s15_a_server_that_is_down_for_a_while(
    pair: httpx2.Client, upstream: ScriptedUpstream, spare: ScriptedUpstream, clock: HandClock
) -> None:
    """Down for 60 s of 80, asked every 4 s: all are rescued, by the first server within 30 s of its return.

    While it is down it is asked less often than there are requests.
    """
    upstream.replies = [failure(503, SOON, message="overloaded")]
    while clock.now < 60:
        assert is_rescued(ask(pair))
        clock.now += 4
    during = len(upstream.seen)
    assert during <= len(spare.seen) == 15
    upstream.replies = [answer()]
    while len(upstream.seen) == during:
        assert clock.now < 90
        assert is_rescued(ask(pair))
        clock.now += 4
    assert ask(pair).models == {"main"}


def test_s16_who_answered_is_said(pair: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """503 without end: the answer names the spare and has its usage; failed attempts are not counted."""
    before = tokens(pair)
    upstream.replies = [failure(503, SOON, message="overloaded")]
    answered = ask(pair, **COUNTED)
    assert is_rescued(answered)
    assert (answered.models, answered.usage) == ({"spare"}, USAGE["usage"])
    assert len(upstream.seen) <= 6
    assert tokens(pair) - before == 60


def tokens(gateway: httpx2.Client) -> float:
    """The tokens written so far, by the metrics."""
    lines = gateway.get("/metrics").text.splitlines()
    written = [
        line for line in lines if line.startswith("gen_ai_client_token_usage_sum{") and '"output"' in line
    ]
    return sum(float(line.split()[-1]) for line in written)
