"""The real 0.5B model behind llm-server's API."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
from openai import BadRequestError, OpenAI

from code_rag.llm_server.engine.identity import identity_of
from code_rag.llm_server.engine.place import EnginePlace
from code_rag.llm_server.engine.state import read_state
from code_rag.llm_server.gguf.pinned import MODELS
from code_rag.llm_server.settings import Settings
from tests.fixtures.waiting import wait_for
from tests.local_model.conftest import MODEL, Running, free_port, llm_server

COUNT = "Count from 1 to 200, one number a line."
LONG = "\n".join(f"def area_{n}(width, height): return width * height + {n}" for n in range(30))


def message(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


def ask(server: Running, text: str, **fields: Any) -> httpx2.Response:
    body = {"messages": message(text), "temperature": 0, **fields}
    return server.client.post("/v1/chat/completions", json=body)


def metric(server: Running, name: str) -> float:
    lines = server.client.get("/metrics").text.splitlines()
    return float(next(line for line in lines if line.startswith(f"{name} ")).split()[1])


def openai_of(server: Running) -> OpenAI:
    return OpenAI(base_url=f"{str(server.client.base_url).rstrip('/')}/v1", api_key="unused", max_retries=0)


def test_the_model_is_listed_with_its_speed(server: Running) -> None:
    """Its context is the setting's, and both speeds were measured."""
    (listed,) = server.client.get("/v1/models").json()["data"]
    assert (listed["id"], listed["context_window"]) == (MODEL, 1024)
    assert listed["reading_tokens_per_second"] > 0
    assert listed["writing_tokens_per_second"] > 0


def test_length_and_usage(server: Running) -> None:
    """`max_tokens` ends an answer with `length`, and usage counts what was written."""
    answer = ask(server, COUNT, max_tokens=5).json()
    assert answer["choices"][0]["finish_reason"] == "length"
    assert answer["usage"]["completion_tokens"] == 5
    assert answer["usage"]["total_tokens"] == 5 + answer["usage"]["prompt_tokens"]


def test_stop_and_grammar(server: Running) -> None:
    """A stop word ends an answer before it, and a grammar makes it what it allows."""
    stopped = ask(server, "Count.", grammar='root ::= "1 2 3 4 5 6"', stop=["4"]).json()["choices"][0]
    assert (stopped["finish_reason"], stopped["message"]["content"]) == ("stop", "1 2 3 ")
    held = ask(server, "Is water wet?", grammar='root ::= "It is [1]."').json()
    assert held["choices"][0]["message"]["content"] == "It is [1]."


def test_the_beginning_of_a_prompt_is_kept(server: Running) -> None:
    """A second question after the same lines reads only what is new."""
    ask(server, f"{LONG}\nWhat is area_1?", max_tokens=1, cache_prompt=True)
    again = ask(server, f"{LONG}\nWhich is the last function?", max_tokens=1, cache_prompt=True).json()
    assert again["usage"]["prompt_tokens_details"]["cached_tokens"] > 300


def test_the_real_client_streams(server: Running) -> None:
    """OpenAI's client reads the stream to its end, with usage where it asks for it."""
    chunks = list(
        openai_of(server).chat.completions.create(
            model=MODEL,
            messages=[{"role": "user", "content": COUNT}],
            max_tokens=4,
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "length"
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 4


@pytest.mark.parametrize("streamed", [False, True])
def test_a_prompt_that_is_too_long(server: Running, streamed: bool) -> None:
    """It is refused as OpenAI refuses it, before it is read."""
    with pytest.raises(BadRequestError) as refused:
        openai_of(server).chat.completions.create(
            model=MODEL, messages=[{"role": "user", "content": LONG * 5}], stream=streamed
        )
    assert refused.value.code == "context_length_exceeded"


def test_two_at_once_are_both_answered(server: Running) -> None:
    """The second waits for the first."""
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda text: ask(server, text, max_tokens=3), ["One.", "Two."]))
    assert [answer.status_code for answer in answers] == [200, 200]


