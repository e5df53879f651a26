"""What the environment may say."""

import pytest

from code_rag.embedding_server.settings import Settings
from code_rag.servicekit.settings import SettingsError, read_settings

MODEL = "sentence-transformers/all-MiniLM-L6-v2"


def test_the_short_name_is_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """EMBEDDING_MODEL may leave the organisation out."""
    monkeypatch.setenv("EMBEDDING_MODEL", "all-MiniLM-L6-v2")
    assert read_settings(Settings).embedding_model == MODEL


def test_another_model_needs_the_other_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine refuses a model it was not made for; sentence-transformers takes any, and so `auto` does."""
    monkeypatch.setenv("EMBEDDING_MODEL", "BAAI/bge-small-en-v1.5")
    assert read_settings(Settings).embedding_engine == "auto"
    monkeypatch.setenv("EMBEDDING_ENGINE", "onnx")
    with pytest.raises(SettingsError, match="EMBEDDING_ENGINE=onnx serves"):
        read_settings(Settings)
    monkeypatch.setenv("EMBEDDING_ENGINE", "sentence-transformers")
    assert read_settings(Settings).embedding_model == "BAAI/bge-small-en-v1.5"


@pytest.mark.parametrize(
    ("variable", "value"),
    [("EMBEDDING_ENGINE", "tensorflow"), ("HF_ENDPOINT", "huggingface.co"), ("MAX_QUEUED_SECONDS", "0")],
)
def test_a_bad_value_is_named(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    """A value that cannot be stops the start with the variable's name."""
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=variable):
        read_settings(Settings)
