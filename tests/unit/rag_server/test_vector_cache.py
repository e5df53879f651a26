"""What both vector caches must do: SQLite beside the embedded store, and a collection of a Qdrant server.

Without TEST_VECTOR_DB_URL the server is qdrant-client's local mode, with it the one behind that URL.
"""

import os
import random
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from code_rag.rag_server.adapters.qdrant_cache import QdrantCache
from code_rag.rag_server.adapters.qdrant_server import connect
from code_rag.rag_server.adapters.sqlite_cache import open_sqlite_cache
from code_rag.rag_server.ports import StoreUnusable, VectorCache
from code_rag.rag_server.vectors import normalised, vector_key
from tests.unit.rag_server.fakes import DIMENSION, local_qdrant, vector_of


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[VectorCache]:
    cache = open_sqlite_cache(tmp_path / "vectors.sqlite3")
    yield cache
    await cache.close()


@pytest.fixture
async def server() -> AsyncIterator[VectorCache]:
    url = os.environ.get("TEST_VECTOR_DB_URL")
    client = connect(url, os.environ.get("TEST_VECTOR_DB_API_KEY")) if url else local_qdrant()
    collection = f"test-{uuid.uuid4().hex}"
    yield QdrantCache(client, collection, DIMENSION, {}, page=100)  # so that listings have several
    await client.delete_collection(collection)
    await client.close()


@pytest.fixture(params=["sqlite", "server"])
def cache(request: pytest.FixtureRequest) -> VectorCache:
    found: VectorCache = request.getfixturevalue(request.param)
    return found


async def test_an_empty_cache(cache: VectorCache) -> None:
    """A cache that nothing was put into has nothing, and nothing to delete."""
    assert await cache.get([vector_key("one")]) == {}
    assert await cache.count() == 0
    assert await cache.prune(set()) == 0


async def test_vectors_come_back(cache: VectorCache) -> None:
    """More vectors than one request takes come back by their keys; unknown keys have none."""
    dice = random.Random(5)  # noqa: S311 – the same numbers in each run
    vectors = {
        vector_key(f"text {n}"): normalised([dice.gauss(0, 1) for _ in range(DIMENSION)]) for n in range(1200)
    }
    await cache.put(vectors)

    found = await cache.get([*vectors, vector_key("another text")])

    assert found.keys() == vectors.keys()
    for key, vector in vectors.items():
        cosine = sum(a * b for a, b in zip(vector, found[key], strict=True))
        assert cosine == pytest.approx(1.0, abs=1e-3)
    assert await cache.count() == 1200


async def test_a_key_has_one_vector(cache: VectorCache) -> None:
    """Putting a vector again replaces the one before."""
    await cache.put({vector_key("one"): vector_of("one")})
    await cache.put({vector_key("one"): vector_of("two")})
    (found,) = (await cache.get([vector_key("one")])).values()
    assert found == pytest.approx(vector_of("two"), abs=1e-3)
    assert await cache.count() == 1


async def test_prune_keeps_what_is_used(cache: VectorCache) -> None:
    """Only the vectors whose keys are not named are deleted, and they are counted."""
    keys = [vector_key(f"text {number}") for number in range(500)]
    await cache.put({key: vector_of(key) for key in keys})
    assert await cache.prune({*keys[::5], vector_key("never there")}) == 400
    assert (await cache.get(keys)).keys() == {*keys[::5]}
    assert await cache.count() == 100


async def test_vectors_outlive_the_process(tmp_path: Path) -> None:
    """What was put is there when the file is opened again, also if it was never closed."""
    first = open_sqlite_cache(tmp_path / "vectors.sqlite3")
    await first.put({vector_key("one"): vector_of("one")})
    for name in ("vectors.sqlite3", "vectors.sqlite3-wal"):  # as a killed process leaves them
        (tmp_path / f"copy-{name}").write_bytes((tmp_path / name).read_bytes())
    second = open_sqlite_cache(tmp_path / "copy-vectors.sqlite3")
    assert await second.count() == 1
    await first.close()
    await second.close()


async def test_a_file_has_one_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second opener is refused with the file's name, and may have it after the first one closed it."""
    monkeypatch.setattr("code_rag.rag_server.adapters.sqlite_cache.LOCK_SECONDS", 0.1)
    file = tmp_path / "vectors.sqlite3"
    first = open_sqlite_cache(file)
    with pytest.raises(StoreUnusable, match=f"The vectors in {file} cannot be used .*locked"):
        open_sqlite_cache(file)
    await first.close()
    await open_sqlite_cache(file).close()


async def test_a_damaged_file_is_made_again(tmp_path: Path) -> None:
    """A file that is no database is set aside, and an empty one takes its place."""
    (tmp_path / "vectors.sqlite3").write_bytes(b"not a database" * 100)

    cache = open_sqlite_cache(tmp_path / "vectors.sqlite3")

    assert await cache.count() == 0
    assert (tmp_path / "vectors.sqlite3.damaged").read_bytes().startswith(b"not a database")
    await cache.close()
