"""The memory of embedding-server over 50,000 texts of mixed lengths, no two the same.

A text has between a few and 300 tokens, and a request between one text and 64, so that every shape of batch
occurs. Prints and writes results/embedding_memory.json. Another number of texts may be given.
"""

import asyncio
import json
import random
import sys
from collections.abc import Iterator
from typing import Any

import httpx2

from benchmarks.embedding_load import embed, own_server
from benchmarks.functions import functions
from benchmarks.gateway import Server
from benchmarks.machine import RESULTS, describe
from code_rag.localstack.ports import unused_ports

TEXTS = 50_000
WARM_UP = 2_000
"""Texts until all code has run and the allocator has grown; they are not among the others."""
CHARACTERS = 1_000
WORKERS = 4
STEPS = 10
GOAL_PERCENT = 5.0


def requests(first: int, count: int) -> Iterator[list[str]]:
    """`count` texts with numbers from `first`, in requests of any size; the same each time."""
    drawn, found, number = random.Random(first), functions(), first  # noqa: S311 – lengths, no secrets
    while number < first + count:
        size = min(drawn.choice((1, 2, 7, 16, 64)), first + count - number)
        numbers = range(number, number + size)
        yield [f"{each} {found[each % len(found)][: drawn.randint(1, CHARACTERS)]}" for each in numbers]
        number += size


async def send(client: httpx2.AsyncClient, waiting: Iterator[list[str]]) -> None:
    """One of several callers at once."""
    for texts in waiting:
        await embed(client, texts)


async def measure(server: Server, count: int) -> list[float]:
    """Megabytes after the warm-up, and after each tenth of the texts."""
    taken: list[float] = []
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", timeout=300) as client:
        steps = [WARM_UP] + [count // STEPS] * STEPS
        for step, size in enumerate(steps):
            waiting = requests(sum(steps[:step]), size)
            await asyncio.gather(*(send(client, waiting) for _ in range(WORKERS)))
            taken.append(server.memory_mb())
            print(f"{sum(steps[: step + 1]):,} texts: {taken[-1]:g} MB", flush=True)
    return taken


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else TEXTS
    (port,) = unused_ports(1)
    with own_server(port) as server:
        taken = asyncio.run(measure(server, count))
    growth = round(100 * (taken[-1] / taken[0] - 1), 1)
    row = (f"{count:,} texts of mixed lengths", f"{taken[0]:g} to {taken[-1]:g} MB, {growth:g} %")
    result: dict[str, Any] = {"memory_mb": taken, "growth_percent": growth, "rows": [row]}
    text = json.dumps({"machine": describe(), **result}, indent=2)
    (RESULTS / "embedding_memory.json").write_text(text + "\n")
    print(text)
    reached = "reached" if growth <= GOAL_PERCENT else "missed"
    print(f"growth_percent {growth:g} (goal {GOAL_PERCENT:g}): {reached}")


if __name__ == "__main__":
    main()
