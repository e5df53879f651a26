"""rag-server learns from embedding-server which model its index is made with."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import httpx2
import pytest

from code_rag.rag_server.adapters.qdrant_collections import fullest_model
from code_rag.rag_server.adapters.qdrant_payload import index_name
from code_rag.rag_server.adapters.qdrant_server import ServerStore
from code_rag.rag_server.app import create_app
from code_rag.rag_server.composition.stores import FIRST_GUESS, Stores
from code_rag.rag_server.model import EmbeddingModel
from code_rag.rag_server.settings import Settings
from tests.unit.rag_server.fakes import local_qdrant, make_file, vector_of
from tests.unit.rag_server.live_app import ORDERS, a_codebase, live
from tests.unit.rag_server.loopback_http import http, serving, unused_url

QUERY = {"query": "cancel an order"}


class EmbeddingServer:
    """Answers as embedding-server does with `model`, after so many answers that it is still loading."""

    def __init__(self, model: EmbeddingModel, loading: int = 0) -> None:
        self.model = model
        self.loading = loading

    def answer(self, path: str, body: bytes) -> bytes:
        """The bytes of the answer."""
        if self.loading:
            self.loading -= 1
            return http(503, json.dumps({"error": {"message": "The model is loading."}}))
        if path == "/health":
            return http(200, json.dumps(HEALTHY))
        if path == "/v1/models":
            return http(200, json.dumps({"data": [{"id": self.model.name}]}))
        request = json.loads(body)
        if request.get("model") not in (None, self.model.name):
            return http(404, json.dumps({"error": {"message": f"only {self.model.name}"}}))
        texts, dimension = request["texts"], self.model.dimension
        vectors = [(vector_of(text) * dimension)[:dimension] for text in texts]
        marks = {"tokens": [1] * len(texts), "truncated": [False] * len(texts)}
        answer = {"embeddings": vectors, "dimension": dimension, "model": self.model.name, **marks}
        return http(200, json.dumps(answer))


HEALTHY = {"status": "ok", "service": "embedding-server", "version": "1", "checks": {}}
OTHER = EmbeddingModel("other/model", 12)
THIRD = EmbeddingModel("third/model", 5)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a codebase in it, and room for its index."""
    a_codebase(tmp_path / "code")
    return tmp_path


@asynccontextmanager
async def rag_server(folder: Path, embedding_url: str, **settings: Any) -> AsyncIterator[httpx2.AsyncClient]:
    """rag-server over its own embedded store, and an embedding-server at the URL."""
    chosen = Settings(
        codebase_path=folder / "code",
        data_dir=folder / "index",
        embedding_server_url=embedding_url,
        llm_server_url=await unused_url(),
        **settings,
    )
    async with live(create_app(chosen)) as client:
        yield client


async def until_embedded(client: httpx2.AsyncClient) -> dict[str, Any]:
    """The best hit for QUERY once it is found by its meaning too."""
    async with asyncio.timeout(20):
        while True:
            for hit in (await client.post("/search", json=QUERY)).json()["hits"]:
                if hit["cosine"] is not None:
                    return cast(dict[str, Any], hit)
            await asyncio.sleep(0.02)


def indexes(folder: Path) -> set[str]:
    """The indexes in the folder."""
    return {entry.name for entry in (folder / "index").iterdir() if entry.is_dir()}


def name_of(model: EmbeddingModel) -> str:
    """The name of the index of a model."""
    return index_name("code", model.name, model.dimension)


async def check(client: httpx2.AsyncClient) -> dict[str, str]:
    """What /health says of embedding-server."""
    return cast(dict[str, str], (await client.get("/health")).json()["checks"]["embedding-server"])


async def test_another_model_has_another_index(folder: Path) -> None:
    """With a model of another name and dimension, files are indexed and found as with the default one."""
    server = EmbeddingServer(OTHER)
    async with serving(server.answer) as embedding, rag_server(folder, embedding.url) as client:
        hit = await until_embedded(client)
        assert await check(client) == {"status": "ok", "detail": OTHER.name}

    assert hit["path"] == ORDERS.path
    assert name_of(OTHER) in indexes(folder)


async def test_the_model_may_be_seen_late(folder: Path) -> None:
    """A server that is still loading at the start is waited for while words are searched already."""
    server = EmbeddingServer(OTHER, loading=4)
    async with serving(server.answer) as embedding, rag_server(folder, embedding.url) as client:
        assert (await client.get("/health")).json()["status"] == "degraded"
        await until_embedded(client)

    assert name_of(OTHER) in indexes(folder)


