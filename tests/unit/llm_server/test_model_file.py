"""The file of LLM_MODELS: what it says, and one clear sentence for each fault in it."""

from pathlib import Path

import pytest

from code_rag.llm_server.model_entry import ModelEntry, Prices
from code_rag.llm_server.model_file import read_models
from code_rag.llm_server.selection import choose_backend, model_entries
from code_rag.llm_server.settings import Settings
from code_rag.servicekit.settings import SettingsError, secret_named
from tests.unit.llm_server.backends import no_metrics

KEYS = {"SOME_KEY": "sk-some"}
URL = 'base_url = "http://localhost:1/v1"\n'


def read(text: str, folder: Path) -> tuple[ModelEntry, ...]:
    """The models of a file with that text."""
    file = folder / "models.toml"
    file.write_text(text)
    return read_models(file, KEYS.get)


def test_a_model_is_what_its_table_says(tmp_path: Path) -> None:
    """Each field is read, and the file's order is kept."""
    text = """
    [models.big]
    base_url = "https://example.com/openai/deployments/d?api-version=1"
    key_variable = "SOME_KEY"
    key_header = "API-Key"
    model = "gpt-4o"
    context_tokens = 128000
    input_price = 2.5
    output_price = 10
    fallbacks = ["a.small"]
    [models."a.small"]
    base_url = "http://localhost:11434/v1"
    """
    url = "https://example.com/openai/deployments/d?api-version=1"
    big = ModelEntry("big", url, "gpt-4o", "sk-some", "api-key", 128000, Prices(2.5, 10), ("a.small",))
    small = ModelEntry("a.small", "http://localhost:11434/v1", "a.small")
    assert read(text, tmp_path) == (big, small)
    assert "sk-some" not in repr(big)


FAULTS = [
    ("", "describes no model: add a table [models.NAME] with a base_url"),
    ("[models]", "describes no model"),
    ("models = 3", "describes no model"),
    ("[models.a]\nmodel = ", "is not valid TOML: "),
    ("[model.a]", "holds 'model', and nothing but tables [models.NAME] is read"),
    ("[models]\na = 3", "models.a: must be a table"),
    ("[models.a]", "models.a: base_url is missing"),
    (f"[models.a]\n{URL}url = 3", "models.a: there is no field url; there are base_url, model, key_variable"),
    (f"[models.gpt-4.1]\n{URL}", 'a name with a dot needs quotes, as in [models."gpt-4.1"]'),
    ('[models.a]\nbase_url = "localhost:1"', "models.a: base_url must be a URL such as http://localhost"),
    (
        f"[models.a]\n{URL}input_price = -1\noutput_price = 1",
        "models.a: input_price: Input should be",
    ),
    (f"[models.a]\n{URL}input_price = nan\noutput_price = 1", "models.a: input_price: Input should be"),
    (f"[models.a]\n{URL}input_price = 1", "models.a: give input_price and output_price, or neither"),
    (f"[models.a]\n{URL}context_tokens = 0", "models.a: context_tokens: Input should be greater than 0"),
    (f'[models.a]\n{URL}key_header = "a b"', "models.a: key_header: "),
    (
        f'[models.a]\n{URL}key_variable = "NO_KEY"',
        "models.a: the key_variable NO_KEY is set neither in the environment nor in SECRETS_FILE",
    ),
    (f'[models.a]\n{URL}fallbacks = ["b"]', "models.a: there is no model 'b' to fall back to"),
    (f'[models.a]\n{URL}fallbacks = ["a"]', "lead back to where they start: a → a"),
    (
        f'[models.a]\n{URL}fallbacks = ["b"]\n[models.b]\n{URL}fallbacks = ["a"]',
        "lead back to where they start: ",
    ),
    (f'[models." "]\n{URL}', "a model has no name"),
]


@pytest.mark.parametrize(("text", "sentence"), FAULTS, ids=[sentence for _, sentence in FAULTS])
def test_a_fault_stops_the_start_with_a_sentence(text: str, sentence: str, tmp_path: Path) -> None:
    """The sentence names the setting, the model and the field."""
    with pytest.raises(SettingsError, match=r"^LLM_MODELS: ") as refused:
        read(text, tmp_path)
    assert sentence in str(refused.value)
    assert refused.value.exit_code == 2


def test_a_file_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    """A missing file, a folder and bytes that are no text are named."""
    with pytest.raises(SettingsError, match=r"none\.toml cannot be read: No such file"):
        read_models(tmp_path / "none.toml", KEYS.get)
    with pytest.raises(SettingsError, match="cannot be read: Is a directory"):
        read_models(tmp_path, KEYS.get)
    (tmp_path / "latin.toml").write_bytes(b"# \xff")
    with pytest.raises(SettingsError, match="is not UTF-8"):
        read_models(tmp_path / "latin.toml", KEYS.get)


def test_a_bad_url_is_named_without_its_password(tmp_path: Path) -> None:
    """A URL that no client can call is refused by its place in the file."""
    file = tmp_path / "models.toml"
    file.write_text('[models.a]\nbase_url = "http://ann:secret#1@h/v1"')
    settings = Settings.model_validate({"llm_models": file})
    with pytest.raises(SettingsError, match=r"^LLM_MODELS: models\.a: base_url: is not a valid URL") as no:
        choose_backend(settings, no_metrics(), model_entries(settings))
    assert "secret" not in str(no.value)


def test_a_key_is_a_variable_or_a_line_of_the_secrets_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment goes first, and an empty variable counts as none."""
    secrets = tmp_path / "dotenv"
    secrets.write_text("SOME_KEY=from-file\n")
    monkeypatch.setenv("SOME_KEY", "")
    assert secret_named("SOME_KEY", str(secrets)) == "from-file"
    monkeypatch.setenv("SOME_KEY", "from-environment")
    assert secret_named("SOME_KEY", str(secrets)) == "from-environment"
    assert secret_named("OTHER_KEY", str(tmp_path / "none")) is None
