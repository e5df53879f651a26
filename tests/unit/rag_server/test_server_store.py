"""What only the store behind a URL can meet: a server that is away, slow, refuses or loses collections."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, cast

import pytest
from qdrant_client import AsyncQdrantClient, models

from code_rag.rag_server.adapters.qdrant_payload import INDEXED_FIELDS
from code_rag.rag_server.adapters.qdrant_server import ServerStore, connect
from code_rag.rag_server.model import Query, SparseVector
from code_rag.servicekit.errors import Unavailable, UpstreamFailed, UpstreamTimeout
from tests.unit.rag_server.fakes import DIMENSION, LocalQdrant, local_qdrant, make_file, vector_of
from tests.unit.rag_server.loopback_http import HANG, Loopback, http, serving, unused_url

WORDS = SparseVector((1,), (1.0,))


@asynccontextmanager
async def answering(answer: bytes, seconds: int = 10) -> AsyncIterator[tuple[ServerStore, Loopback]]:
    """A store whose server gives every request this answer."""
    async with serving(lambda path, body: answer) as loopback:
        store = ServerStore(connect(loopback.url, "key-1", seconds), "code", DIMENSION)
        yield store, loopback
        await store.close()


async def test_the_key_is_sent() -> None:
    """VECTOR_DB_API_KEY goes along with every request."""
    body = '{"result": {"exists": true}, "status": "ok", "time": 0}'
    async with answering(http(200, body)) as (store, loopback):
        await store.ping()
    assert "api-key: key-1" in loopback.heads[0]


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        (http(401, "no"), UpstreamFailed, "rejects the key in VECTOR_DB_API_KEY"),
        (http(400, "bad vector"), UpstreamFailed, "answered 400: bad vector"),
        (http(408), UpstreamTimeout, "did not answer in time"),
        (http(500, "disk full"), Unavailable, "answered 500: disk full"),
        (http(429, header="retry-after: 7"), Unavailable, "overloaded"),
        (http(200, "<html>"), UpstreamFailed, "does not answer like Qdrant"),
        (b"not http\r\n\r\n", Unavailable, "cannot be reached"),
    ],
)
async def test_errors_are_ours(answer: bytes, error: type[Exception], message: str) -> None:
    """Whatever the server sends instead of an answer becomes an error that says who failed and how."""
    async with answering(answer) as (store, _):
        for ask in (store.count, store.ping, partial(store.upsert, make_file("a.py", ["one"]))):
            with pytest.raises(error, match=message):
                await ask()


async def test_a_slow_server_is_given_up_on() -> None:
    """A request that is not answered in time ends in a timeout."""
    async with answering(HANG, seconds=1) as (store, _):
        with pytest.raises(UpstreamTimeout, match="did not answer in time"):
            await store.search(Query(None, WORDS), 10)
        with pytest.raises(UpstreamTimeout, match="did not answer in time"):
            await store.stored_chunks(["a.py"])


async def test_no_server_at_all() -> None:
    """A port that nobody listens on is unavailable."""
    store = ServerStore(connect(await unused_url(), None), "code", DIMENSION)
    with pytest.raises(Unavailable, match="cannot be reached"):
        await store.files()
    await store.close()


async def test_a_lost_collection_holds_nothing_and_is_made_again() -> None:
    """After the server lost everything a search finds nothing, and the next upsert starts afresh."""
    client = local_qdrant()
    store = ServerStore(client, "code", DIMENSION)
    points = make_file("a.py", ["one"])
    await store.upsert(points)
    await client.delete_collection("code")

    found = await store.search(Query(vector_of("one"), WORDS), 10)
    assert found.found == ()
    assert await store.files() == {}
    assert await store.stored_chunks(["a.py"]) == []

    await store.upsert(points)
    assert await store.count() == 1


async def test_a_collection_made_by_halves_is_completed() -> None:
    """Where a process ended between making the collection and its indexes, the next one makes the rest."""
    fields: list[str] = []

    class Watched(LocalQdrant):
        async def create_payload_index(self, collection: str, field: str, *_: Any, **__: Any) -> None:
            fields.append(field)

    client = cast(AsyncQdrantClient, Watched())
    sparse = models.SparseVectorParams(modifier=models.Modifier.IDF)
    await client.create_collection("code", vectors_config={}, sparse_vectors_config={"sparse": sparse})
    store = ServerStore(client, "code", DIMENSION)
    assert await store.files() == {}
    assert sorted(fields) == sorted(INDEXED_FIELDS)
    await store.files()
    assert sorted(fields) == sorted(INDEXED_FIELDS)


class RacedQdrant(LocalQdrant):
    """Has every collection a moment before it is asked to make it."""

    async def create_collection(self, *args: Any, **kwargs: Any) -> None:
        create = super().__getattr__("create_collection")
        await create(*args, **kwargs)
        await create(*args, **kwargs)


async def test_another_replica_was_faster() -> None:
    """A collection that appears between the question for it and its making is used."""
    store = ServerStore(cast(AsyncQdrantClient, RacedQdrant()), "code", DIMENSION)
    await store.upsert(make_file("a.py", ["one"]))
    assert set(await store.files()) == {"a.py"}
