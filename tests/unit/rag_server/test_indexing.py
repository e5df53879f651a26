"""Keeping the store what the codebase is: what is new, changed, gone or cannot be read."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from code_rag.servicekit.errors import InvalidInput, NotFound
from tests.fixtures.privileges import permissions_bind_root
from tests.unit.rag_server.index_bench import Bench, bench_in, function


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with bench_in(tmp_path) as made:
        yield made


async def test_a_codebase_becomes_searchable(bench: Bench) -> None:
    """Every file is stored whole, by its words and its meaning, and what is left out is counted."""
    bench.write("shop/refunds.py", function("refund_customer") + function("reject_claim"))
    bench.write("docs/readme.md", "# Shipping\n\nParcels leave at noon.\n")
    bench.write(".env", "PASSWORD=hunter2")

    report = await bench.index()

    assert (report.state, report.detail, report.path) == ("idle", "", "")
    assert (report.files.total, report.files.indexed, report.files.pending) == (2, 2, 0)
    assert report.skipped == {"secret": 1}
    assert report.errors == ()
    assert report.chunks == await bench.store.count() == len(await bench.meant())
    assert set(await bench.stored()) == {"shop/refunds.py", "docs/readme.md"}
    assert await bench.found("parcels") == ["docs/readme.md"]
    assert report.started_at is not None
    assert report.finished_at is not None
    assert report.finished_at >= report.started_at


async def test_nothing_ran_yet(bench: Bench) -> None:
    """Before the first run the indexer is idle and has nothing to tell."""
    report = bench.indexer.status()
    assert (report.state, report.started_at, report.files.total) == ("idle", None, 0)


async def test_an_empty_codebase(bench: Bench) -> None:
    """A codebase without a file is indexed at once."""
    report = await bench.index()
    assert (report.state, report.files.total) == ("idle", 0)


async def test_the_unchanged_is_left_alone(bench: Bench) -> None:
    """A second run writes nothing and embeds nothing."""
    bench.write("a.py", function("one"))
    await bench.index()
    bench.store.calls.clear()
    bench.embedder.embedded.clear()

    report = await bench.index()

    assert (report.files.unchanged, report.files.indexed, report.chunks) == (1, 0, 0)
    assert bench.embedder.embedded == []
    assert set(bench.store.calls) == {"files"}


async def test_a_change_replaces_what_was_there(bench: Bench) -> None:
    """After an edit the new text is found and the old one is not; the untouched chunks keep their vectors."""
    bench.write("a.py", function("first", 40) + function("second", 40))
    await bench.index()
    bench.embedder.embedded.clear()
    bench.write("a.py", function("first", 40) + function("third", 40))

    report = await bench.index()

    assert (report.files.indexed, report.files.unchanged) == (1, 0)
    assert await bench.found("second") == []
    assert set(await bench.found("third")) == {"a.py"}
    assert set(await bench.stored()) == {"a.py"}
    assert bench.embedder.embedded
    assert not any("first_step_3 " in text for text in bench.embedder.embedded)


async def test_what_is_gone_is_removed(bench: Bench) -> None:
    """Deleted, newly ignored and no longer readable-as-text files leave the store."""
    for name in ("kept", "deleted", "ignored", "binary"):
        bench.write(f"{name}.py", function(name))
    await bench.index()
    (bench.root / "deleted.py").unlink()
    bench.write(".gitignore", "ignored.py\n.gitignore\n")
    bench.write("binary.py", "x\0y")

    report = await bench.index()

    assert report.files.removed == 3
    assert set(await bench.stored()) == {"kept.py"}


async def test_a_missing_codebase_deletes_nothing(bench: Bench) -> None:
    """Where the codebase is not there the run fails with the reason, and the index stays."""
    bench.write("a.py", function("one"))
    await bench.index()
    bench.root.rename(bench.root.with_name("elsewhere"))

    report = await bench.index()

    assert report.state == "failed"
    assert report.detail.startswith("The codebase cannot be read: ")
    assert report.detail.endswith(" does not exist.")
    assert await bench.found("one") == ["a.py"]
    bench.root.with_name("elsewhere").rename(bench.root)
    assert (await bench.index()).state == "idle"


async def test_what_cannot_be_read_now_is_kept(bench: Bench) -> None:
    """A file that turned into something unreadable is counted, and its last version stays."""
    bench.write("a.py", function("one"))
    await bench.index()
    (bench.root / "a.py").unlink()
    os.mkfifo(bench.root / "a.py")

    report = await bench.index()

    assert (report.skipped, report.files.removed) == ({"unreadable": 1}, 0)
    assert await bench.found("one") == ["a.py"]


async def test_a_folder_that_cannot_be_read_now_is_kept(bench: Bench) -> None:
    """What was stored of a folder that may not be listed any more stays."""
    with permissions_bind_root():
        bench.write("in/a.py", function("one"))
        await bench.index()
        (bench.root / "in").chmod(0)

        report = await bench.index()
        (bench.root / "in").chmod(0o700)

    assert (report.skipped, report.files.removed) == ({"unreadable": 1}, 0)
    assert await bench.found("one") == ["in/a.py"]


async def test_a_path_narrows_the_run(bench: Bench) -> None:
    """Only what is at or under the path is compared, and only that may be removed."""
    for path in ("in/a.py", "in/b.py", "out/c.py"):
        bench.write(path, function(path[-4]))
    await bench.index()
    (bench.root / "in/b.py").unlink()
    (bench.root / "out/c.py").unlink()
    bench.write("out/d.py", function("d"))

    await bench.indexer.request("in/")
    report = await bench.finished()

    assert (report.path, report.files.unchanged, report.files.removed) == ("in", 1, 1)
    assert set(await bench.stored()) == {"in/a.py", "out/c.py"}
    assert (await bench.index("out/d.py")).files.indexed == 1


async def test_a_deleted_folder_can_be_named(bench: Bench) -> None:
    """Indexing a folder that is gone removes what was stored of it; then nobody can ask for it."""
    bench.write("in/a.py", function("a"))
    bench.write("b.py", function("b"))
    await bench.index()
    (bench.root / "in/a.py").unlink()
    (bench.root / "in").rmdir()

    assert (await bench.index("in")).files.removed == 1
    assert set(await bench.stored()) == {"b.py"}
    with pytest.raises(NotFound, match=r"^There is no 'in' in the codebase or its index\.$"):
        await bench.indexer.request("in")


async def test_a_mistyped_path_marks_nothing(bench: Bench) -> None:
    """A path that was never there is refused to its caller; the last run's report stays."""
    bench.write("a.py", function("one"))
    before = await bench.index()

    with pytest.raises(NotFound, match="There is no 'nowhere' in the codebase or its index"):
        await bench.indexer.request("nowhere")

    assert bench.indexer.status() == before
    assert (await bench.index("nowhere")).state == "idle"


@pytest.mark.parametrize("path", ["/etc", "../x", "a/../../x", "nul\0"])
async def test_a_path_stays_inside(bench: Bench, path: str) -> None:
    """A path that leaves the codebase, or is none, is refused at once and nothing runs."""
    with pytest.raises(InvalidInput):
        await bench.indexer.request(path)
    assert bench.indexer.status().started_at is None
