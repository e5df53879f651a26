"""The examples of docs/models.md work as they stand there, but for the address of the server."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from tests.faults.asking import ask
from tests.fixtures.gateway import gateways
from tests.fixtures.model_servers import (
    FAILING,
    TOO_LONG,
    ModelServer,
    azure,
    azure_v1,
    llama_cpp,
    lm_studio,
    ollama,
    open_router,
    vllm,
)
from tests.fixtures.serving import serving

PAGE = (Path(__file__).parents[2] / "docs/models.md").read_text()
SECTIONS = dict(re.findall(r"(?ms)^## ([^\n]+)\n(.*?)(?=^## |\Z)", PAGE))
KEY = "a-key-of-the-test"
ORIGIN = re.compile(r"https?://[\w.:-]+")


def block(section: str, language: str) -> str:
    """The one example of that language in a section."""
    (only,) = re.findall(rf"(?s)```{language}\n(.*?)```", SECTIONS[section])
    text: str = only
    return text


def secret(lines: dict[str, str]) -> dict[str, str]:
    """The test's key, where the lines set one."""
    return {"OPENAI_API_KEY": KEY} if "OPENAI_API_KEY" in lines else {}


GREETING = {"messages": [{"role": "user", "content": "hello"}]}


@pytest.fixture
def start_by(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., httpx2.Client]]:
    """Starts llm-server by the `sh` or `toml` of a section, with the fake's address and the test's key."""
    with gateways() as start:

        def start_with(section: str, language: str, url: str) -> httpx2.Client:
            text = ORIGIN.sub(url, block(section, language))
            if language == "toml":
                for variable in re.findall(r'key_variable = "(\w+)"', text):
                    monkeypatch.setenv(variable, KEY)
                (tmp_path / "models.toml").write_text(text)
                return start(llm_models=tmp_path / "models.toml")
            lines = dict(line.split("=", 1) for line in text.splitlines())
            given = {name.lower(): value for name, value in (lines | secret(lines)).items()}
            return start(**given)

        yield start_with


EXAMPLES = [
    ("Ollama", "sh", ollama, None),
    ("Ollama", "toml", ollama, 16384),
    ("vLLM", "sh", lambda: vllm(KEY), 8192),
    ("vLLM", "toml", lambda: vllm(KEY), 8192),
    ("LM Studio", "sh", lm_studio, None),
    ("LM Studio", "toml", lm_studio, 16384),
    ("llama.cpp", "sh", llama_cpp, 8192),
    ("llama.cpp", "toml", llama_cpp, 8192),
    ("Azure OpenAI", "sh", lambda: azure_v1(KEY), None),
    ("Azure OpenAI", "toml", lambda: azure(KEY), 128000),
    ("OpenRouter", "sh", lambda: open_router(KEY), 128000),
    ("OpenRouter", "toml", lambda: open_router(KEY), 128000),
]


@pytest.mark.parametrize(
    ("section", "language", "kind", "size"), EXAMPLES, ids=[f"{name} {how}" for name, how, *_ in EXAMPLES]
)
def test_the_example_works(
    start_by: Callable[..., httpx2.Client],
    section: str,
    language: str,
    kind: Callable[[], ModelServer],
    size: int | None,
) -> None:
    """It answers whole and in a stream with its usage, is healthy, and lists the tokens that are known."""
    server = kind()
    with serving(server.app) as url:
        gateway = start_by(section, language, url)
        streamed = ask(gateway, stream_options={"include_usage": True})
        assert (streamed.complete, streamed.text) == (True, "hi"), streamed.error
        assert streamed.usage
        whole = gateway.post("/v1/chat/completions", json=GREETING).json()
        assert whole["choices"][0]["message"]["content"] == "hi"
        assert gateway.get("/health").json()["status"] == "ok"
        assert gateway.get("/v1/models").json()["data"][0].get("context_window") == size
        assert {seen["model"] for seen in server.seen} == {server.model}


PECULIAR = [
    ("vLLM", lambda: vllm(KEY), TOO_LONG, 400, "context_length_exceeded"),
    ("llama.cpp", llama_cpp, TOO_LONG, 400, "context_length_exceeded"),
    ("LM Studio", lm_studio, TOO_LONG, 502, "upstream_failed"),
    ("Azure OpenAI", lambda: azure(KEY), FAILING, 400, "content_filter"),
    ("OpenRouter", lambda: open_router(KEY), FAILING, 502, "upstream_failed"),
]


@pytest.mark.parametrize(
    ("section", "kind", "prompt", "status", "code"), PECULIAR, ids=[name for name, *_ in PECULIAR]
)
def test_what_to_watch_for(
    start_by: Callable[..., httpx2.Client],
    section: str,
    kind: Callable[[], ModelServer],
    prompt: str,
    status: int,
    code: str,
) -> None:
    """What the page says of refused and failed prompts is what a caller gets."""
    with serving(kind().app) as url:
        gateway = start_by(section, "toml", url)
        answered = ask(gateway, messages=[{"role": "user", "content": prompt}])
    assert (answered.status, answered.error["code"]) == (status, code)


@pytest.mark.parametrize(
    ("wrong", "right", "code"),
    [
        ("?api-version=2024-10-21", "?other=1", "model_not_found"),
        ('key_header = "api-key"', "", "upstream_auth"),
    ],
)
def test_azure_without_its_version_or_header(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str, right: str, code: str
) -> None:
    """Azure's query and header are what it takes: without either it refuses."""
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", KEY)
    file = tmp_path / "models.toml"
    with serving(azure(KEY).app) as url, gateways(llm_models=file) as start:
        file.write_text(ORIGIN.sub(url, block("Azure OpenAI", "toml")).replace(wrong, right))
        assert ask(start()).error["code"] == code


def test_the_file_of_the_page_falls_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first example asks the house's server, and OpenAI where that does not answer."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    cloud = ModelServer("/v1/chat/completions", "gpt-4o-mini", "authorization", KEY)
    text = block("Several servers", "toml").replace("https://api.openai.com", "CLOUD")
    file = tmp_path / "models.toml"
    settings = dict(line.split("=", 1) for line in block("Several servers", "sh").splitlines())
    with serving(cloud.app) as url, gateways(llm_models=file, upstream_max_retries=0) as start:
        with serving(ollama().app) as house:
            file.write_text(ORIGIN.sub(house, text).replace("CLOUD", url))
            gateway = start(openai_api_key=KEY, model_name=settings["MODEL_NAME"])
            assert ask(gateway).models == {"house"}
        assert ask(gateway).models == {"cloud"}
