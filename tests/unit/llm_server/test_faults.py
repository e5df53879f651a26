"""Faults on demand: what a model server does wrong, provoked to see what becomes of it."""

from typing import Any

import httpx2
import pytest
from structlog.testing import capture_logs

from code_rag.llm_server.backends.faults import Fault, Faults
from code_rag.llm_server.settings import Settings
from code_rag.servicekit.settings import SettingsError, read_settings
from tests.fixtures.gateway import Gateway
from tests.fixtures.scripted_upstream import Reply, ScriptedUpstream, chunk, failure, stream, whole
from tests.fixtures.waiting import wait_for

HELLO: dict[str, Any] = {"messages": [{"role": "user", "content": "hello"}]}
WORDS = [chunk({"content": word}) for word in ["It", "is", "kept", "for", "thirty", "days"]]
ANSWER = [*WORDS, chunk({}, "stop")]
HALF = b'{"id": "1", "object": "chat.completion", "choi'
LIMITED = {"code": "rate_limit_exceeded", "message": "Rate limit reached: provoked by LLM_FAULTS."}
REAL = {
    "429": [failure(429, {"retry-after": "20"}, **LIMITED)],
    "500": [failure(500, message="Internal error: provoked by LLM_FAULTS.")],
    "truncated": [stream(*ANSWER[:5], then="cut"), Reply([HALF], then="cut")],
    "garbled": [stream(*["{oops"] * 4), Reply([b"{oops"])],
}  # fmt: skip
"""What a real server with that fault sends: to a caller who asked for a stream, then to one who did not."""


@pytest.fixture(scope="session")
def _start(start: Gateway) -> Gateway:
    def faulty(**settings: object) -> httpx2.Client:
        return start(environment="development", llm_faults="all", upstream_max_retries=1, **settings)

    return faulty


@pytest.fixture
def faulty(_start: Gateway, upstream: ScriptedUpstream) -> httpx2.Client:
    """llm-server in front of the fake, whose faults may be provoked; none waits."""
    client = _start(openai_base_url=f"{upstream.url}/v1", model_name="house-model")
    client.delete("/faults")
    return client


@pytest.fixture
def quoting(_start: Gateway) -> httpx2.Client:
    """llm-server without a model, whose faults may be provoked."""
    client = _start()
    client.delete("/faults")
    return client


def provoke(client: httpx2.Client, fault: str, **fields: object) -> None:
    """Have the next call fail so."""
    client.post("/faults", json={"fault": fault} | fields).raise_for_status()


def seen(client: httpx2.Client, *, streams: bool) -> tuple[int, str | None, str]:
    """The status, the wait and the last event or the body, as a caller sees them."""
    answer = client.post("/v1/chat/completions", json=HELLO | {"stream": streams})
    events = answer.text.strip().split("\n\n")
    return answer.status_code, answer.headers.get("retry-after"), events[-1]


@pytest.mark.parametrize("streams", [True, False])
@pytest.mark.parametrize("fault", REAL)
def test_a_provoked_fault_is_what_a_real_one_is(
    faulty: httpx2.Client, upstream: ScriptedUpstream, fault: str, streams: bool
) -> None:
    """Status, wait, code and sentence are the same as where a server does it, in a stream and without one."""
    upstream.replies = [REAL[fault][0 if streams else -1]]
    real = seen(faulty, streams=streams)
    assert '"error"' in real[2]
    upstream.replies = [stream(*ANSWER) if streams else whole()]

    provoke(faulty, fault)

    assert seen(faulty, streams=streams) == real
    assert seen(faulty, streams=streams)[0] == 200


def test_what_a_real_model_wrote_comes_before_it_ends(
    faulty: httpx2.Client, upstream: ScriptedUpstream
) -> None:
    """A truncated stream begins as the answer does, and never has its end."""
    upstream.replies = [stream(*ANSWER), stream(*WORDS[:2], chunk({}, "stop"))]
    provoke(faulty, "truncated", times=2)

    long, short = (faulty.post("/v1/chat/completions", json=HELLO | {"stream": True}).text for _ in range(2))

    assert [word in long for word in ("It", "thirty", "days")] == [True, True, False]
    assert "It" in short
    assert [text.count("upstream_stream_truncated") for text in (long, short)] == [1, 1]
    assert 'finish_reason":"stop' not in (long + short).replace(" ", "")


@pytest.mark.parametrize("streams", [True, False])
def test_a_slow_server_is_waited_for_or_not(
    faulty: httpx2.Client, upstream: ScriptedUpstream, streams: bool
) -> None:
    """Its answer is whole; a caller who does not wait so long gets the timeout of a silent server."""
    upstream.replies = [stream(*ANSWER) if streams else whole()]
    provoke(faulty, "slow", seconds=0.01)
    assert seen(faulty, streams=streams)[0] == 200
    provoke(faulty, "slow", seconds=60)

    late = faulty.post(
        "/v1/chat/completions", json=HELLO | {"stream": streams}, headers={"x-deadline-seconds": "0.1"}
    )

    assert (late.status_code, late.json()["error"]["code"]) == (504, "upstream_timeout")