async def test_without_embedding_server_the_last_index_is_searched(folder: Path) -> None:
    """After a restart without embedding-server, what was indexed is found by its words; that is said."""
    server = EmbeddingServer(OTHER)
    async with serving(server.answer) as embedding, rag_server(folder, embedding.url) as client:
        await until_embedded(client)

    async with rag_server(folder, await unused_url(), index_on_start=False) as client:
        found = (await client.post("/search", json=QUERY)).json()
        state, metrics = await check(client), (await client.get("/metrics")).text

    assert [hit["path"] for hit in found["hits"]] == [ORDERS.path]
    assert found["hits"][0]["cosine"] is None
    assert found["degraded"][0].startswith("semantic search is off: embedding-server does not answer at")
    assert state["status"] == "degraded"
    assert 'semantic search is off"} 1.0' in metrics


async def test_vectors_of_two_models_never_mix(folder: Path) -> None:
    """A restart with a third model fills a third index, and the second one stays as it is."""
    for model in (OTHER, THIRD):
        server = EmbeddingServer(model)
        async with serving(server.answer) as embedding, rag_server(folder, embedding.url) as client:
            await until_embedded(client)

    assert {name_of(OTHER), name_of(THIRD)} <= indexes(folder)
    assert Stores(Settings(codebase_path=folder, data_dir=folder / "index")).last() == THIRD


async def test_a_model_that_changes_meanwhile_asks_for_a_restart(folder: Path) -> None:
    """Once a model was seen, another one degrades the health with a sentence that says what to do."""
    server = EmbeddingServer(OTHER)
    async with serving(server.answer) as embedding, rag_server(folder, embedding.url) as client:
        await until_embedded(client)
        server.model = THIRD
        found = (await client.post("/search", json=QUERY)).json()
        state = await check(client)

    assert state["detail"] == (
        "embedding-server serves third/model, but the index was built with other/model: "
        "restart rag-server to index with third/model."
    )
    assert found["hits"]
    assert found["degraded"] == ["semantic search is off: embedding-server answered 404: only third/model"]


@pytest.mark.parametrize("memory", ["", "[]", "{}", '{"name": "x"}', "\0"])
def test_a_memory_that_cannot_be_read_is_none(folder: Path, memory: str) -> None:
    """Where the file with the last model is damaged, the first guess holds."""
    (folder / "index").mkdir()
    (folder / "index" / "code.json").write_text(memory)
    assert Stores(Settings(codebase_path=folder, data_dir=folder / "index")).last() == FIRST_GUESS


async def test_a_qdrant_server_names_the_model_of_its_fullest_index() -> None:
    """Among the collections the one with the most points is taken; foreign ones and old layouts are not."""
    client = local_qdrant()
    assert await fullest_model(client, "code", name_of) is None
    for model, files in ((OTHER, 3), (THIRD, 1)):
        store = ServerStore(client, name_of(model), model.dimension, model.name)
        for number in range(files):
            await store.upsert(make_file(f"{number}.py", ["one"]))
    crowded = ServerStore(client, "code-00000000", 3, "old/layout")
    await crowded.upsert([point for number in range(9) for point in make_file(f"{number}.py", ["one"])])
    await client.create_collection("code-foreign", vectors_config={})
    await client.create_collection("else", vectors_config={})

    assert await fullest_model(client, "code", name_of) == OTHER


def qdrant(path: str, body: bytes) -> bytes:
    """Answer as a Qdrant server does that has an index of OTHER, which holds something."""
    vectors = {"dense": {"size": OTHER.dimension, "distance": "Cosine"}}
    config = {
        "params": {"vectors": vectors},
        "hnsw_config": {"m": 16, "ef_construct": 100, "full_scan_threshold": 10_000},
        "optimizer_config": {"deleted_threshold": 0.2, "vacuum_min_vector_number": 1, "flush_interval_sec": 5}
        | {"default_segment_number": 1},
        "metadata": {"model": OTHER.name},
    }
    results: dict[str, Any] = {
        "/collections": {"collections": [{"name": name_of(OTHER)}]},
        f"/collections/{name_of(OTHER)}": {"status": "green", "optimizer_status": "ok", "points_count": 3}
        | {"segments_count": 1, "config": config, "payload_schema": {}},
    }
    if path not in results:
        return http(404, '{"status": {"error": "not found"}}')
    answer = {"result": results[path], "status": "ok", "time": 0.0}
    return http(200, json.dumps(answer), "content-type: application/json")


async def test_without_embedding_server_a_qdrant_server_knows_the_index(folder: Path) -> None:
    """While embedding-server is away, the index that a Qdrant server has is the one that is searched."""
    async with serving(qdrant) as database:
        settings = {"vector_db_url": database.url, "index_on_start": False}
        wanted = f"post /collections/{name_of(OTHER)}/points/query/batch "
        async with rag_server(folder, await unused_url(), **settings) as client, asyncio.timeout(10):
            while not any(head.startswith(wanted) for head in database.heads):
                assert (await client.post("/search", json=QUERY)).status_code == 200


async def test_no_qdrant_server_knows_no_model(folder: Path) -> None:
    """A Qdrant server that is away names no model, and that is no error."""
    settings = Settings(codebase_path=folder, vector_db_url=await unused_url())
    assert await Stores(settings).find() is None
