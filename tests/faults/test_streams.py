"""Whatever an event stream holds, the caller gets the whole answer, or a true sentence about the fault."""

import itertools
import json
import zlib
from collections.abc import Iterator

import httpx2
import pytest

from tests.faults.asking import HELLO, Answer, ask
from tests.fixtures.gateway import Gateway
from tests.fixtures.scripted_upstream import JSON, SSE, Reply, ScriptedUpstream, chunk, data, stream, whole

MIB = b"x" * 1024 * 1024
END = [data(chunk({"content": "a"})), data(chunk({}, "stop")), data("[DONE]")]
STARTED = data(chunk({"content": "a"}))


def test_halves_of_a_character_are_joined(gateway: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """An emoji whose surrogates come in two chunks arrives as one character, in any kind of text."""
    call = [{"index": 0, "function": {"arguments": "\ud83d"}}]
    rest = [{"index": 0, "function": {"arguments": "\ude01"}}]
    halves = [
        chunk({"content": "a\ud83d", "tool_calls": call}),
        chunk({"content": ""}),
        chunk({"content": "\ude00b"}),
    ]
    upstream.replies = [stream(*halves, chunk({"tool_calls": rest}), chunk({}, "stop"), "[DONE]")]
    text = gateway.post("/chat/completions", json=HELLO | {"stream": True}).text
    assert "\\ud" not in text
    assert '"content": "😀b"' in text
    assert '"arguments": "😁"' in text


@pytest.mark.parametrize("half", [chr(0xD83D), chr(0xDE00)], ids=["first", "second"])
def test_half_a_character_is_replaced(gateway: httpx2.Client, upstream: ScriptedUpstream, half: str) -> None:
    """A half whose other half never comes does not break clients that read strictly."""
    message = {"role": "assistant", "content": f"{half}."}
    upstream.replies = [whole(choices=[{"index": 0, "message": message, "finish_reason": "length"}])]
    answer = gateway.post("/chat/completions", json=HELLO)
    assert answer.json()["choices"][0]["message"]["content"] == "\ufffd."
    upstream.replies = [
        stream(chunk({"content": half}), chunk({"content": "."}), chunk({}, "stop"), "[DONE]")
    ]
    assert ask(gateway).text == "\ufffd."


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999"])
def test_what_is_no_number_becomes_null(
    gateway: httpx2.Client, upstream: ScriptedUpstream, number: str
) -> None:
    """JSON has no NaN: the chunk, and the whole answer, arrive with null in its place."""
    told = json.dumps(chunk({"content": "a"}, "stop", logprob=0)).replace(
        '"logprob": 0', f'"logprob": {number}'
    )
    upstream.replies = [stream(told, "[DONE]")]
    text = gateway.post("/chat/completions", json=HELLO | {"stream": True}).text
    assert json.loads(text.split("\n")[0].removeprefix("data: "))["logprob"] is None
    upstream.replies = [Reply([b"".join(whole().pieces).replace(b"{", b'{"x": %b, ' % number.encode(), 1)])]
    assert gateway.post("/chat/completions", json=HELLO).json()["x"] is None


OTHER_EVENTS = {
    "named": b'event: ping\ndata: {"type": "ping"}\n\n',
    "named without JSON": b"event: ping\ndata: now\n\n",
    "only a name": b"event: ping\n\n",
    "only an id": b"id: 1\n\n",
    "only a retry time": b"retry: 3000\n\n",
    "empty data": b"data: \n\ndata\n\n",
    "comment": b": OPENROUTER PROCESSING\n\n",
}


@pytest.mark.parametrize("other", OTHER_EVENTS.values(), ids=OTHER_EVENTS)
def test_other_events_are_passed_over(
    gateway: httpx2.Client, upstream: ScriptedUpstream, other: bytes
) -> None:
    """What is no chunk neither ends a stream nor reaches the caller, before, between and after the chunks."""
    upstream.replies = [Reply([other, END[0], other, *END[1:], other], headers=SSE)]
    text = gateway.post("/chat/completions", json=HELLO | {"stream": True}).text
    assert text.encode() == b"".join(END)


@pytest.mark.parametrize("last", [END[:2], END], ids=["finish reason", "done"])
def test_a_finished_answer_ends_though_the_connection_does_not(
    gateway: httpx2.Client, upstream: ScriptedUpstream, last: list[bytes]
) -> None:
    """After its finish reason a stream that stays open is complete after a short grace."""
    upstream.replies = [Reply(last, headers=SSE, then="silence")]
    assert ask(gateway).complete
    assert upstream.caller_left.wait(10)


WRONG_BODIES = [
    (whole(), "sent a whole answer where a stream was asked for."),
    (Reply([b'{"error": {"message": "out of memory"}}']), "failed: out of memory"),
    (Reply([b"<html>Welcome</html>"]), "answered with something that is no event stream."),
    (stream({"error": {"message": "worker died"}}), "failed: worker died"),
    (Reply([b'event: error\ndata: {"message": "no worker"}\n\n'], headers=SSE), "failed: no worker"),
    (stream(), "sent an empty answer."),
    (stream(*["{"] * 4), "stream holds events that are not JSON objects."),
]  # fmt: skip


@pytest.mark.parametrize(("reply", "sentence"), WRONG_BODIES, ids=[sentence for _, sentence in WRONG_BODIES])
def test_a_body_that_is_no_stream_of_chunks(
    gateway: httpx2.Client, upstream: ScriptedUpstream, reply: Reply, sentence: str
) -> None:
    """Each has a sentence of its own, with a status of failure, and is not asked for again."""
    upstream.replies = [reply]
    answered = ask(gateway)
    assert (answered.status, len(upstream.seen)) == (502, 1)
    assert sentence in answered.error["message"]


@pytest.mark.parametrize("streamed", [False, True])
def test_a_body_that_breaks_off(gateway: httpx2.Client, upstream: ScriptedUpstream, streamed: bool) -> None:
    """A 200 whose body ends too early is lost during the answer, and is not asked for again."""
    body = STARTED if streamed else b'{"choices": ['
    upstream.replies = [
        Reply([body], headers=(SSE if streamed else JSON) | {"content-length": "500"}, then="cut")
    ]
    answer = gateway.post("/chat/completions", json=HELLO | {"stream": streamed})
    assert "The connection to the model server was lost during the answer." in answer.text
    assert answer.is_success == streamed
    assert len(upstream.seen) == 1


def endless(piece: bytes, taken: list[int]) -> Iterator[bytes]:
    """The piece again and again; `taken` counts them."""
    for number in itertools.count(1):
        taken[:] = [number]
        yield piece


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("started", [b"data: ", b""], ids=["data", "nothing"])
def test_what_never_ends_is_not_kept(
    gateway: httpx2.Client, upstream: ScriptedUpstream, streamed: bool, started: bytes
) -> None:
    """A line without an end is given up after eight mebibytes, and the server sees that nobody reads on."""
    taken: list[int] = []
    upstream.replies = [Reply(itertools.chain([started], endless(MIB, taken)), headers=SSE)]
    answer = gateway.post("/chat/completions", json=HELLO | {"stream": streamed})
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "upstream_too_large")
    assert upstream.caller_left.wait(10)
    assert taken[0] < 40