def test_a_slow_server_pauses_within_its_answer(faulty: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """The first words come in time, the rest does not."""
    upstream.replies = [stream(*ANSWER)]
    provoke(faulty, "slow", seconds=0.4)
    headers = {"x-deadline-seconds": "0.3"}
    assert faulty.post("/chat/completions", json=HELLO | {"stream": True}, headers=headers).status_code == 504


@pytest.mark.parametrize("fault", REAL)
def test_quotes_fail_as_models_do(quoting: httpx2.Client, fault: str) -> None:
    """Without a model the faults are the same."""
    provoke(quoting, fault)
    assert '"error"' in seen(quoting, streams=True)[2]
    assert seen(quoting, streams=True)[2] == "data: [DONE]"


def test_a_fault_is_tried_again_like_any(faulty: httpx2.Client, upstream: ScriptedUpstream) -> None:
    """The attempts of one call are one fault; the log says that it was provoked."""
    provoke(faulty, "500", times=2)
    with capture_logs() as logs:
        seen(faulty, streams=False)
        wait_for(lambda: any(line.get("attempts") == 2 for line in logs), "the call's line in the log")
    assert [line["fault"] for line in logs if line["event"] == "fault provoked"] == ["500"]
    assert faulty.get("/faults").json() == {"pending": [{"fault": "500", "seconds": 10.0}]}


def test_health_says_what_is_to_come(faulty: httpx2.Client) -> None:
    """That faults may be provoked is said always; while one waits, the service is degraded."""
    assert faulty.get("/health").json()["checks"]["faults"] == {
        "status": "ok",
        "detail": "LLM_FAULTS is on: POST /faults provokes 429, 500, slow, truncated, garbled",
    }


async def test_the_check_names_what_waits() -> None:
    """Waiting faults degrade, by name, and the sentence says how to end it."""
    faults = Faults(["429", "truncated"])
    faults.provoke(Fault("truncated", 0), 12)
    result = await faults.check()
    assert result.status == "degraded"
    assert result.detail.startswith("the next calls fail on purpose: truncated, truncated")
    assert result.detail.endswith("…; DELETE /faults ends it")
    faults.end()
    assert (await faults.check()).status == "ok"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "fault"),
        ({"fault": "418"}, "fault"),
        ({"fault": "500", "times": 0}, "times"),
        ({"fault": "500", "times": 1_001}, "times"),
        ({"fault": "slow", "seconds": -1}, "seconds"),
    ],
)
def test_a_bad_request_is_named(faulty: httpx2.Client, body: dict[str, object], param: str) -> None:
    """What cannot be provoked is refused by its field, and nothing waits."""
    answer = faulty.post("/faults", json=body)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)
    assert faulty.get("/faults").json() == {"pending": []}


def test_only_what_is_allowed_can_be_provoked(start: Gateway) -> None:
    """With some of the faults allowed, the others are refused with their names; too many cannot wait."""
    client = start(environment="development", llm_faults="429, truncated")
    refused = client.post("/faults", json={"fault": "500"}).json()["error"]
    assert (refused["param"], refused["message"]) == ("fault", "LLM_FAULTS allows 429, truncated, not 500.")
    provoke(client, "truncated", times=1_000)
    assert client.post("/faults", json={"fault": "truncated"}).json()["error"]["param"] == "times"
    assert client.delete("/faults").json() == {"pending": []}


def test_without_the_setting_there_is_no_such_route(gateway: httpx2.Client) -> None:
    """A server that is not for development has nothing at that address, and health has no such check."""
    assert gateway.post("/faults", json={"fault": "500"}).status_code == 404
    assert "faults" not in gateway.get("/health").json()["checks"]


@pytest.mark.parametrize("environment", ["production", "local", ""])
def test_faults_are_for_development_only(monkeypatch: pytest.MonkeyPatch, environment: str) -> None:
    """Anywhere else the start is refused with a sentence."""
    monkeypatch.setenv("LLM_FAULTS", "all")
    monkeypatch.setenv("ENVIRONMENT", environment)
    with pytest.raises(
        SettingsError,
        match=r"LLM_FAULTS: .*with ENVIRONMENT=development only, not (production|local):",
    ):
        read_settings(Settings)


@pytest.mark.parametrize(
    ("value", "faults"),
    [
        ("", ()),
        ("all", ("429", "500", "slow", "truncated", "garbled")),
        ("truncated, slow,", ("truncated", "slow")),
    ],
)
def test_the_setting_is_a_list(monkeypatch: pytest.MonkeyPatch, value: str, faults: tuple[str, ...]) -> None:
    """Names with commas between them, or all."""
    monkeypatch.setenv("LLM_FAULTS", value)
    monkeypatch.setenv("ENVIRONMENT", "development")
    assert read_settings(Settings).llm_faults == faults


def test_an_unknown_fault_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is none is refused by the variable's name."""
    monkeypatch.setenv("LLM_FAULTS", "429,oops")
    monkeypatch.setenv("ENVIRONMENT", "development")
    with pytest.raises(SettingsError, match="LLM_FAULTS"):
        read_settings(Settings)
