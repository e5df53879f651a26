"""The embedded store's folder: kept, shared with nobody, and refused with a reason when it cannot be used."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from code_rag.rag_server.adapters.qdrant_edge import EdgeStore, open_edge_store
from code_rag.rag_server.model import Query, SparseVector, StoredFile
from code_rag.rag_server.ports import StoreUnusable
from code_rag.servicekit.errors import Unavailable
from tests.fixtures.privileges import permissions_bind_root
from tests.unit.rag_server.fakes import DIMENSION, make_file, vector_of


async def filled(folder: Path) -> EdgeStore:
    """A store with a file of two chunks, the first one embedded."""
    store = open_edge_store(folder, DIMENSION)
    points = make_file("a.py", ["one", "two"])
    await store.upsert(points)
    await store.add_vectors({points[0].chunk.id: vector_of("one")}, "whole")
    return store


async def test_what_was_stored_is_there_after_a_restart(tmp_path: Path) -> None:
    """Points, vectors and their weights outlive the process that closed the store."""
    store = await filled(tmp_path / "deep" / "index")
    await store.close()

    store = open_edge_store(tmp_path / "deep" / "index", DIMENSION)
    found = await store.search(Query(vector_of("one"), SparseVector((1,), (1.0,))), 10)
    assert await store.files() == {"a.py": StoredFile("v1", 2, True, 1)}
    assert [each.chunk.text for each in found.found if each.cosine is not None] == ["one"]
    assert [each.bm25 > 0 for each in found.found] == [True, True]
    await store.close()


async def test_a_folder_has_one_owner(tmp_path: Path) -> None:
    """A second opener is told that the folder is in use, and may have it once the first one let go."""
    store = await filled(tmp_path / "index")
    with pytest.raises(StoreUnusable, match="by another process; stop that process, or set another DATA_DIR"):
        open_edge_store(tmp_path / "index", DIMENSION)
    await store.close()

    store = open_edge_store(tmp_path / "index", DIMENSION)
    assert await store.count() == 2
    await store.close()


async def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """A path below a file is refused with the system's reason."""
    (tmp_path / "file").write_text("not a folder")

    with pytest.raises(StoreUnusable, match="cannot be made: File exists"):
        open_edge_store(tmp_path / "file" / "index", DIMENSION)


@contextmanager
def only_for_reading(folder: Path) -> Iterator[None]:
    """Nothing in a folder may be written, and nothing be made or renamed there; after that nothing was."""
    modes = {place: place.stat().st_mode for place in (folder, *folder.rglob("*"))}
    for place in modes:
        place.chmod(0o500 if place.is_dir() else 0o400)
    yield
    for place, mode in modes.items():
        place.chmod(mode)
    assert modes.keys() == {folder, *folder.rglob("*")}


async def test_a_folder_that_is_only_for_reading_is_refused_whole(tmp_path: Path) -> None:
    """The reason is said and nothing is set aside; with the right to write again all of it is there."""
    store = await filled(tmp_path / "index")
    await store.close()
    refused = pytest.raises(StoreUnusable, match="Permission denied")
    with permissions_bind_root(), only_for_reading(tmp_path), refused:
        open_edge_store(tmp_path / "index", DIMENSION)

    store = open_edge_store(tmp_path / "index", DIMENSION)
    assert await store.count() == 2
    await store.close()


async def test_what_the_engine_refuses_is_unavailable(tmp_path: Path) -> None:
    """An error of the engine at run time becomes one of ours, and the store goes on."""
    store = await filled(tmp_path / "index")
    with pytest.raises(Unavailable, match=r"The embedded index failed: .*expected dim: 8, got 3"):
        await store.search(Query([0.1, 0.2, 0.3], SparseVector((), ())), 10)
    assert await store.count() == 2
    await store.close()


async def test_deleted_chunks_are_let_go_of(tmp_path: Path) -> None:
    """Opening a folder most of whose chunks were deleted keeps the others whole."""
    store = open_edge_store(tmp_path / "index", DIMENSION)
    for number in range(30):
        points = make_file(f"{number}.py", [f"{number} {part}" for part in range(50)])
        await store.upsert(points)
        await store.add_vectors({point.chunk.id: vector_of(point.chunk.text) for point in points}, "whole")
    for number in range(1, 30):
        await store.remove_stale(f"{number}.py", "")
    await store.close()

    store = open_edge_store(tmp_path / "index", DIMENSION)
    found = await store.search(Query(vector_of("0 7"), SparseVector((1,), (1.0,))), 100)
    assert await store.files() == {"0.py": StoredFile("v1", 50, True, 0)}
    assert found.found[0].chunk.text == "0 7"
    assert [each.cosine is not None and each.bm25 > 0 for each in found.found] == [True] * 50
    await store.upsert(make_file("1.py", ["again"]))
    assert await store.count() == 51
    await store.close()
