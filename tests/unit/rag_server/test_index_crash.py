"""Indexing that is killed: what the store confirmed is there, and the next run makes the index whole."""

import asyncio
import json
import os
import random
import subprocess
import sys
from pathlib import Path

from code_rag.rag_server.adapters.qdrant_edge import EdgeStore, open_edge_store
from code_rag.rag_server.codebase import Codebase
from code_rag.rag_server.indexing import Indexer
from code_rag.rag_server.model import Query, SparseVector
from tests.unit.rag_server.fakes import DIMENSION, FakeEmbedder, vector_of

FILES = 40
DEADLINE_SECONDS = 30
WATCHED_KILLS = int(os.environ.get("KILLS", "10"))
"""The long version: KILLS=50 in the environment, and `--timeout 900`."""
CHILD = "tests.unit.rag_server.index_child"
PROJECT = Path(__file__).parents[3]


def write_codebase(root: Path, edition: int) -> None:
    """40 files of some ten chunks; every third one is different in each edition."""
    root.mkdir(exist_ok=True)
    for number in range(FILES):
        name = f"f{number}_{edition if number % 3 == 0 else 0}"
        functions = [
            f"def {name}_{part}():\n" + "".join(f"    {name}_{part}_{line} = {line}\n" for line in range(25))
            for part in range(10)
        ]
        (root / f"{number}.py").write_text("\n\n".join(functions))


def kill_after(codebase: Path, folder: Path, writes: int, *options: str) -> dict[str, set[str]]:
    """Index in a process that is killed after so many writes; the ids that it confirmed, by kind."""
    confirmed: dict[str, set[str]] = {"stored": set(), "embedded": set()}
    command = [sys.executable, "-m", CHILD, str(codebase), str(folder), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=PROJECT) as child:
        assert child.stdout is not None
        for seen, line in enumerate(child.stdout, start=1):
            kind, ids = json.loads(line)
            confirmed[kind] |= set(ids)
            if seen == writes:
                child.kill()
    return confirmed


async def ids_in(store: EdgeStore) -> tuple[set[str], set[str]]:
    """The ids of the chunks without dense vectors, and of those with them."""
    paths = [f"{number}.py" for number in range(FILES)]
    unembedded = await store.stored_chunks(paths, missing="header")
    found = await store.search(Query(vector_of("x"), SparseVector((), ())), 100_000)
    return {chunk.id for chunk in unembedded}, {each.chunk.id for each in found.found}


async def index(codebase: Path, store: EdgeStore) -> None:
    """Index to the end."""
    indexer = Indexer(Codebase(codebase), store, FakeEmbedder())
    indexer.start()
    async with asyncio.timeout(DEADLINE_SECONDS):
        while indexer.status().finished_at is None:  # noqa: ASYNC110 – nothing tells of the end
            await asyncio.sleep(0.01)
    await indexer.close()


async def test_a_killed_index_is_made_whole(tmp_path: Path) -> None:
    """After each kill all that was confirmed is there, and the index ends as if nothing had happened."""
    dice = random.Random(7)  # noqa: S311 – the same moments in each run
    codebase = tmp_path / "code"
    for edition in range(3):
        write_codebase(codebase, edition)
        confirmed = await asyncio.to_thread(kill_after, codebase, tmp_path / "index", dice.randint(1, 4))
        store = open_edge_store(tmp_path / "index", DIMENSION)
        unembedded, embedded = await ids_in(store)
        assert confirmed["stored"]
        assert confirmed["stored"] <= unembedded | embedded
        assert confirmed["embedded"] <= embedded
        await store.close()

    killed = open_edge_store(tmp_path / "index", DIMENSION)
    clean = open_edge_store(tmp_path / "clean", DIMENSION)
    await index(codebase, killed)
    await index(codebase, clean)
    assert await ids_in(killed) == await ids_in(clean)
    assert await killed.count() == await clean.count()
    assert await killed.files() == await clean.files()
    await killed.close()
    await clean.close()


async def test_a_killed_watch_is_made_whole(tmp_path: Path) -> None:
    """Killed again and again while it follows a codebase that is being rewritten, an index ends whole."""
    dice = random.Random(11)  # noqa: S311 – the same moments in each run
    codebase = tmp_path / "code"
    write_codebase(codebase, 0)
    edition = 0
    for writes in [dice.randint(2, 16) for _ in range(WATCHED_KILLS)]:
        killed = asyncio.create_task(
            asyncio.to_thread(kill_after, codebase, tmp_path / "index", writes, "watch")
        )
        while not killed.done():
            edition += 1
            await asyncio.to_thread(write_codebase, codebase, edition)
            await asyncio.wait([killed], timeout=0.15)
        assert (await killed)["stored"]

    after = open_edge_store(tmp_path / "index", DIMENSION)
    clean = open_edge_store(tmp_path / "clean", DIMENSION)
    await index(codebase, after)
    await index(codebase, clean)
    assert await ids_in(after) == await ids_in(clean)
    assert await after.files() == await clean.files()
    await after.close()
    await clean.close()
