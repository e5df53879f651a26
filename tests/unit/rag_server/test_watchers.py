"""Several codebases are watched one by one, as they come and go."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from code_rag.rag_server import watchers, watching
from tests.unit.rag_server.live_app import a_codebase, an_app, live

DEADLINE_SECONDS = 30


@pytest.fixture
async def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx2.AsyncClient]:
    """rag-server over the codebases `code` and `other`, which are compared all the time."""
    monkeypatch.setattr(watching, "SHORTEST_PAUSE_SECONDS", 0.02)
    monkeypatch.setattr(watchers, "FOLLOW_SECONDS", 0.02)
    codebase = a_codebase(tmp_path / "code")
    (tmp_path / "other").mkdir()
    (tmp_path / "other/a.py").write_text("def first():\n    return 1\n")
    async with live(an_app(codebase, folders=[tmp_path / "other"], index_on_start=True)) as http:
        await until(http, lambda status: status["finished_at"] and status["watching"] == "scan")
        yield http


async def until(
    http: httpx2.AsyncClient, condition: Callable[[dict[str, Any]], object], codebase: str = ""
) -> dict[str, Any]:
    """The status, of all or of one codebase, once it meets a condition."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            response = await http.get("/index", params={"codebase": codebase} if codebase else {})
            status: dict[str, Any] = response.json()
            if condition(status):
                return status
            await asyncio.sleep(0.02)


async def test_a_change_is_indexed_in_its_codebase(two: httpx2.AsyncClient, tmp_path: Path) -> None:
    """What is saved in one codebase is visited by its indexer only, under its name."""
    before = {each["name"]: each for each in (await two.get("/index")).json()["codebases"]}
    (tmp_path / "other/b.py").write_text("def second():\n    return 2\n")

    await until(two, lambda status: status["path"] == "other/b.py", "other")
    after = {each["name"]: each for each in (await two.get("/index")).json()["codebases"]}

    assert after["code"]["finished_at"] == before["code"]["finished_at"]
    assert after["other"]["finished_at"] != before["other"]["finished_at"]
    assert {each["watching"] for each in after.values()} == {"scan"}


async def test_an_absent_codebase_leaves_the_other_alone(two: httpx2.AsyncClient, tmp_path: Path) -> None:
    """A codebase that goes away fails by itself, with its name, and recovers when it is back."""
    (tmp_path / "other").rename(tmp_path / "elsewhere")
    status = await until(two, lambda status: status["state"] == "failed")
    assert {each["name"]: each["state"] for each in status["codebases"]} == {
        "code": "idle",
        "other": "failed",
    }
    health = (await two.get("/health")).json()["checks"]["index"]
    assert health["status"] == "degraded"

    (tmp_path / "elsewhere").rename(tmp_path / "other")
    await until(two, lambda status: status["state"] == "idle")


async def test_how_each_is_watched_is_said(two: httpx2.AsyncClient) -> None:
    """Health names each codebase with the way in which changes are noticed."""
    detail = (await two.get("/health")).json()["checks"]["index"]["detail"]
    assert detail.startswith("code: compared with the disk every ")
    assert "; other: compared with the disk every " in detail


async def test_a_new_repository_is_watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a run of all has found a new repository it is watched; one that is deleted is no longer."""
    monkeypatch.setattr(watching, "SHORTEST_PAUSE_SECONDS", 0.02)
    monkeypatch.setattr(watchers, "FOLLOW_SECONDS", 0.02)
    for name in ("one", "two"):
        (tmp_path / "all" / name / ".git").mkdir(parents=True)
        (tmp_path / "all" / name / "a.py").write_text("def first():\n    return 1\n")
    (tmp_path / "all/two").rename(tmp_path / "two")
    async with live(an_app(tmp_path / "all", index_on_start=True)) as http:
        await until(http, lambda status: status["finished_at"])
        (tmp_path / "two").rename(tmp_path / "all/two")
        await http.post("/index", json={})
        await until(http, lambda status: len(status["codebases"]) == 2 and status["watching"] == "scan")
        (tmp_path / "all/two/b.py").write_text("def second():\n    return 2\n")
        await until(http, lambda status: status["path"] == "two/b.py", "two")
        await asyncio.to_thread(shutil.rmtree, tmp_path / "all/two")
        await http.post("/index", json={})
        await until(http, lambda status: [each["name"] for each in status["codebases"]] == ["one"])
