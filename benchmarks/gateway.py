"""What llm-server adds to a call: beside none and beside another gateway, in turns, in one run.

The other gateway is LiteLLM's proxy, installed by pip in a temporary environment; where that fails, the file
says that it was not measured. Prints and writes results/gateway.json.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from benchmarks.chat_load import KEY, ChatLoad
from benchmarks.machine import RESULTS, describe
from benchmarks.percentiles import milliseconds
from code_rag.localstack.ports import unused_ports
from tests.fixtures.waiting import wait_for

PER_SECOND = 100.0
BLOCK = 200
ROUNDS = 10
MEMORY_REQUESTS = 20_000
AT_ONCE = 20
GOALS = {"whole_p50_ms": 2.0, "whole_p99_ms": 10.0, "stream_p50_ms": 2.0, "memory_mb": 100.0}
DIRECT, OWN, PEER = "direct", "llm-server", "LiteLLM proxy"
PEER_CONFIG = """
model_list: [{{model_name: m, litellm_params: {{model: openai/m, api_base: "{url}", api_key: sk-none}}}}]
"""
PEER_VARIABLES = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # or it asks GitHub for prices at start
    "LITELLM_MASTER_KEY": KEY,  # it does not start without one
}


@dataclass(frozen=True)
class Server:
    """A running server: where it listens, and its process."""

    port: int
    pid: int

    def memory_mb(self) -> float:
        """What its process keeps in memory, in megabytes."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


@contextmanager
def running(command: list[str], port: int, path: str, **variables: str) -> Iterator[Server]:
    """A server that answers at `path`; its output is dropped."""
    environment = os.environ | variables
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
    with process:
        try:
            wait_for(
                lambda: answers(f"http://127.0.0.1:{port}{path}"), f"{command[-1]} to serve", seconds=120
            )
            yield Server(port, process.pid)
        finally:
            process.terminate()


def answers(url: str) -> bool:
    """Whether a server answers there with success."""
    try:
        return httpx2.get(url, timeout=1).is_success
    except httpx2.TransportError:
        return False


def servers(stack: ExitStack) -> dict[str, Server]:
    """The model server, llm-server and, where it can be installed, the other gateway."""
    port, own, other = unused_ports(3)
    found = {DIRECT: stack.enter_context(
        running([sys.executable, "-m", "benchmarks.model_server", str(port)], port, "/v1/models")
    )}  # fmt: skip
    url = f"http://127.0.0.1:{port}/v1"
    given = {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": "sk-none", "PORT": str(own), "API_KEY": ""}
    command = [sys.executable, "-m", "code_rag.llm_server"]
    found[OWN] = stack.enter_context(running(command, own, "/health", ENVIRONMENT="production", **given))
    if peer := install_peer(Path(stack.enter_context(tempfile.TemporaryDirectory()))):
        config = peer / "peer.yaml"
        config.write_text(PEER_CONFIG.format(url=url))
        command = [str(peer / "bin/litellm"), "--config", str(config), "--port", str(other)]
        found[PEER] = stack.enter_context(running(command, other, "/health/liveliness", **PEER_VARIABLES))
    return found


def install_peer(folder: Path) -> Path | None:
    """An environment with the other gateway; None if it cannot be installed."""
    environment = folder / "peer"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    command = [str(environment / "bin/pip"), "install", "--quiet", "litellm[proxy]"]
    return environment if subprocess.run(command, check=False).returncode == 0 else None


async def compare(found: dict[str, Server], *, stream: bool) -> dict[str, dict[str, float]]:
    """The latencies of each server, asked in turns so that whatever else the machine does hits all."""
    loads = {name: ChatLoad(server.port, stream=stream) for name, server in found.items()}
    seconds: dict[str, list[float]] = {name: [] for name in found}
    for turn in range(ROUNDS + 1):
        for name, load in loads.items():
            took = await load.at_rate(BLOCK, PER_SECOND)
            seconds[name] += took if turn else []  # the first turn warms up
    return {name: milliseconds(each, upper=99, digits=2) for name, each in seconds.items()}


async def grow(server: Server) -> dict[str, float]:
    """Megabytes before and after many requests, every tenth a stream."""
    whole, stream = (ChatLoad(server.port, stream=streamed) for streamed in (False, True))
    before = server.memory_mb()
    for number in range(MEMORY_REQUESTS // AT_ONCE):
        load = stream if number % 10 == 9 else whole
        await asyncio.gather(*(load.ask() for _ in range(AT_ONCE)))
    whole.close()
    stream.close()
    return {"before_mb": before, "after_mb": server.memory_mb(), "requests": MEMORY_REQUESTS}


def added(latencies: dict[str, dict[str, float]], name: str) -> dict[str, float]:
    """What a gateway adds to the same percentile of the model server's own answers."""
    direct = latencies[DIRECT]
    return {point: round(value - direct[point], 2) for point, value in latencies[name].items()}


def measure() -> dict[str, Any]:
    """All figures."""
    with ExitStack() as stack:
        found = servers(stack)
        latency = {kind: asyncio.run(compare(found, stream=kind == "stream")) for kind in ("whole", "stream")}
        peers_memory = {PEER: found[PEER].memory_mb()} if PEER in found else {}
        memory = asyncio.run(grow(found[OWN]))
    gateways = [name for name in found if name != DIRECT]
    return {
        "per_second": PER_SECOND,
        "requests": BLOCK * ROUNDS,
        "latency": latency,
        "added": {kind: {name: added(each, name) for name in gateways} for kind, each in latency.items()},
        "memory": memory,
        "peers_memory_mb": peers_memory,
    }


def main() -> None:
    result = measure()
    text = json.dumps({"machine": describe(), **result}, indent=2)
    (RESULTS / "gateway.json").write_text(text + "\n")
    print(text)
    own = {kind: result["added"][kind][OWN] for kind in ("whole", "stream")}
    values = {
        "whole_p50_ms": own["whole"]["p50_ms"],
        "whole_p99_ms": own["whole"]["p99_ms"],
        "stream_p50_ms": own["stream"]["p50_ms"],
        "memory_mb": result["memory"]["after_mb"],
    }
    for name, goal in GOALS.items():
        print(f"{name} {values[name]:g} (goal {goal:g}): {'reached' if values[name] <= goal else 'missed'}")


if __name__ == "__main__":
    main()
