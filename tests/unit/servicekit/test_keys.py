"""Callers with keys of their own: who is let in, how often, and where their name shows."""

from collections.abc import Callable
from pathlib import Path

import pytest
import structlog
from starlette.testclient import TestClient

from code_rag.servicekit.errors import Overloaded
from code_rag.servicekit.health import Health
from code_rag.servicekit.keys.caller import Caller, duration
from code_rag.servicekit.keys.callers import Callers
from code_rag.servicekit.keys.key_file import KeyFile
from code_rag.servicekit.keys.rate_limit import MINUTE, RateLimit
from code_rag.servicekit.settings import SettingsError
from tests.fixtures.hand_clock import HandClock
from tests.fixtures.keys import key_table, with_key
from tests.fixtures.waiting import wait_for
from tests.unit.servicekit.conftest import Client

ORDER = {"amount": 1}
Shop = Callable[..., TestClient]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the keys are."""
    return tmp_path / "keys.toml"


@pytest.fixture
def shop(client: Client, file: Path) -> Shop:
    """Builds a client of a shop with API_KEY `house-key` and the given tables of keys."""

    def build(*tables: str) -> TestClient:
        file.write_text("".join(tables) or "[keys]")
        return client(api_key="house-key", api_keys_file=file)

    return build


def test_every_key_opens_and_no_other(shop: Shop) -> None:
    """The keys of the file are as good as API_KEY; a key that is in neither is refused."""
    opened = shop(key_table("anna"), key_table("ben"))
    answers = {
        name: opened.get("/orders/1", headers=with_key(name)).status_code
        for name in ("house", "anna", "ben", "eve")
    }
    assert answers == {"house": 200, "anna": 200, "ben": 200, "eve": 401}


def test_the_hash_of_a_key_opens_nothing(shop: Shop) -> None:
    """Who reads the file cannot call with what it says."""
    opened = shop(key_table("anna"))
    digest = key_table("anna").split('"')[1]
    assert opened.get("/orders/1", headers={"authorization": f"Bearer {digest}"}).status_code == 401


def test_log_and_metrics_name_the_key_and_never_show_it(shop: Shop) -> None:
    """The line of a request has the key's name, the metrics count by it, neither has the key."""
    opened = shop(key_table("anna"))
    with structlog.testing.capture_logs() as lines:
        opened.get("/orders/1", headers=with_key("anna"))
        opened.get("/orders/1", headers=with_key("house"))
        opened.get("/orders/1", headers=with_key("eve"))
    assert [line.get("key") for line in lines if line["event"] == "request"] == ["anna", "API_KEY", None]
    text = opened.get("/metrics").text
    assert 'key_requests_total{key="anna",status="200"} 1.0' in text
    assert 'key_requests_total{key="API_KEY",status="200"} 1.0' in text
    assert "-key" not in text + str(lines)


def test_one_request_too_many_is_a_429(shop: Shop) -> None:
    """The refusal names the limit and when to come back, and says that it is this service's own."""
    opened = shop(key_table("anna", requests_per_minute=2), key_table("ben", requests_per_minute=2))
    first, second, third = (opened.post("/orders", json=ORDER, headers=with_key("anna")) for _ in range(3))
    assert [each.headers["x-ratelimit-remaining-requests"] for each in (first, second)] == ["1", "0"]
    assert (third.status_code, third.json()["error"]["code"]) == (429, "rate_limit_exceeded")
    assert third.json()["error"]["message"].startswith(
        "The key 'anna' is limited to 2 requests a minute. Try"
    )
    assert 1 <= int(third.headers["retry-after"]) <= 30
    assert third.headers["x-llm-error-source"] == "gateway"
    assert third.headers["x-ratelimit-limit-requests"] == "2"
    assert opened.post("/orders", json=ORDER, headers=with_key("ben")).status_code == 200


