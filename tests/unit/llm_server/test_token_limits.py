"""Keys with limits at the chat endpoints, as their callers see them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from openai import OpenAI

from tests.fixtures.gateway import gateways
from tests.fixtures.keys import key_table, with_key
from tests.fixtures.scripted_upstream import ScriptedUpstream, chunk, failure, stream, whole
from tests.fixtures.waiting import wait_for

HELLO = {"messages": [{"role": "user", "content": "hello"}], "max_tokens": 20}
USED = {"prompt_tokens": 30, "completion_tokens": 10}
THEIRS = {"x-ratelimit-limit-requests": "9", "x-ratelimit-remaining-images": "9"}
KEYS = (
    key_table("anna", requests_per_minute=600, tokens_per_minute=60),
    key_table("ben", tokens_per_minute=60_000),
    key_table("carl", requests_per_minute=600),
    key_table("dora", tokens_per_minute=600),
)


@pytest.fixture
def gateway(upstream: ScriptedUpstream, tmp_path: Path) -> Iterator[httpx2.Client]:
    """llm-server of the test's own, with the keys above."""
    file = tmp_path / "keys.toml"
    file.write_text("".join(KEYS))
    with gateways(
        openai_base_url=f"{upstream.url}/v1", api_key="house-key", api_keys_file=file, upstream_max_retries=0
    ) as start:
        yield start()


def left(answer: httpx2.Response, of: str = "tokens") -> int:
    """What the answer says is left of a limit."""
    return int(answer.headers[f"x-ratelimit-remaining-{of}"])


def say_hello(gateway: httpx2.Client, name: str, **fields: object) -> httpx2.Response:
    return gateway.post("/v1/chat/completions", json=HELLO | fields, headers=with_key(name))


def test_an_answer_says_what_is_left_after_it(gateway: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """A whole answer's headers count what it used; the estimate is settled by then."""
    upstream.replies = [whole(usage=USED)]
    answer = say_hello(gateway, "anna")
    assert answer.headers["x-ratelimit-limit-tokens"] == "60"
    assert 20 <= left(answer) < 60
    assert answer.headers["x-ratelimit-reset-tokens"].endswith("s")
    assert left(answer, "requests") >= 599


def test_every_answer_says_what_is_left(gateway: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """A stream, an error and a list have the headers as well."""
    upstream.replies = [stream(chunk({"content": "hi"}, "stop"))]
    answers = [
        say_hello(gateway, "anna", stream=True),
        say_hello(gateway, "anna", messages=[]),
        gateway.get("/v1/models", headers=with_key("anna")),
    ]
    assert [answer.status_code for answer in answers] == [200, 400, 200]
    for answer in answers:
        assert left(answer) <= 60
        assert left(answer, "requests") <= 600


def test_a_stream_is_settled_by_its_usage(gateway: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """The tokens that a stream reports count, whether or not its caller asked for them."""
    upstream.replies = [stream(chunk({"content": "hi"}, "stop"), {"choices": [], "usage": USED})]
    assert say_hello(gateway, "anna", stream=True).is_success
    assert 20 <= left(gateway.get("/v1/models", headers=with_key("anna"))) < 60


def test_one_token_too_many_is_a_429(gateway: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """It says which limit and until when, comes from here, and reaches no model server."""
    upstream.replies = [whole(usage={"prompt_tokens": 3000, "completion_tokens": 0})]
    assert say_hello(gateway, "anna").is_success
    refused = say_hello(gateway, "anna")
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "rate_limit_exceeded")
    assert "limited to 60 tokens a minute" in refused.json()["error"]["message"]
    assert 2900 < int(refused.headers["retry-after"]) < 3000
    assert (refused.headers["x-llm-error-source"], left(refused)) == ("gateway", 0)
    assert len(upstream.seen) == 1


def test_the_model_servers_own_limit_is_another(gateway: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """A 429 of the model server does not come as one of this server, and costs no tokens."""
    upstream.replies = [failure(429, {"retry-after": "7", **THEIRS}, code="rate_limit_exceeded")]
    refused = say_hello(gateway, "anna")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "7")
    assert "x-llm-error-source" not in refused.headers
    assert left(refused) == 60


@pytest.mark.parametrize("streamed", [False, True])
def test_the_model_servers_headers_are_not_the_callers(
    gateway: httpx2.Client, upstream: ScriptedUpstream, streamed: bool
) -> None:
    """A key with limits sees its own and none of the server's; without limits, the server's pass."""
    chunks = stream(chunk({"content": "hi"}, "stop"))
    reply = chunks if streamed else whole()
    upstream.replies = [type(reply)(reply.pieces, headers=reply.headers | THEIRS)]
    own = say_hello(gateway, "carl", stream=streamed).headers
    assert own["x-ratelimit-limit-requests"] == "600"
    assert "x-ratelimit-remaining-images" not in own
    theirs = say_hello(gateway, "house", stream=streamed).headers
    assert THEIRS.items() <= dict(theirs).items()


def test_a_caller_who_leaves_pays_for_what_came(gateway: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """An answer that nobody reads to its end is settled: its reservation is not kept."""
    upstream.replies = [stream(chunk({"content": "four" * 3000}), then="silence")]
    with asking(gateway, "dora") as answer:
        next(answer.iter_text())
    assert upstream.caller_left.wait(10)

    def paid() -> bool:
        return left(gateway.get("/v1/models", headers=with_key("dora"))) == 0

    wait_for(paid, "what came to be paid")


@contextmanager
def asking(gateway: httpx2.Client, name: str) -> Iterator[httpx2.Response]:
    """A stream that is left in the middle."""
    request = HELLO | {"stream": True}
    with gateway.stream("POST", "/v1/chat/completions", json=request, headers=with_key(name)) as answer:
        yield answer


def test_openais_client_waits_as_long_as_it_has_to(
    gateway: httpx2.Client, upstream: ScriptedUpstream
) -> None:
    """After `Retry-After`, which is longer than its own pauses, its first retry is let in."""
    upstream.replies = [whole(usage={"prompt_tokens": 62_900, "completion_tokens": 0}), whole()]
    with OpenAI(base_url=f"{gateway.base_url}/v1", api_key="ben-key") as client:
        retries = [
            client.chat.completions.with_raw_response.create(
                model="m", max_tokens=1, messages=[{"role": "user", "content": "hello"}]
            ).retries_taken
            for _ in range(2)
        ]
    assert retries == [0, 1]
    assert len(upstream.seen) == 2
