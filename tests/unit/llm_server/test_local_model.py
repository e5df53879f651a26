"""A model in a process of its own: loading, one answer at a time, its end and its return."""

import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest

from code_rag.llm_server.app import create_app
from code_rag.llm_server.engine.place import EnginePlace
from code_rag.llm_server.engine.state import read_state
from code_rag.llm_server.settings import Settings
from code_rag.servicekit.private_folder import private_folder
from tests.fixtures.serving import serving
from tests.fixtures.waiting import wait_for
from tests.unit.llm_server.processes import alive

Start = Callable[..., httpx2.Client]
FAKE = (sys.executable, "-m", "tests.unit.llm_server.fake_engine")


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts llm-server with a fake engine in the given mode, and gives a client of it."""
    with ExitStack() as stack:

        def start_with(mode: str = "ready", *, wait: bool = True, **settings: object) -> httpx2.Client:
            app = create_app(
                Settings.model_validate({"llm_backend": "local", **settings}), engine=(*FAKE, mode)
            )
            url = stack.enter_context(serving(app))
            client = stack.enter_context(httpx2.Client(base_url=url, timeout=30))
            if wait:
                wait_for(lambda: client.get("/health").status_code == 200, "the engine to be ready")
            return client

        yield start_with


def ask(client: httpx2.Client, text: str, **fields: Any) -> httpx2.Response:
    body = {"messages": [{"role": "user", "content": text}], **fields}
    return client.post("/v1/chat/completions", json=body)


def engine_of() -> int:
    """The process that serves the model."""
    state = read_state(EnginePlace(private_folder("llm-server", os.getpid())).state)
    assert state is not None
    return state.pid


def detail(client: httpx2.Client) -> str:
    return " ".join(check["detail"] for check in client.get("/health").json()["checks"].values())


def metric(client: httpx2.Client, name: str) -> float:
    lines = client.get("/metrics").text.splitlines()
    return float(next(line for line in lines if line.startswith(f"{name} ")).split()[1])


def test_while_it_loads_everything_says_how_far(start: Start, tmp_path: Path) -> None:
    """The service starts at once, answers 503 with the progress, and serves when the model is there."""
    client = start(f"loads:{tmp_path / 'go'}", wait=False)
    wait_for(lambda: "40 %" in detail(client), "the progress in /health")
    health, answer = client.get("/health"), ask(client, "hello")
    assert (health.status_code, health.json()["status"]) == (503, "starting")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "loading")
    assert "40 %" in answer.json()["error"]["message"]
    assert int(answer.headers["retry-after"]) > 0
    (tmp_path / "go").touch()
    wait_for(lambda: client.get("/health").status_code == 200, "the model")
    assert ask(client, "hello").status_code == 200


def test_the_list_has_context_and_speed(start: Start) -> None:
    """`/v1/models` has what sizes a prompt: tokens of context, read and written a second."""
    (listed,) = start().get("/v1/models").json()["data"]
    assert listed["id"] == "tiny"
    assert (listed["context_window"], listed["reading_tokens_per_second"]) == (512, 40.5)
    assert listed["writing_tokens_per_second"] == 12.5


@pytest.mark.parametrize("streamed", [False, True])
def test_grammar_and_cache_pass_through(start: Start, streamed: bool) -> None:
    """What only llama.cpp knows reaches it, whole answers and streams alike."""
    answer = ask(start(), "hi", grammar='root ::= "yes"', cache_prompt=True, stream=streamed)
    if streamed:
        events = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: {")]
        text = "".join(event["choices"][0]["delta"].get("content") or "" for event in events)
        assert not any("prompt_progress" in event for event in events)
    else:
        whole = answer.json()
        text = whole["choices"][0]["message"]["content"]
        assert (whole["object"], whole["choices"][0]["finish_reason"]) == ("chat.completion", "stop")
        assert whole["usage"]["total_tokens"] == 4
    assert json.loads(text)["grammar"] == 'root ::= "yes"'
    assert json.loads(text)["cache_prompt"] is True


def test_progress_is_for_those_who_ask(start: Start) -> None:
    """A stream shows how far the prompt is read to callers that set `return_progress`."""
    assert "prompt_progress" in ask(start(), "hi", stream=True, return_progress=True).text


def test_another_model_is_not_found(start: Start) -> None:
    """A name other than the model's is refused with the one that there is."""
    client = start()
    refused = ask(client, "hi", model="gpt-4o-mini")
    assert (refused.status_code, refused.json()["error"]["code"]) == (404, "model_not_found")
    assert "'tiny'" in refused.json()["error"]["message"]
    assert ask(client, "hi", model="tiny").status_code == 200


