"""Settings come from the environment, and a wrong one stops the start in one sentence."""

from pathlib import Path

import pytest
from pydantic import Field, SecretStr

from code_rag.servicekit.settings import (
    ServiceSettings,
    SettingsError,
    bearer,
    read_settings,
    settings_or_exit,
)


class ShopSettings(ServiceSettings):
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on.")
    shop_name: str = Field("corner", description="Name over the door.")


def test_each_bad_variable_is_named_and_no_value_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence names variables, and never what a secret held."""
    monkeypatch.setenv("PORT", "hunter2")
    monkeypatch.setenv("LOG_LEVEL", "loud")
    with pytest.raises(SettingsError) as caught:
        read_settings(ShopSettings)
    assert "PORT: " in str(caught.value)
    assert "LOG_LEVEL: " in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_bad_variable_ends_the_process_with_code_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No trace, one sentence, exit code 2."""
    monkeypatch.setenv("PORT", "70000")
    with pytest.raises(SystemExit, match="2"):
        settings_or_exit(ShopSettings)
    assert capsys.readouterr().err.startswith("Cannot start: PORT: ")


def test_an_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """`PORT=` in an env file means the default, as it does in shells."""
    monkeypatch.setenv("PORT", "")
    assert read_settings(ShopSettings).port == 8000


def test_the_secrets_file_lies_beneath_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A mounted file supplies what the environment leaves out or empty, and never overrides it."""
    secrets = tmp_path / "dotenv"
    secrets.write_text("API_KEY=from-file\nSHOP_NAME=from-file\nUNKNOWN=1\n")
    monkeypatch.setenv("SECRETS_FILE", str(secrets))
    monkeypatch.setenv("SHOP_NAME", "from-environment")
    monkeypatch.setenv("API_KEY", "")
    settings = read_settings(ShopSettings)
    assert settings.shop_name == "from-environment"
    assert bearer(settings.api_key) == {"authorization": "Bearer from-file"}


def test_without_a_key_no_header_is_sent() -> None:
    """No key, no Authorization header."""
    assert bearer(None) == {}


def test_a_secret_shows_in_no_repr() -> None:
    """Printing settings prints no key."""
    assert "sk-1" not in repr(ServiceSettings(port=1, api_key=SecretStr("sk-1")))
