"""How the embedded index grows: synthetic codebases of 2,000 to 500,000 chunks, with made-up vectors.

For each size: seconds until words are found, until all is indexed, and of a run over unchanged files; search
p50 and p95; peak memory of the process; the index on disk. Arguments are other sizes. Writes
results/growth.json.
"""

import asyncio
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.machine import RESULTS, describe
from benchmarks.percentiles import milliseconds
from code_rag.rag_server.adapters.process_pool import ProcessPool
from code_rag.rag_server.adapters.qdrant_edge import EdgeStore, open_edge_store
from code_rag.rag_server.adapters.qdrant_payload import FIRST_GUESS
from code_rag.rag_server.codebase import Codebase
from code_rag.rag_server.index_options import IndexOptions
from code_rag.rag_server.indexing import Indexer
from code_rag.rag_server.model import EmbeddingModel, Scope, Vector
from code_rag.rag_server.searching import Searcher
from code_rag.rag_server.space import Space
from code_rag.servicekit.cpu_quota import usable_cpus

SIZES = (2_000, 20_000, 100_000, 500_000)
GOAL_MS, GOAL_SIZE = 25.0, 20_000
CHUNKS_PER_FILE = 40
SEARCHES = 100
WORDS = (
    "account", "balance", "cancel", "carrier", "charge", "customer", "deliver", "discount", "invoice",
    "ledger", "limit", "message", "order", "parcel", "payment", "price", "queue", "refund", "reserve",
    "retry", "return", "session", "shipment", "stock", "tax", "ticket", "token", "transfer", "user",
)  # fmt: skip


class MadeUpVectors:
    """An embedder whose vectors depend on the text only; it costs next to nothing."""

    model: EmbeddingModel = FIRST_GUESS

    async def embed(self, texts: Sequence[str], *, background: bool = False) -> list[Vector]:
        """One vector per text."""
        return [_vector(text) for text in texts]

    async def ping(self) -> str:
        """The name of the model."""
        return self.model.name

    async def close(self) -> None:
        """Nothing to close."""


def _vector(text: str) -> list[float]:
    dice = random.Random(text)  # noqa: S311 – the same vector for the same text
    return [byte - 127.5 for byte in dice.randbytes(FIRST_GUESS.dimension)]


def write_codebase(root: Path, chunks: int) -> None:
    """Python files of functions that are a chunk each, with words and names of their own."""
    dice = random.Random(chunks)  # noqa: S311 – the same codebase in each run
    for number in range(chunks // CHUNKS_PER_FILE):
        path = root / f"area{number % 40}" / f"{dice.choice(WORDS)}_{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n\n".join(_function(dice, f"{number}_{part}") for part in range(CHUNKS_PER_FILE)))


def _function(dice: random.Random, suffix: str) -> str:
    first, second, third = dice.sample(WORDS, 3)
    body = "".join(
        f"    {dice.choice(WORDS)}_{dice.choice(WORDS)} = {first}.{dice.choice(WORDS)}({second}, {line})\n"
        for line in range(9)
    )
    head = f"def {first}_{second}_{suffix}({first}, {second}):\n"
    return f'{head}    """{first} the {second} of a {third}."""\n{body}'


async def run_to_end(indexer: Indexer) -> tuple[float, float]:
    """Seconds until words are found, and until the run has ended."""
    started = time.perf_counter()
    indexer.start()
    await indexer.caught_up()
    words = time.perf_counter() - started
    while indexer.status().finished_at is None:  # noqa: ASYNC110 – nothing signals the end
        await asyncio.sleep(0.01)
    return words, time.perf_counter() - started


async def search_seconds(store: EdgeStore, indexer: Indexer) -> list[float]:
    searcher = Searcher(
        Space(store, MadeUpVectors()), lambda path: indexer.status(), lambda path: "", lambda reason: None
    )
    dice = random.Random(7)  # noqa: S311 – the same queries in each run
    seconds = []
    for _ in range(SEARCHES):
        query = f"how to {' '.join(dice.sample(WORDS, 4))}"
        started = time.perf_counter()
        await searcher.search(query, Scope(), 10)
        seconds.append(time.perf_counter() - started)
    return seconds


def size_of(folder: Path) -> int:
    """How many bytes the files in a folder have."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


async def measure(chunks: int) -> dict[str, Any]:
    """All the figures for one size."""
    with tempfile.TemporaryDirectory() as folder:
        root, index = Path(folder) / "code", Path(folder) / "index"
        write_codebase(root, chunks)
        store = open_edge_store(index, FIRST_GUESS.dimension)
        options = IndexOptions(ProcessPool(usable_cpus()), last_vector="header")
        indexer = Indexer(Codebase(root), store, MadeUpVectors(), options=options)
        words, whole = await run_to_end(indexer)
        again, _ = await run_to_end(indexer)
        stored = await store.count()
        latency = milliseconds(await search_seconds(store, indexer))
        await indexer.close()
        await store.close()
        disk = await asyncio.to_thread(size_of, index)
    return {
        "chunks": stored,
        "words_seconds": round(words, 2),
        "indexed_seconds": round(whole, 2),
        "unchanged_seconds": round(again, 2),
        "search": latency,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "disk_mib": disk // 2**20,
    }


def main() -> None:
    if sys.argv[1:2] == ["--only"]:
        print(json.dumps(asyncio.run(measure(int(sys.argv[2])))))
        return
    sizes = []
    for size in [int(argument) for argument in sys.argv[1:]] or SIZES:
        # A process for each size, so that the peak of its memory is its own.
        command = [sys.executable, "-m", "benchmarks.growth", "--only", str(size)]
        found = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1]
        print(found, flush=True)
        sizes.append(json.loads(found))
    result = {"machine": describe(), "sizes": sizes}
    (RESULTS / "growth.json").write_text(json.dumps(result, indent=2) + "\n")
    p50 = max(each["search"]["p50_ms"] for each in sizes if each["chunks"] <= GOAL_SIZE)
    print(f"SEARCH_P50_MS {p50} (goal {GOAL_MS:g}): {'reached' if p50 <= GOAL_MS else 'missed'}")


if __name__ == "__main__":
    main()
