"""How rag-server is put together: settings, store, health, keys, start and stop."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydantic import ValidationError

from code_rag.rag_server.adapters.qdrant_edge import EdgeStore
from code_rag.rag_server.adapters.qdrant_payload import FIRST_GUESS
from code_rag.rag_server.adapters.qdrant_server import ServerStore
from code_rag.rag_server.composition.catalogs import catalog_of
from code_rag.rag_server.ports import StoreUnusable
from code_rag.rag_server.settings import Settings
from code_rag.servicekit.errors import Unavailable
from tests.unit.rag_server.answer_fakes import FakeChat, FakeStore
from tests.unit.rag_server.fakes import FakeEmbedder
from tests.unit.rag_server.live_app import ORDERS, an_app, live

KEY = {"authorization": "Bearer key-1"}


def start(**environment: str) -> subprocess.CompletedProcess[str]:
    """Run the service, which is expected to end by itself."""
    return subprocess.run(
        [sys.executable, "-m", "code_rag.rag_server"],
        env={**os.environ, "PORT": "0", **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


async def until_run_ends(http: httpx2.AsyncClient, state: str) -> dict[str, Any]:
    """The index's status once a run has ended; fails unless it ended in `state`."""
    async with asyncio.timeout(20):
        while True:
            status: dict[str, Any] = (await http.get("/index")).json()
            if status["finished_at"]:
                assert status["state"] == state
                return status
            await asyncio.sleep(0.02)


def test_a_codebase_that_is_not_there_ends_the_start(tmp_path: Path) -> None:
    """A wrong CODEBASE_PATH is one sentence that names it, and exit code 2."""
    result = start(CODEBASE_PATH=str(tmp_path / "nowhere"))

    assert result.returncode == 2
    assert result.stderr.startswith("Cannot start: CODEBASE_PATH: ")
    assert result.stderr.count("\n") == 1


async def test_a_second_service_on_one_index_ends_its_start(codebase: Path, tmp_path: Path) -> None:
    """An embedded index that is in use is one sentence that says so, and exit code 1."""
    store = catalog_of(Settings(codebase_path=codebase, data_dir=tmp_path / "index")).open(FIRST_GUESS)

    result = await asyncio.to_thread(start, CODEBASE_PATH=str(codebase), DATA_DIR=str(tmp_path / "index"))

    await store.close()
    assert result.returncode == 1
    assert "is in use by another process" in result.stderr
    assert result.stderr.count("\n") == 1


async def test_without_a_url_the_store_is_embedded(codebase: Path, tmp_path: Path) -> None:
    """The embedded store lives in DATA_DIR, and a second opener is refused."""
    settings = Settings(codebase_path=codebase, data_dir=tmp_path / "index")
    store = catalog_of(settings).open(FIRST_GUESS)

    assert isinstance(store, EdgeStore)
    folders = [entry.name for entry in (tmp_path / "index").iterdir() if entry.is_dir()]
    assert [name.split("-")[0] for name in folders] == ["code"]
    with pytest.raises(StoreUnusable):
        catalog_of(settings).open(FIRST_GUESS)
    await store.close()


async def test_with_a_url_the_store_is_a_server_that_may_be_away(codebase: Path) -> None:
    """A Qdrant that does not answer does not keep the service from starting."""
    settings = Settings(codebase_path=codebase, vector_db_url="http://127.0.0.1:9")
    store = catalog_of(settings).open(FIRST_GUESS)

    assert isinstance(store, ServerStore)
    with pytest.raises(Unavailable):
        await store.ping()
    await store.close()


@pytest.mark.parametrize(
    "setting",
    [{"vector_db_url": "qdrant:6333"}, {"collection": "a/b"}, {"port": 70000}, {"llm_server_url": ""}],
)
def test_wrong_settings_are_refused(codebase: Path, setting: dict[str, Any]) -> None:
    """Addresses without a scheme, names that are paths and impossible ports stop the start."""
    with pytest.raises(ValidationError, match=next(iter(setting))):
        Settings(codebase_path=codebase, **setting)


async def test_health_names_every_part(codebase: Path) -> None:
    """All four checks are there, with the names of the models, and the service is ok."""
    async with live(an_app(codebase)) as http:
        health = (await http.get("/health")).json()

    assert health["status"] == "ok"
    assert health["checks"] == {
        "vector-db": {"status": "ok", "detail": ""},
        "embedding-server": {"status": "ok", "detail": "fake-embedder"},
        "llm-server": {"status": "ok", "detail": "fake-model"},
        "index": {"status": "ok", "detail": "changes on disk are watched once all is indexed"},
    }


async def test_missing_parts_degrade_and_never_fail(codebase: Path) -> None:
    """With everything behind it away the service still answers 200, degraded, with each reason."""
    away = Unavailable("It is away.")
    app = an_app(codebase, FakeStore(failure=away), FakeEmbedder(away), FakeChat(failure=away))
    async with live(app) as http:
        response = await http.get("/health")

    assert (response.status_code, response.json()["status"]) == (200, "degraded")
    checks = response.json()["checks"]
    for name in ("vector-db", "embedding-server", "llm-server"):
        assert checks[name] == {"status": "degraded", "detail": "It is away."}


