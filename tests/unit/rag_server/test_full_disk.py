"""A disk that is almost full: nothing is written, what is stored is found, and the process lives."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from code_rag.rag_server.adapters.disk_room import RESERVE_BYTES, too_little_room
from code_rag.rag_server.adapters.qdrant_edge import open_edge_store
from code_rag.rag_server.model import Query, SparseVector
from code_rag.rag_server.ports import StoreUnusable
from code_rag.servicekit.errors import Unavailable
from tests.unit.rag_server.fakes import DIMENSION, make_file, vector_of


class SmallDisk:
    """A file system in memory whose size can be changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._mount("-t", "tmpfs", "-o", f"size={3 * RESERVE_BYTES}", "tmpfs")

    def resize(self, size: int) -> None:
        """Give it so many bytes, and take writes."""
        self._mount("-o", f"remount,rw,size={size}")

    def make_read_only(self) -> None:
        """Take no more writes."""
        self._mount("-o", "remount,ro")

    def _mount(self, *how: str) -> None:
        done = subprocess.run(["mount", *how, str(self.folder)], capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"a small disk needs the right to mount: {done.stderr.strip()}")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    small = SmallDisk(tmp_path)
    yield small
    subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)


async def test_a_full_disk_stops_writing_and_nothing_else(disk: SmallDisk) -> None:
    """Writes are refused with what to do, searches go on, and with room again so does writing."""
    store = open_edge_store(disk.folder / "index", DIMENSION)
    await store.upsert(make_file("a.py", ["one"]))
    disk.resize(RESERVE_BYTES)

    with pytest.raises(Unavailable, match=r"The index takes nothing more: .* Make room there") as refused:
        await store.upsert(make_file("b.py", ["two"]))
    found = await store.search(Query(vector_of("one"), SparseVector((1,), (1.0,))), 10)
    disk.resize(3 * RESERVE_BYTES)
    await store.upsert(make_file("b.py", ["two"]))

    assert refused.value.code == "disk_full"
    assert [each.chunk.text for each in found.found] == ["one"]
    assert set(await store.files()) == {"a.py", "b.py"}
    await store.close()


async def test_a_disk_that_is_full_or_read_only_at_the_start_loses_nothing(disk: SmallDisk) -> None:
    """The start is refused with the reason; with room again, all that was stored is there."""
    folder = disk.folder / "index"
    store = open_edge_store(folder, DIMENSION)
    await store.upsert(make_file("a.py", ["one"]))
    await store.close()

    disk.resize(RESERVE_BYTES)
    with pytest.raises(StoreUnusable, match="MiB left, and 128 are needed"):
        open_edge_store(folder, DIMENSION)
    disk.resize(3 * RESERVE_BYTES)
    disk.make_read_only()
    with pytest.raises(StoreUnusable, match="Read-only file system"):
        open_edge_store(folder, DIMENSION)
    disk.resize(3 * RESERVE_BYTES)

    store = open_edge_store(folder, DIMENSION)
    assert set(await store.files()) == {"a.py"}
    await store.close()


def test_how_much_is_left_is_said(tmp_path: Path) -> None:
    """The sentence has the folder and both sizes; there is none where there is room."""
    assert too_little_room(tmp_path, reserve=0) == ""
    said = too_little_room(tmp_path, reserve=2**60)
    assert f"the disk of {tmp_path} has" in said
    assert "1,099,511,627,776 are needed" in said
