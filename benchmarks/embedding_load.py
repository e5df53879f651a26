"""Queries of embedding-server while nothing else happens, and while 10,000 texts are being embedded.

The texts come as rag-server sends them, in requests of 64 by two workers. No text is sent twice, so the cache
answers nothing. Prints and writes results/embedding_load.json.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx2

from benchmarks.functions import functions
from benchmarks.gateway import Server, running
from benchmarks.machine import RESULTS, describe
from benchmarks.percentiles import milliseconds
from code_rag.localstack.ports import unused_ports

TEXTS = 10_000
REQUEST = 64
WORKERS = 2
QUERIES = 200
PAUSE_SECONDS = 0.05
QUERY = "where is the retry policy of HTTP client {} defined?"
GOALS = {"idle_p50_ms": 10.0, "loaded_p95_ms": 150.0}
ROOT = Path(__file__).parent.parent


def texts(count: int) -> list[str]:
    """Functions of the standard library, each with a number, so that none is there twice."""
    found = functions()
    return [f"# {number}\n{found[number % len(found)]}" for number in range(count)]


async def embed(client: httpx2.AsyncClient, batch: Sequence[str]) -> float:
    """Seconds until all are embedded; their vectors are dropped unread."""
    started = time.perf_counter()
    (await client.post("/embed", json={"texts": batch})).raise_for_status()
    return time.perf_counter() - started


async def ask(client: httpx2.AsyncClient, name: str, until: asyncio.Future[Any] | None = None) -> list[float]:
    """Seconds of single queries with pauses between them: a number of them, or until something is done."""
    took: list[float] = []
    while len(took) < QUERIES if until is None else not until.done():
        took.append(await embed(client, [QUERY.format(f"{name} {len(took)}")]))
        await asyncio.sleep(PAUSE_SECONDS)
    return took


async def send(client: httpx2.AsyncClient, waiting: list[str]) -> None:
    """One of rag-server's workers."""
    while waiting:
        batch, waiting[:REQUEST] = waiting[:REQUEST], []
        await embed(client, batch)


async def measure(server: Server, count: int = TEXTS) -> dict[str, Any]:
    """All figures of one running server."""
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", timeout=120) as client:
        await ask(client, "warm-up")
        idle = await ask(client, "idle")
        waiting, started = texts(count), time.perf_counter()
        bulk = asyncio.gather(*(send(client, waiting) for _ in range(WORKERS)))
        loaded = await ask(client, "loaded", until=bulk)
        await bulk
        seconds = time.perf_counter() - started
    figures = {"idle": milliseconds(idle), "loaded": milliseconds(loaded)}
    rate = round(count / seconds, 1)
    return {
        **figures,
        "texts_per_second": rate,
        "queries_under_load": len(loaded),
        "rows": [
            ("`POST /embed`, one short text", times(**figures["idle"])),
            (f"the same while {count:,} texts are embedded, {rate} a second", times(**figures["loaded"])),
        ],
    }


def times(p50_ms: float, p95_ms: float) -> str:
    return f"p50 {p50_ms} ms, p95 {p95_ms} ms"


def own_server(port: int) -> Any:
    """embedding-server as `make run` starts it, with the model of this project's cache."""
    cache = os.fspath(ROOT / ".data/models")
    command = [sys.executable, "-m", "code_rag.embedding_server"]
    return running(command, port, "/health", PORT=str(port), MODEL_CACHE_DIR=cache, ENVIRONMENT="production")


def main() -> None:
    (port,) = unused_ports(1)
    with own_server(port) as server:
        result = asyncio.run(measure(server))
    text = json.dumps({"machine": describe(), **result}, indent=2)
    (RESULTS / "embedding_load.json").write_text(text + "\n")
    print(text)
    values = {"idle_p50_ms": result["idle"]["p50_ms"], "loaded_p95_ms": result["loaded"]["p95_ms"]}
    for name, goal in GOALS.items():
        print(f"{name} {values[name]:g} (goal {goal:g}): {'reached' if values[name] <= goal else 'missed'}")


if __name__ == "__main__":
    main()
