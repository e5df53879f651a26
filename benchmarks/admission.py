"""A thousand searches and a thousand questions at once: how long those wait that are let in.

Over the three services as processes, which index the shared packages. Each request comes over a
connection of its own; one that is sent back has to say when to come again. Writes results/admission.json.
"""

import asyncio
import json
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from benchmarks.machine import RESULTS, describe
from benchmarks.percentiles import milliseconds
from code_rag.localstack.ports import HOST, free_ports
from code_rag.localstack.processes import LocalStack

CODEBASE = Path(__file__).parent.parent / "packages"
AT_ONCE = 1_000
GOAL_MS = 1_000
WORDS = ("store", "index", "vector", "answer", "stream", "chunk", "path", "rank", "limit", "model", "watch")
"""What the requests ask for, two words each."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back for one request, and after how many seconds since all were sent."""

    status: int
    seconds: float
    retry_after: int


async def ask(port: int, path: str, body: dict[str, Any]) -> Answered:
    """Send one request over a connection of its own."""
    content = json.dumps(body).encode()
    started = time.perf_counter()
    reader, writer = await asyncio.open_connection(HOST, port)
    head = (
        f"POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        f"connection: close\r\ncontent-length: {len(content)}\r\n\r\n"
    )
    writer.write(head.encode() + content)
    answer = await reader.read(-1)
    writer.close()
    lines = answer.split(b"\r\n\r\n")[0].lower().split(b"\r\n")
    waits = [int(line.split(b":")[1]) for line in lines if line.startswith(b"retry-after:")]
    return Answered(int(lines[0].split()[1]), time.perf_counter() - started, max(waits, default=0))


async def burst(port: int, path: str, field: str) -> dict[str, Any]:
    """Figures of all requests at once to one endpoint."""
    for _ in range(20):  # how long it takes is learned
        await ask(port, path, {field: "how is the index opened"})
    words = [f"{WORDS[number % 11]} {WORDS[number % 7]} {number}" for number in range(AT_ONCE)]
    answers = await asyncio.gather(*(ask(port, path, {field: each}) for each in words))
    return summary(answers)


def summary(answers: Sequence[Answered]) -> dict[str, Any]:
    """Statuses, and how long each kind waited."""
    admitted = [each.seconds for each in answers if each.status == 200]
    refused = [each for each in answers if each.status == 429]
    waits = [each.retry_after for each in refused]
    return {
        "statuses": dict(Counter(str(each.status) for each in answers)),
        "admitted": milliseconds(admitted),
        "sent back": milliseconds([each.seconds for each in refused]) if len(refused) > 1 else None,
        "retry after": [min(waits, default=0), max(waits, default=0)],
    }


def measure() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        ports = free_ports()
        stack = LocalStack(
            CODEBASE, Path(folder) / "index", Path(folder) / "logs", ports, {"VECTOR_DB_URL": ""}
        )
        with stack:
            stack.wait_ready(120)
            while not indexed(ports.rag):
                time.sleep(0.5)
            searches = asyncio.run(burst(ports.rag, "/search", "query"))
            time.sleep(2)
            return {"search": searches, "ask": asyncio.run(burst(ports.rag, "/ask", "question"))}


def indexed(port: int) -> bool:
    """Whether the first run has ended."""
    status = httpx2.get(f"http://{HOST}:{port}/index", trust_env=False).json()
    return bool(status["state"] == "idle" and status["finished_at"])


def main() -> None:
    result = {"machine": describe(), "at once": AT_ONCE, **measure()}
    (RESULTS / "admission.json").write_text(json.dumps(result, indent=2) + "\n")
    for name in ("search", "ask"):
        print(name, json.dumps(result[name]))
        reached = result[name]["admitted"]["p95_ms"]
        outcome = "reached" if reached <= GOAL_MS else "missed"
        print(f"{name} p95 of the admitted {reached:g} ms (goal {GOAL_MS:,} ms): {outcome}")


if __name__ == "__main__":
    main()
