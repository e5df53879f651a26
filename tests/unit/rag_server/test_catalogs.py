"""What both catalogs must do: the embedded one, and that of a Qdrant server.

Without TEST_VECTOR_DB_URL the server is qdrant-client's local mode, with it the one behind that URL.
"""

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest
from qdrant_client import AsyncQdrantClient, models

from code_rag.rag_server.adapters.edge_catalog import EdgeCatalog
from code_rag.rag_server.adapters.qdrant_catalog import QdrantCatalog
from code_rag.rag_server.adapters.qdrant_payload import FIRST_GUESS
from code_rag.rag_server.adapters.qdrant_server import connect
from code_rag.rag_server.model import EmbeddingModel
from code_rag.rag_server.ports import Catalog
from code_rag.rag_server.vectors import vector_key
from code_rag.servicekit.errors import Unavailable
from tests.unit.rag_server.embedding_loopback import a_model
from tests.unit.rag_server.fakes import local_qdrant, make_file, vector_of

ONE, OTHER, REVISED = a_model("one", 8), a_model("other", 8), a_model("one", 8, "2")
BEFORE = replace(ONE, fingerprint="", max_tokens=0)


@dataclass
class Place:
    """Where indexes are kept, for one catalog after another as a service is restarted."""

    make: Callable[[], Catalog]
    catalog: Catalog

    async def restart(self) -> Catalog:
        """Close the catalog and open it again."""
        await self.catalog.close()
        self.catalog = self.make()
        return self.catalog


