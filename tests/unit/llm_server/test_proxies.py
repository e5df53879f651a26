"""The environment's proxies lead to other hosts, never to this machine, and a useless one stops the start."""

import os
from urllib.parse import urlsplit

import pytest

from code_rag.llm_server.app import create_app
from code_rag.llm_server.backends.base import Call
from code_rag.llm_server.settings import Settings
from code_rag.servicekit.errors import UpstreamFailed
from code_rag.servicekit.settings import SettingsError
from tests.fixtures.scripted_upstream import ScriptedUpstream, whole
from tests.unit.llm_server.backends import a_backend_at
from tests.unit.llm_server.fake_socks import serving_socks

HELLO = {"messages": [{"role": "user", "content": "hello"}]}
ELSEWHERE = "http://models.invalid/v1"


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy but those of the test."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


async def ask(base_url: str) -> None:
    """Ask the model server at `base_url`, once."""
    backend = a_backend_at(base_url)
    try:
        await backend.complete(Call(HELLO))
    finally:
        await backend.close()


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
@pytest.mark.parametrize("scheme", ["http", "socks5h", "socks4", "nonsense"])
async def test_this_machine_is_called_directly(
    upstream: ScriptedUpstream, closed_port: int, monkeypatch: pytest.MonkeyPatch, variable: str, scheme: str
) -> None:
    """Whatever the proxy variables say, and without NO_PROXY, a server on loopback gets the request."""
    monkeypatch.setenv(variable, f"{scheme}://127.0.0.1:{closed_port}")
    upstream.replies = [whole()]
    await ask(f"{upstream.url}/v1")
    assert len(upstream.seen) == 1


async def test_another_host_is_called_through_the_proxy(
    upstream: ScriptedUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HTTP_PROXY without a scheme of its own is an HTTP proxy."""
    monkeypatch.setenv("HTTP_PROXY", upstream.url.removeprefix("http://"))
    upstream.replies = [whole()]
    await ask(ELSEWHERE)
    assert upstream.seen[0].headers["host"] == "models.invalid"


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
async def test_another_host_is_called_through_a_socks_proxy(
    upstream: ScriptedUpstream, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    """A SOCKS proxy is asked for the host by its name, which need not be known here."""
    upstream.replies = [whole()]
    async with serving_socks(urlsplit(upstream.url).port or 0) as proxy:
        monkeypatch.setenv("ALL_PROXY", f"{scheme}://{proxy.url}")
        await ask(ELSEWHERE)
    assert proxy.asked == ["models.invalid:80"]
    assert len(upstream.seen) == 1


async def test_no_proxy_is_obeyed(
    upstream: ScriptedUpstream, closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A host that NO_PROXY names is called directly, and the error names no proxy."""
    monkeypatch.setenv("HTTP_PROXY", upstream.url)
    monkeypatch.setenv("NO_PROXY", "models.invalid")
    with pytest.raises(UpstreamFailed) as failed:
        await ask(ELSEWHERE)
    assert failed.value.message == "The model server at models.invalid cannot be reached."
    assert upstream.seen == []


@pytest.mark.parametrize("scheme", ["http", "socks5h"])
@pytest.mark.parametrize("target", ["http://models.invalid/v1", "https://models.invalid/v1"])
async def test_a_proxy_that_does_not_answer_is_named(
    closed_port: int, monkeypatch: pytest.MonkeyPatch, scheme: str, target: str
) -> None:
    """The error names the proxy's host and port, and not the credentials in its URL."""
    monkeypatch.setenv("ALL_PROXY", f"{scheme}://ann:secret@127.0.0.1:{closed_port}")
    with pytest.raises(UpstreamFailed) as failed:
        await ask(target)
    assert failed.value.code == "upstream_unreachable"
    assert failed.value.message == (
        f"The model server at models.invalid cannot be reached through the proxy at 127.0.0.1:{closed_port}."
    )


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "https_proxy", "ALL_PROXY"])
@pytest.mark.parametrize(
    "value",
    [
        "socks4://ann:secret@h:1",
        "socks://secret",
        "ftp://secret",
        "http://secret:port",
        "http://",
        "://secret",
    ],
)
def test_a_useless_proxy_stops_the_start(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    """A proxy of another kind, or no URL at all, is refused by its variable's name, without its value."""
    monkeypatch.setenv(variable, value)
    with pytest.raises(
        SettingsError, match=f"^{variable}: must be the URL of an http, https or socks5"
    ) as refused:
        create_app(Settings.model_validate({"openai_base_url": ELSEWHERE}))
    assert "secret" not in str(refused.value)


def test_a_proxy_that_nothing_uses_may_be_useless(monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_PROXY=* turns every proxy off, and an entry of NO_PROXY that cannot be read is passed over."""
    monkeypatch.setenv("ALL_PROXY", "socks4://h:1")
    monkeypatch.setenv("NO_PROXY", "[bad, 10.0.0.0/99, *")
    app = create_app(Settings.model_validate({"openai_base_url": ELSEWHERE}))
    assert app.title == "llm-server"
