"""rag-server is killed while it moves between two models: nothing is lost, and nothing mixed."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx2

from tests.unit.rag_server.embedding_loopback import EmbeddingLoopback, a_model, embedding_server
from tests.unit.rag_server.live_app import ORDERS, a_codebase
from tests.unit.rag_server.loopback_http import unused_url
from tests.unit.rag_server.moved import Rag, is_pure, until

ONE, OTHER = a_model("one/model", 12), a_model("other/model", 12)
SECONDS = 60.0
"""A start takes two seconds, and ten where the machine is busy with other things."""
Stage = Callable[[dict[str, Any]], bool]


@asynccontextmanager
async def process(folder: Path, server: EmbeddingLoopback) -> AsyncIterator[Rag]:
    """rag-server in a process of its own, which is killed at the end."""
    url = await unused_url()
    settings = {
        "CODEBASE_PATH": str(folder / "code"),
        "DATA_DIR": str(folder / "index"),
        "EMBEDDING_SERVER_URL": server.at.url,
        "LLM_SERVER_URL": await unused_url(),
        "PORT": url.rpartition(":")[2],
    }
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME")}
    log = (folder / "log").open("ab")
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "code_rag.rag_server", env=kept | settings, stdout=log, stderr=log
    )
    try:
        async with httpx2.AsyncClient(base_url=url, trust_env=False, timeout=30) as client:
            rag = Rag(client)
            await until(lambda: _serves(rag), SECONDS)
            yield rag
    finally:
        child.kill()
        await child.wait()
        log.close()


async def _serves(rag: Rag) -> bool:
    try:
        return (await rag.client.get("/livez")).is_success
    except httpx2.HTTPError:
        return False


async def reach(rag: Rag, stage: Stage) -> None:
    """Return once the status of the index is in this stage."""

    async def reached() -> bool:
        await rag.search()  # by which another model is noticed
        return stage(await rag.status())

    await until(reached, SECONDS)


def is_asked(status: dict[str, Any]) -> bool:
    """An index of the other model is looked for, or it serves already."""
    return bool(status["next"]) or is_there(status)


def has_words(status: dict[str, Any]) -> bool:
    """Its words are there, and no vector."""
    following = status["next"]
    return bool(following and following["searchable"]["files"])


def is_there(status: dict[str, Any]) -> bool:
    """It serves."""
    return status["model"]["fingerprint"] == OTHER.fingerprint and not status["next"]


async def found(rag: Rag) -> bool:
    """Whether the code is found, by its words at least."""
    return [hit["path"] for hit in (await rag.search())["hits"]] == [ORDERS.path]


async def test_a_kill_while_moving_loses_nothing(tmp_path: Path) -> None:
    """In whichever stage of a move it comes, the code is found at once afterwards, and the move goes on."""
    a_codebase(tmp_path / "code")
    stages: list[tuple[Stage, bool]] = [
        (is_asked, True),
        (has_words, True),
        (is_asked, False),
        (is_there, False),
    ]
    async with embedding_server(ONE) as server:
        async with process(tmp_path, server) as rag:
            await reach(rag, lambda status: bool(status["searchable"]["vectors"]["whole"]))
        server.model = OTHER
        for stage, server.full in stages:
            async with process(tmp_path, server) as rag:
                assert await found(rag), "by what the index before has of it"
                await reach(rag, stage)
        for server.model in (ONE, OTHER):
            async with process(tmp_path, server) as rag:
                assert await found(rag)
                await until(partial(_by_meaning, rag), SECONDS)
    for model in (ONE, OTHER):
        assert await is_pure(tmp_path, model)


async def _by_meaning(rag: Rag) -> bool:
    return await rag.cosine() is not None