def test_only_posts_count(shop: Shop) -> None:
    """Reading a state costs none of the limit, but its answer, an error too, says what is left."""
    opened = shop(key_table("anna", requests_per_minute=1))
    answers = [opened.get(path, headers=with_key("anna")) for path in ("/orders/1", "/nowhere", "/bug") * 2]
    assert [each.status_code for each in answers] == [200, 404, 500] * 2
    assert {each.headers["x-ratelimit-remaining-requests"] for each in answers} == {"1"}


def test_a_key_without_limits_gets_no_headers_about_them(shop: Shop) -> None:
    """API_KEY has no limits, nor has a key whose table sets none, nor do tokens count here."""
    opened = shop(key_table("anna"), key_table("ben", tokens_per_minute=1))
    for name in ("house", "anna", "ben"):
        answer = opened.post("/orders", json=ORDER, headers=with_key(name))
        assert not [header for header in answer.headers if header.startswith("x-ratelimit-")]


def test_keys_are_rotated_while_the_service_runs(shop: Shop, file: Path) -> None:
    """A key that is added opens, and one that is removed is refused, without a restart."""
    opened = shop(key_table("anna"))
    assert opened.get("/orders/1", headers=with_key("anna")).status_code == 200
    file.write_text(key_table("ben"))
    wait_for(lambda: opened.get("/orders/1", headers=with_key("ben")).is_success, "the new key to open")
    assert opened.get("/orders/1", headers=with_key("anna")).status_code == 401


def test_health_says_how_many_keys_there_are(shop: Shop, health: Health) -> None:
    """The check `keys` is there where a file is set."""
    health.ready()
    check = shop(key_table("anna")).get("/health").json()["checks"]["keys"]
    assert check == {"status": "ok", "detail": "keys in API_KEYS_FILE: 1"}


def test_a_file_requires_the_services_own_key(client: Client, file: Path) -> None:
    """Without API_KEY the services could not call each other: the start says so."""
    file.write_text(key_table("anna"))
    with pytest.raises(SettingsError, match="API_KEYS_FILE: requires API_KEY"):
        client(api_keys_file=file)


def found(callers: Callers, name: str) -> Caller:
    """The caller with the key of that name."""
    caller = callers.find(with_key(name)["authorization"])
    assert caller is not None
    return caller


def test_limits_that_stay_the_same_go_on_counting(file: Path) -> None:
    """Another edit of the file gives nobody a fresh minute; a changed limit starts with one."""
    clock = HandClock()
    file.write_text(key_table("anna", requests_per_minute=5) + key_table("ben", requests_per_minute=5))
    callers = Callers("house-key", KeyFile(file, clock))
    before = {name: found(callers, name).requests for name in ("anna", "ben")}
    file.write_text(key_table("anna", requests_per_minute=5) + key_table("ben", requests_per_minute=6))
    clock.now += 1
    assert found(callers, "anna").requests is before["anna"]
    assert found(callers, "ben").requests is not before["ben"]


def test_a_request_that_waits_for_tokens_is_not_counted() -> None:
    """The wait that it is given suffices: its place among the requests is given back."""
    clock = HandClock()
    caller = Caller("anna", RateLimit(1, clock), RateLimit(60, clock))
    caller.settle_tokens(0, 70)
    caller.take_request()
    with pytest.raises(Overloaded, match=r"60 tokens a minute: .*about 20, and 0 are left") as refused:
        caller.reserve_tokens(20)
    assert refused.value.retry_after == 30
    clock.now += 30 * 10**9
    caller.take_request()
    assert caller.reserve_tokens(20) == 20


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "0s"), (1, "1ms"), (120 * 10**6, "120ms"), (10**9, "1s"), (10**9 + 1, "1.001s"),
        (59_999 * 10**6, "59.999s"), (6 * MINUTE, "6m0s"), (MINUTE * 3 // 2, "1m30s"),
        (61 * MINUTE + 10**8, "1h1m0.1s"),
    ],
)  # fmt: skip
def test_durations_are_written_as_openai_writes_them(nanoseconds: int, text: str) -> None:
    """Rounded up, so that whoever waits that long has waited long enough."""
    assert duration(nanoseconds) == text
