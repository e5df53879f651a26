"""The settings choose the backend, and the log and `/health` say which it is and how it does."""

import httpx2
import pytest
from structlog.testing import capture_logs

from code_rag.llm_server.backends.base import Call
from code_rag.llm_server.selection import choose_backend
from code_rag.llm_server.settings import Settings
from code_rag.servicekit.errors import ServiceError
from code_rag.servicekit.settings import SettingsError, read_settings
from tests.fixtures.scripted_upstream import ScriptedUpstream, chunk, failure, stream, whole
from tests.unit.llm_server.backends import a_backend_at, no_metrics

HELLO = {"messages": [{"role": "user", "content": "hello"}]}


async def test_without_a_model_the_log_says_how_to_get_one() -> None:
    """Neither key nor base URL: one warning, which names both variables."""
    with capture_logs() as logs:
        backend = choose_backend(Settings(), no_metrics())
    assert [model["id"] for model in await backend.models()] == ["extractive"]
    assert [line["log_level"] for line in logs] == ["warning"]
    assert "OPENAI_API_KEY" in logs[0]["event"]
    assert "OPENAI_BASE_URL" in logs[0]["event"]


@pytest.mark.parametrize(
    ("settings", "host"),
    [
        ({"openai_api_key": "sk-1"}, "api.openai.com"),
        ({"openai_base_url": "http://user:pw@ollama:11434/v1"}, "ollama"),
    ],
)
async def test_with_a_model_the_log_says_which(settings: dict[str, str], host: str) -> None:
    """A key or a base URL: one line with the model and the host, and no secret."""
    with capture_logs() as logs:
        backend = choose_backend(Settings.model_validate(settings), no_metrics())
    assert [(line["model"], line["host"]) for line in logs] == [("gpt-4o-mini", host)]
    assert "sk-1" not in repr(logs)
    assert "pw" not in repr(logs)
    await backend.close()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("OPENAI_BASE_URL", "localhost:11434"),
        ("UPSTREAM_FIRST_TOKEN_SECONDS", "0"),
        ("UPSTREAM_MAX_RETRIES", "99"),
    ],
)
def test_a_bad_variable_stops_the_start(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    """A value that cannot work is refused by the name of its variable."""
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=variable):
        read_settings(Settings)


def test_a_base_url_that_is_none_stops_the_start() -> None:
    """A URL that no client can call is refused by the variable's name, without a password in it."""
    with pytest.raises(SettingsError, match=r"^OPENAI_BASE_URL: ") as refused:
        choose_backend(Settings.model_validate({"openai_base_url": "http://ann:secret#1@h/v1"}), no_metrics())
    assert "secret" not in str(refused.value)


async def test_health_is_what_the_last_call_told(upstream: ScriptedUpstream) -> None:
    """The check degrades with the reason after a failure, in a stream too, and recovers with a success."""
    backend = a_backend_at(f"{upstream.url}/v1")
    assert (await backend.check()).status == "ok"
    upstream.replies = [failure(401, message="no"), whole(), stream(chunk({"content": "a"}))]
    with pytest.raises(ServiceError):
        await backend.complete(Call(HELLO))
    refused = await backend.check()
    assert refused.status == "degraded"
    assert "OPENAI_API_KEY" in refused.detail
    await backend.complete(Call(HELLO))
    assert (await backend.check()).status == "ok"
    with pytest.raises(ServiceError):
        [_ async for _ in backend.stream(Call(HELLO | {"stream": True}))]
    assert (await backend.check()).status == "degraded"
    await backend.close()


async def test_a_callers_fault_leaves_health_alone(upstream: ScriptedUpstream) -> None:
    """A request that the upstream refuses for its content says nothing against the upstream."""
    backend = a_backend_at(f"{upstream.url}/v1")
    upstream.replies = [failure(400, message="no")]
    with pytest.raises(ServiceError):
        await backend.complete(Call(HELLO))
    assert (await backend.check()).status == "ok"
    await backend.close()


def test_health_over_http(offline: httpx2.Client) -> None:
    """`/health` shows the check under `upstream`; working without a model is fine."""
    answer = offline.get("/health")
    assert answer.status_code == 200
    assert answer.json()["checks"]["upstream"] == {
        "status": "ok", "detail": "extractive: no OPENAI_API_KEY or OPENAI_BASE_URL",
    }  # fmt: skip