@pytest.mark.parametrize("streamed", [False, True])
def test_a_killed_engine_is_one_error_and_comes_back(start: Start, streamed: bool) -> None:
    """The call in flight fails with the signal's number; the next one after the restart succeeds."""
    client = start()
    failed = ask(client, "die", stream=streamed)
    assert "engine_ended" in failed.text
    assert "signal 9" in failed.text
    wait_for(lambda: metric(client, "local_model_ready") == 1, "the engine to come back")
    assert ask(client, "hello").status_code == 200
    assert metric(client, "local_model_restarts") == 1
    wait_for(lambda: "started again once: its process was killed (signal 9)" in detail(client), "health")


def test_a_model_that_cannot_be_had_is_failing(start: Start) -> None:
    """`/health` and each answer say why there is none."""
    client = start("fails", wait=False)
    wait_for(lambda: client.get("/health").json()["status"] == "failing", "the failure")
    assert "No source has it." in detail(client)
    assert "No source has it." in ask(client, "hi").text


def test_one_writes_one_waits_the_third_is_refused(start: Start) -> None:
    """A full queue is a 429 that says when to come back; whoever leaves makes room, writing or waiting."""
    client = start(local_queue=1)
    with ExitStack() as stack:
        writing = stack.enter_context(leaving(client))
        wait_for(lambda: "writes an answer" in detail(client), "the first to be answered")
        waiting = stack.enter_context(leaving(client))
        wait_for(lambda: metric(client, "local_model_waiting") == 1, "the second to wait")
        refused = ask(client, "hi")
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "queue_full")
        assert int(refused.headers["retry-after"]) >= 1
        assert metric(client, "local_model_refused") == 1
        waiting.close()
        wait_for(lambda: metric(client, "local_model_waiting") == 0, "the second to have left")
        writing.close()
        assert ask(client, "hi").status_code == 200


class leaving(ExitStack):
    """A request that is answered until it is closed, from a thread of its own."""

    def __init__(self, client: httpx2.Client) -> None:
        super().__init__()
        self._client = httpx2.Client(base_url=client.base_url, timeout=30)
        body = {"messages": [{"role": "user", "content": "wait"}], "stream": True}
        self._left = threading.Event()

        def read() -> None:
            with self._client, self._client.stream("POST", "/v1/chat/completions", json=body) as answer:
                for _ in answer.iter_lines():
                    if self._left.is_set():
                        return

        self._thread = threading.Thread(target=read)
        self._thread.start()
        self.callback(self._thread.join)
        self.callback(self._left.set)


def test_no_secret_reaches_the_engine(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine's environment has neither key: it has no use for them."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    start()
    environment = Path(f"/proc/{engine_of()}/environ")
    if environment.exists():  # Linux
        assert b"sk-secret" not in environment.read_bytes()


def test_stopping_the_service_ends_the_engine() -> None:
    """Neither process nor folder is left when the app has stopped."""
    app = create_app(Settings(llm_backend="local"), engine=(*FAKE, "ready"))
    with serving(app) as url, httpx2.Client(base_url=url) as client:
        wait_for(lambda: client.get("/health").status_code == 200, "the engine")
        engine, folder = engine_of(), private_folder("llm-server", os.getpid())
    assert not alive(engine)
    assert not folder.exists()
