"""A codebase, or a part of one, on a mount that hangs or is gone: what is indexed stays, and all says so."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from code_rag.rag_server.adapters.qdrant_edge import open_edge_store
from code_rag.rag_server.changes import Changes
from code_rag.rag_server.codebase import Codebase
from code_rag.rag_server.codebase.classifying import Folder, FoundFile
from code_rag.rag_server.codebase.disk import Disk
from code_rag.rag_server.codebase.explaining import explain
from code_rag.rag_server.codebase.paths import exists
from code_rag.rag_server.codebase.signatures import Signatures
from code_rag.rag_server.codebase.walking import walk
from code_rag.rag_server.indexing import Indexer
from code_rag.rag_server.model import SkippedFile, StoredFile
from code_rag.rag_server.preparing import InProcess
from code_rag.rag_server.watching import Watcher
from code_rag.servicekit.errors import Unavailable
from tests.fixtures.privileges import permissions_bind_root
from tests.unit.rag_server.fakes import DIMENSION
from tests.unit.rag_server.index_bench import Bench, function
from tests.unit.rag_server.stuck_disk import StuckDisk

FILES = ("a.py", "far/b.py", "far/c.py", "z.py")


class MountBench(Bench):
    """A bench whose codebase is on a disk that can hang."""

    disk: StuckDisk
    codebase: Codebase


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[MountBench]:
    """Four files, all indexed, on a disk that answers until it is told not to."""
    (tmp_path / "code").mkdir()
    store = open_edge_store(tmp_path / "index", DIMENSION)
    made = MountBench(tmp_path / "code", store)
    made.disk = StuckDisk()
    made.codebase = Codebase(made.root, disk=made.disk)
    made.indexer = Indexer(made.codebase, made.stores(), made.embedder, first_retry_seconds=0.01)
    for path in FILES:
        made.write(path, function(path[-4]))
    await made.index()
    yield made
    made.disk.go_on.set()
    await made.indexer.close()
    await store.close()


def one_file(path: str) -> Callable[[Any], bool]:
    """Reading this file."""
    return lambda work: isinstance(work, partial) and work.args == (path,)


def one_folder(path: str) -> Callable[[Any], bool]:
    """Listing this folder."""
    return lambda work: (
        isinstance(work, partial)
        and any(isinstance(each, Folder) and each.path == path for each in work.args)
    )


async def answering(bench: MountBench) -> None:
    """Let the disk answer, and return when nobody waits for it any more."""
    bench.disk.go_on.set()
    async with asyncio.timeout(20):
        while bench.disk.is_stalled:  # noqa: ASYNC110 – threads do not say when they are done
            await asyncio.sleep(0.001)


async def test_a_codebase_that_hangs_is_kept(bench: MountBench) -> None:
    """The run ends with the reason, requests are refused, nothing is removed, and then all goes on."""
    bench.disk.go_on.clear()
    report = await bench.index()
    with pytest.raises(Unavailable, match="The codebase cannot be read: the disk does not answer"):
        await bench.indexer.request("a.py")
    source, stored = bench.codebase.source("a.py"), await bench.stored()
    await answering(bench)
    after = await bench.index()

    assert report.state == "failed"
    assert report.detail.startswith("The codebase cannot be read: ")
    assert report.detail.endswith("the disk does not answer")
    assert source is None
    assert set(stored) == set(FILES)
    assert (after.state, after.files.unchanged, after.files.removed) == ("idle", 4, 0)


async def test_a_file_that_hangs_is_left_out(bench: MountBench) -> None:
    """It is counted as slow and its last version stays; every other file is read."""
    for path in FILES:
        bench.write(path, function("again"))
    bench.disk.stuck = one_file("far/b.py")
    bench.disk.go_on.clear()

    report = await bench.index()

    assert (report.skipped, report.files.indexed, report.files.removed) == ({"slow": 1}, 3, 0)
    assert await bench.found("again") == ["a.py", "far/c.py", "z.py"]
    assert "far/b.py" in await bench.stored()


async def test_a_folder_that_hangs_is_kept(bench: MountBench) -> None:
    """What is stored of a mount below the root stays, what is beside it follows the disk."""
    (bench.root / "z.py").unlink()
    bench.disk.stuck = one_folder("far/")
    bench.disk.go_on.clear()

    report = await bench.index()

    assert (report.skipped, report.files.removed) == ({"slow": 1}, 1)
    assert set(await bench.stored()) == {"a.py", "far/b.py", "far/c.py"}


async def test_why_not_says_that_the_disk_is_slow(bench: MountBench) -> None:
    """The sentence has the reason and what to do."""
    bench.disk.stuck = one_folder("far/")
    bench.disk.go_on.clear()
    bench.disk.answer_seconds = 20

    [*_, slow] = sorted(bench.codebase.walk(), key=lambda entry: isinstance(entry, SkippedFile))

    assert isinstance(slow, SkippedFile)
    assert explain(slow).explanation == "The disk did not answer in time."
    assert "run `coderag index`" in explain(slow).advice


async def test_watching_says_so_and_goes_on(bench: MountBench) -> None:
    """While the comparison hangs the state is failed, with the reason; after that changes are found again."""
    bench.disk.walk_seconds = 0.2
    bench.disk.go_on.clear()
    watcher = Watcher(bench.codebase, bench.indexer, None)
    watching = asyncio.create_task(watcher.run())
    await until(lambda: watcher.annotated(bench.indexer.status()).state == "failed")
    detail = watcher.annotated(bench.indexer.status()).detail
    await answering(bench)
    bench.disk.walk_seconds = 60
    bench.write("new.py", function("newcomer"))
    await until(lambda: watcher.annotated(bench.indexer.status()).files.indexed == 1)
    watching.cancel()

    assert detail == f"The codebase cannot be read: {bench.root}: the disk does not answer."
    assert await bench.found("newcomer") == ["new.py"]
    assert set(await bench.stored()) == {*FILES, "new.py"}


async def until(condition: Callable[[], bool]) -> None:
    """Return when it holds."""
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 – nothing tells of a change
            await asyncio.sleep(0.01)


def test_a_walk_without_end_is_ended(tmp_path: Path) -> None:
    """After its time no further folder is listed: those that are left are slow."""
    (tmp_path / "in").mkdir()

    class OutOfTime(Disk):
        walk_seconds = 0.0

    assert list(walk(tmp_path, disk=OutOfTime())) == [SkippedFile("./", "slow")]


class GoneMount(Codebase):
    """A codebase with a mount of which even the kind is unknown: `stat` fails with ENOTCONN or ESTALE."""

    def walk(self, subpath: str = "") -> Iterator[FoundFile | SkippedFile]:
        """The one thing that can be said about it."""
        return iter([SkippedFile("far", "unreadable")])


def test_what_is_in_a_place_of_unknown_kind_is_kept(tmp_path: Path) -> None:
    """A place that cannot be looked at may be the folder in which files were indexed."""
    stored = {path: StoredFile("v1", 1, True, 1) for path in ("far", "far/b.py", "farther.py")}

    changes = Changes(GoneMount(tmp_path), "", stored, Signatures())
    assert list(changes.batches(InProcess()))

    assert changes.vanished() == ["farther.py"]


def test_only_a_clear_no_means_that_nothing_is_there(tmp_path: Path) -> None:
    """Missing, below a file, too long, a loop: nothing is there. What must not be looked at may be."""
    (tmp_path / "file").write_text("")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "locked").mkdir()
    nothing = ("missing", "file/below", "x" * 5_000, "loop")

    assert not any(exists(tmp_path / path) for path in nothing)
    with permissions_bind_root():
        (tmp_path / "locked").chmod(0)
        may_be = exists(tmp_path / "locked" / "inside")
        (tmp_path / "locked").chmod(0o700)
    assert may_be
