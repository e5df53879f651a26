"""A certificate that is refused says why, and how to trust a CA of one's own."""

from pathlib import Path

import pytest

from code_rag.llm_server.app import create_app
from code_rag.llm_server.backends.base import Call
from code_rag.llm_server.settings import Settings
from code_rag.servicekit.errors import UpstreamFailed
from code_rag.servicekit.settings import SettingsError
from tests.fixtures.scripted_upstream import scripted_upstream, whole
from tests.unit.llm_server.backends import a_backend_at

TLS = Path(__file__).parents[2] / "fixtures" / "tls"
HELLO = {"messages": [{"role": "user", "content": "hello"}]}


@pytest.fixture(autouse=True)
def _no_trust(monkeypatch: pytest.MonkeyPatch) -> None:
    """No CA but those of the test and of the system."""
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


async def ask(certificate: str, host: str = "127.0.0.1") -> None:
    """Ask a model server that has the given certificate, by one of its names."""
    with scripted_upstream(TLS / certificate) as fake:
        fake.replies = [whole()]
        address = f"{fake.url}/v1".replace("127.0.0.1", host)
        backend = a_backend_at(address)
        try:
            await backend.complete(Call(HELLO))
        finally:
            await backend.close()


async def test_a_trusted_ca_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """SSL_CERT_FILE with the CA's certificate makes the server's one good, on loopback too."""
    monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "ca.pem"))
    await ask("trusted.pem")


@pytest.mark.parametrize("bundle", ["", str(TLS / "ca.pem")])
async def test_an_unknown_ca_says_how_to_trust_it(monkeypatch: pytest.MonkeyPatch, bundle: str) -> None:
    """Without SSL_CERT_FILE the error names it; REQUESTS_CA_BUNDLE is another client's variable."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
    with pytest.raises(
        UpstreamFailed, match="is not trusted: set SSL_CERT_FILE to the file of its CA"
    ) as failed:
        await ask("trusted.pem")
    assert failed.value.code == "upstream_untrusted"
    assert "127.0.0.1:" in failed.value.message


@pytest.mark.parametrize(
    ("certificate", "host", "reason"),
    [
        ("expired.pem", "localhost", "has expired"),
        ("elsewhere.pem", "127.0.0.1", "is for another address"),
        ("elsewhere.pem", "localhost", "is for another host name"),
    ],
)
async def test_another_objection_is_named(
    monkeypatch: pytest.MonkeyPatch, certificate: str, host: str, reason: str
) -> None:
    """An expired certificate, or one for another host, is not blamed on the CA."""
    monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "ca.pem"))
    with pytest.raises(UpstreamFailed, match=reason) as failed:
        await ask(certificate, host)
    assert failed.value.code == "upstream_untrusted"


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
@pytest.mark.parametrize("host", ["127.0.0.1", "models.invalid"])
def test_a_path_to_nothing_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str, host: str
) -> None:
    """A file or folder that is not there is refused by its variable's name."""
    monkeypatch.setenv(variable, str(tmp_path / "missing"))
    with pytest.raises(SettingsError, match=f"^{variable}: "):
        create_app(Settings.model_validate({"openai_base_url": f"https://{host}/v1"}))


def test_a_file_without_certificates_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of something else is refused by its variable's name."""
    monkeypatch.setenv("SSL_CERT_FILE", __file__)
    with pytest.raises(SettingsError, match=r"^SSL_CERT_FILE: "):
        create_app(Settings.model_validate({"openai_base_url": "https://models.invalid/v1"}))