@pytest.mark.parametrize("streamed", [False, True])
def test_little_that_opens_to_much_is_not_kept(
    gateway: httpx2.Client, upstream: ScriptedUpstream, streamed: bool
) -> None:
    """Nobody asked for compression; what opens to more than eight mebibytes is given up while it opens."""
    packer = zlib.compressobj(wbits=31)
    packed = b"".join([*(packer.compress(b"\0" * len(MIB)) for _ in range(64)), packer.flush()])
    upstream.replies = [Reply([packed], headers={"content-encoding": "gzip"})]
    answer = gateway.post("/chat/completions", json=HELLO | {"stream": streamed})
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "upstream_too_large")
    assert upstream.seen[0].headers["accept-encoding"] == "identity"


def test_comments_are_no_answer(impatient: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """A server that only says that it is at work is given up at the limit for the first token."""
    upstream.replies = [Reply(itertools.repeat(b": at work\n\n"), headers=SSE, every=0.02)]
    assert is_late(ask(impatient), "did not begin to answer within 0.3 s.")


def test_a_trickle_is_no_answer(impatient: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """A server that sends a chunk now and then, without end, is given up at the limit for the whole."""
    upstream.replies = [Reply(itertools.repeat(STARTED), headers=SSE, every=0.05)]
    assert is_late(ask(impatient), "did not finish its answer within 1 s.")


def test_a_role_is_no_first_token(start: Gateway, upstream: ScriptedUpstream) -> None:
    """A server that names the role at once and then thinks for longer than a pause is waited for."""
    role = data(chunk({"role": "assistant", "content": ""}))
    upstream.replies = [Reply([role, *END], headers=SSE, every=0.4)]
    patient = start(upstream_first_token_seconds=20, upstream_pause_seconds=0.3)
    upstream.replies = [Reply([role, b"".join(END)], headers=SSE, every=0.6)]
    assert ask(patient).complete


def is_late(answered: Answer, sentence: str) -> bool:
    """Whether an answer ended with that timeout."""
    message: str = answered.error["message"]
    return answered.error["code"] == "upstream_timeout" and message.endswith(sentence)