@pytest.fixture(params=["edge", "server"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    """Each of the two, empty."""
    collection, local = f"test-{uuid.uuid4().hex}", local_qdrant()
    url, key = os.environ.get("TEST_VECTOR_DB_URL"), os.environ.get("TEST_VECTOR_DB_API_KEY")

    def make() -> Catalog:
        if request.param == "edge":
            return EdgeCatalog(tmp_path, collection)
        return QdrantCatalog(
            connect(url, key) if url else cast(AsyncQdrantClient, StaysOpen(local)), collection
        )

    found = Place(make, make())
    yield found
    await (await found.restart()).prune([])
    await found.catalog.close()
    await local.close()


class StaysOpen:
    """A client for one catalog after another, which do not close it."""

    def __init__(self, client: AsyncQdrantClient) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    async def close(self) -> None:
        """Leave it open."""


async def fill(catalog: Catalog, model: EmbeddingModel, *texts: str) -> None:
    """Store these texts and their vectors in the index of a model."""
    store = catalog.open(model)
    await store.upsert(make_file("a.py", texts))
    await store.cache.put({vector_key(text): vector_of(text) for text in texts})


async def held(catalog: Catalog) -> list[EmbeddingModel]:
    """The models that have an index."""
    return [model for model in (ONE, OTHER, REVISED, BEFORE) if await catalog.holds(model)]


def folders(place: Path) -> set[str]:
    """The names of the folders in another one."""
    return {path.name for path in place.iterdir() if path.is_dir()}


async def test_nothing_serves_at_first(place: Place) -> None:
    """An empty place has no index, and the first guess is the default model."""
    assert await place.catalog.serving() is None
    assert place.catalog.last() == FIRST_GUESS
    assert not await place.catalog.holds(ONE)


async def test_what_serves_is_remembered(place: Place) -> None:
    """The index that was pointed to last is the one that serves after a restart, back and forth."""
    for model in (ONE, OTHER, ONE):
        await place.catalog.serve(model)
        assert await place.catalog.serving() == model
        assert await (await place.restart()).serving() == model


async def test_an_index_of_an_earlier_version_serves(place: Place) -> None:
    """A model without a fingerprint has an index of its own, which serves like any other."""
    await fill(place.catalog, BEFORE, "alpha")
    await place.catalog.serve(BEFORE)
    catalog = await place.restart()
    serving = await catalog.serving()
    assert serving == BEFORE
    assert await catalog.open(serving).count() == 1
    assert not await catalog.holds(ONE)


async def test_each_fingerprint_has_its_index(place: Place) -> None:
    """What is stored in one index is neither in that of another model nor in that of another revision."""
    await fill(place.catalog, ONE, "alpha", "beta")
    assert [await place.catalog.holds(model) for model in (ONE, OTHER, REVISED, BEFORE)] == [True] + [
        False
    ] * 3
    for model in (OTHER, REVISED, BEFORE):
        assert await place.catalog.open(model).count() == 0
        assert await place.catalog.open(model).cache.count() == 0
    renamed = replace(ONE, name="another name")
    assert await place.catalog.open(renamed).count() == 2


async def test_an_open_store_is_opened_once(place: Place) -> None:
    """Whoever asks for an index that is open gets the same store."""
    assert place.catalog.open(ONE) is place.catalog.open(ONE)


async def test_prune_keeps_what_is_used(place: Place) -> None:
    """The indexes and vectors of all models but those that are named go, open ones too."""
    for model in (ONE, OTHER, REVISED, BEFORE):
        await fill(place.catalog, model, "alpha")
    await place.catalog.serve(ONE)
    assert len(await place.catalog.prune([ONE, OTHER])) == 4
    assert [await place.catalog.holds(model) for model in (ONE, OTHER, REVISED, BEFORE)] == [
        True,
        True,
        False,
        False,
    ]
    for model in (ONE, OTHER):
        assert await place.catalog.open(model).count() == await place.catalog.open(model).cache.count() == 1
    assert await place.catalog.serving() == ONE
    assert await place.catalog.open(REVISED).count() == await place.catalog.open(REVISED).cache.count() == 0


async def test_a_pruned_folder_leaves_others_alone(tmp_path: Path) -> None:
    """Folders with names that no version gives stay, and so does an index that another process has open."""
    catalog, other = EdgeCatalog(tmp_path, "code"), EdgeCatalog(tmp_path, "code")
    for name in ("code-abc", "code-0000000g", "other-00000003", "codes-00000003"):
        (tmp_path / name).mkdir()
    (tmp_path / "code-00000001").mkdir()
    await fill(catalog, ONE, "alpha")
    await fill(other, OTHER, "alpha")
    kept = folders(tmp_path) - {"code-00000001"}
    assert "code-00000001" in await catalog.prune([ONE])
    assert folders(tmp_path) == kept
    await catalog.close()
    await other.close()


async def test_a_pruned_server_leaves_others_alone() -> None:
    """Collections without our own mark are another program's, whatever their name."""
    client = local_qdrant()
    catalog = QdrantCatalog(client, "code")
    await fill(catalog, OTHER, "alpha")
    for name in ("code-deadbeef", "code-abc"):
        params = models.VectorParams(size=8, distance=models.Distance.DOT)
        await client.create_collection(name, vectors_config=params)
    await catalog.prune([ONE])
    assert {each.name for each in (await client.get_collections()).collections} == {
        "code-deadbeef",
        "code-abc",
    }
    await catalog.close()


async def test_a_closed_index_says_so(tmp_path: Path) -> None:
    """Who still reads an index that was deleted is told to repeat the request."""
    catalog = EdgeCatalog(tmp_path, "code")
    store = catalog.open(ONE)
    await catalog.prune([])
    with pytest.raises(Unavailable, match="repeat the request"):
        await store.count()


@pytest.mark.parametrize("memory", ["", "[]", "{}", '{"name": "x"}', "\0"])
async def test_a_pointer_that_cannot_be_read_is_none(tmp_path: Path, memory: str) -> None:
    """Where the file that says which index serves is damaged, it is as before the first run."""
    (tmp_path / "code.json").write_text(memory)
    catalog = EdgeCatalog(tmp_path, "code")
    assert (await catalog.serving(), catalog.last()) == (None, FIRST_GUESS)


async def test_the_pointer_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    """Version 0.1.0 remembered name and dimension of the last model, which name its index."""
    (tmp_path / "code.json").write_text('{"name": "one", "dimension": 8}')
    assert await EdgeCatalog(tmp_path, "code").serving() == BEFORE


async def test_a_pointer_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    """A disk that refuses the file is named, with the reason."""
    (tmp_path / "code.tmp").mkdir()
    with pytest.raises(Unavailable, match=r"code.json cannot be written: Is a directory"):
        await EdgeCatalog(tmp_path, "code").serve(ONE)


async def test_the_index_moves_in_one_step(tmp_path: Path) -> None:
    """Whoever reads the pointer while it is moved sees one of the two models and never nothing."""
    catalog = EdgeCatalog(tmp_path, "code")
    await catalog.serve(ONE)
    moving = asyncio.create_task(_move(catalog))
    seen = set()
    while not moving.done():
        seen.add(await EdgeCatalog(tmp_path, "code").serving())
    await moving
    assert seen <= {ONE, OTHER}


async def _move(catalog: Catalog) -> None:
    for _ in range(50):
        await catalog.serve(OTHER)
        await catalog.serve(ONE)