async def test_a_failed_run_degrades_the_health(codebase: Path) -> None:
    """A run that cannot read the codebase shows in the index's check."""
    async with live(an_app(codebase, index_on_start=False)) as http:
        await asyncio.to_thread(codebase.rename, codebase.parent / "moved")
        await http.post("/index", json={})
        await until_run_ends(http, "failed")
        check = (await http.get("/health")).json()["checks"]["index"]

    assert check["status"] == "degraded"
    assert "cannot be read" in check["detail"]


async def test_a_codebase_that_is_away_degrades_the_health_by_name(codebase: Path, tmp_path: Path) -> None:
    """A missing folder beside others keeps nothing from starting; health and the index name it."""
    missing = tmp_path / "billing"
    async with live(an_app(codebase, folders=[missing])) as http:
        check = (await http.get("/health")).json()["checks"]["index"]
        states = {each["name"]: each["state"] for each in (await http.get("/index")).json()["codebases"]}

    assert check["status"] == "degraded"
    assert check["detail"] == f"billing: The codebase cannot be read: {missing}: No such file or directory"
    assert states == {"code": "idle", "billing": "failed"}


@pytest.mark.parametrize("twice", ["{0}:{0}", "{0}:{0}/../{1}"])
def test_a_folder_named_twice_ends_the_start(codebase: Path, twice: str) -> None:
    """CODEBASE_PATH separates folders by colons; the same one twice would be found twice."""
    result = start(CODEBASE_PATH=twice.format(codebase, codebase.name))

    assert result.returncode == 2
    assert "a folder is named twice" in result.stderr


def test_codebase_path_is_a_list(codebase: Path, tmp_path: Path) -> None:
    """Folders are separated as in PATH, and an empty part is no folder."""
    settings = Settings(codebase_path=f"{codebase}:{tmp_path}:")

    assert settings.codebase_path == (codebase, tmp_path)


async def test_the_start_indexes_the_codebase(codebase: Path) -> None:
    """With INDEX_ON_START a run begins by itself; it leaves secrets out."""
    async with live(an_app(codebase, index_on_start=True)) as http:
        status = await until_run_ends(http, "idle")

    assert status["files"]["total"] == 1
    assert status["skipped"]["secret"] == 1


async def test_the_stop_closes_the_store(codebase: Path) -> None:
    """When the service ends, the store is closed."""
    store = FakeStore()
    async with live(an_app(codebase, store=store)):
        assert not store.closed

    assert store.closed


PROBES = ("/health", "/livez", "/metrics")


async def test_a_key_guards_all_but_the_page_and_the_probes(codebase: Path) -> None:
    """With API_KEY set the page, the API's document and the probes are open; data needs the key."""
    async with live(an_app(codebase, api_key="key-1")) as http:
        page = await http.get("/")
        asset = next(part for part in page.text.split('"') if part.startswith(("static/", "/static/")))
        opened = [await http.get(path) for path in (asset, "/openapi.json", *PROBES)]
        guarded = ("/index", f"/files/{ORDERS.path}", "/v1/models", "/static/../index")
        closed = [(await http.get(path)).status_code for path in guarded]
        let_in = [(await http.get(path, headers=KEY)).status_code for path in guarded[:3]]

    assert [page.status_code, *(response.status_code for response in opened)] == [200] * 6
    assert closed == [401] * 4
    assert let_in == [200] * 3


async def test_a_change_is_found_while_the_service_runs(codebase: Path) -> None:
    """A saved file is read and stored without a command."""
    async with live(an_app(codebase, index_on_start=True)) as http:
        await until_run_ends(http, "idle")
        await asyncio.to_thread((codebase / ORDERS.path).write_text, "def saved():\n    return 1\n")
        status: dict[str, Any] = {"path": "", "state": ""}
        async with asyncio.timeout(20):
            while (status["path"], status["state"]) != (ORDERS.path, "idle"):
                await asyncio.sleep(0.02)
                status = (await http.get("/index")).json()

    assert (status["watching"], status["path"], status["files"]["total"]) == ("scan", ORDERS.path, 1)


async def test_a_setting_turns_watching_off(codebase: Path) -> None:
    """With WATCH=false a saved file is not noticed, and nothing says that it would be."""
    async with live(an_app(codebase, index_on_start=True, watch=False)) as http:
        await until_run_ends(http, "idle")
        await asyncio.to_thread((codebase / ORDERS.path).write_text, "def saved():\n    return 1\n")
        status = (await http.get("/index")).json()
        health = (await http.get("/health")).json()["checks"]["index"]

    assert (status["watching"], status["path"]) == ("off", "")
    assert health == {"status": "ok", "detail": "changes on disk are not watched (WATCH=false)"}


async def test_a_mistyped_path_is_not_found(client: httpx2.AsyncClient) -> None:
    """`POST /index` with a path that is nowhere is a 404 with a sentence, and no later answer is marked."""
    response = await client.post("/index", json={"path": "nowhere"})
    search = await client.post("/search", json={"query": "cancel"})

    assert response.status_code == 404
    assert response.json()["error"]["message"] == "There is no 'nowhere' in the codebase or its index."
    assert response.json()["error"]["param"] == "path"
    assert search.json()["degraded"] == []
    assert (await client.get("/index")).json()["state"] == "idle"