@pytest.mark.parametrize("phase", ["reading", "writing", "waiting"])
@pytest.mark.parametrize("streamed", [False, True])
def test_a_caller_who_leaves_frees_the_engine(server: Running, phase: str, streamed: bool) -> None:
    """In each phase the place is free again, and the next answer comes, long before this one were done."""
    text = f"{threading.get_ident()}{phase}{streamed} {LONG}" if phase == "reading" else COUNT
    body = {"messages": message(text), "stream": streamed, "max_tokens": 900, "ignore_eos": True}
    others = threading.Event()
    with ThreadPoolExecutor(2) as pool:
        if phase == "waiting":
            pool.submit(lambda: leave(server, body, others))
            wait_for(lambda: "writes an answer" in server.detail(), "the first")
        left = threading.Event()
        leaving = pool.submit(lambda: leave(server, body, left))
        if phase == "waiting":
            wait_for(lambda: metric(server, "local_model_waiting") == 1, "the second to wait")
        else:
            wait_for(lambda: "writes an answer" in server.detail(), "the request to be taken")
        if phase == "writing":
            before = ticks(server.engine())
            wait_for(lambda: ticks(server.engine()) - before > 100, "a second of work")
        left.set()
        leaving.result()
        wait_for(lambda: metric(server, "local_model_waiting") == 0, "the queue to be empty", 5)
        others.set()
    assert ask(server, "hi", max_tokens=1).status_code == 200
    wait_for(lambda: "writes an answer" not in server.detail(), "the engine to be free", 5)


def leave(server: Running, body: dict[str, Any], left: threading.Event) -> None:
    """Send a request, and close its connection when `left` is set, whatever has come."""
    data = json.dumps(body).encode()
    lines = [
        "POST /v1/chat/completions HTTP/1.1",
        "host: localhost",
        "content-type: application/json",
        f"content-length: {len(data)}",
    ]
    with socket.create_connection(("127.0.0.1", server.client.base_url.port or 80)) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + data)
        left.wait(60)


def ticks(process: int) -> int:
    """The hundredths of a second that a process has computed."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def test_memory_is_bounded(server: Running) -> None:
    """After all this the engine has less memory than the documentation says for 0.5B."""
    status = Path(f"/proc/{server.engine()}/status").read_text()
    kilobytes = int(status.partition("VmRSS:")[2].split()[0])
    assert kilobytes < 800_000


def test_no_port_of_the_engine_is_open(server: Running) -> None:
    """The engine listens at no TCP port: whoever may not enter its folder cannot reach it."""
    links = [str(each.readlink()) for each in Path(f"/proc/{server.engine()}/fd").iterdir()]
    sockets = {link.partition("[")[2].rstrip("]") for link in links if link.startswith("socket:")}
    listening = {
        line.split()[9]
        for name in ("tcp", "tcp6")
        for line in Path("/proc/net", name).read_text().splitlines()[1:]
    }
    assert sockets
    assert not sockets & listening


def test_kill_9_is_one_error_and_a_restart(server: Running) -> None:
    """The call in flight says what happened; the engine comes back, and `/health` says why it had to."""
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(lambda: ask(server, COUNT, max_tokens=900, ignore_eos=True))
        wait_for(lambda: "writes an answer" in server.detail(), "the answer to be written")
        os.kill(server.engine(), signal.SIGKILL)
        failed = asked.result()
    assert (failed.status_code, failed.json()["error"]["code"]) == (502, "engine_ended")
    wait_for(lambda: metric(server, "local_model_ready") == 1, "the engine to come back", 60)
    assert ask(server, "hi", max_tokens=1).status_code == 200
    wait_for(lambda: "signal 9" in server.detail(), "health to say why")


def test_a_truncated_file_is_said(tmp_path: Path) -> None:
    """A GGUF file that is incomplete makes the service failing, with what to do, and never crash it."""
    whole = Settings().model_cache / MODELS["0.5b"].name
    short = tmp_path / "short.gguf"
    with whole.open("rb") as source, short.open("wb") as out:
        out.write(source.read(50_000_000))
    with llm_server(tmp_path, free_port(), wait=False, LOCAL_MODEL=str(short)) as running:
        wait_for(lambda: running.client.get("/health").json()["status"] == "failing", "the failure", 60)
        assert "cannot be loaded: it is incomplete or damaged" in running.detail()


@pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("unshare"), reason="a network of its own needs root"
)
def test_the_engine_needs_no_network(tmp_path: Path, installed: None) -> None:
    """In a network namespace without any interface the engine loads, answers and stays."""
    place = EnginePlace(tmp_path / "e")
    place.folder.mkdir(mode=0o700)
    variables = {"LOCAL_MODEL": "0.5b", "LOCAL_THREADS": "1"}
    command = ["unshare", "--net", sys.executable, "-m", "code_rag.llm_server.engine", str(place.folder)]
    owner, identity = str(os.getpid()), identity_of(Settings())
    with subprocess.Popen([*command, owner, identity], env={**os.environ, **variables}) as engine:
        try:
            wait_for(lambda: (state := read_state(place.state)) and state.phase == "ready", "the model", 90)
            transport = httpx2.HTTPTransport(uds=str(place.socket))
            with httpx2.Client(transport=transport, base_url="http://engine", timeout=60) as client:
                body = {"messages": message("hi"), "max_tokens": 2}
                assert client.post("/v1/chat/completions", json=body).status_code == 200
        finally:
            engine.terminate()
