"""The index follows the working tree, with file events and without them."""

import asyncio
import shutil
from pathlib import Path

import pytest

from code_rag.rag_server import watching
from code_rag.rag_server.codebase import Codebase
from code_rag.rag_server.watching import Watcher
from tests.unit.rag_server.index_bench import DEADLINE_SECONDS, bench_in, function
from tests.unit.rag_server.watched_bench import WatchedBench, watched


async def test_a_saved_file_is_found(events_only: WatchedBench) -> None:
    """After an event the new words are found and the old ones are not, and the report says how it came."""
    events_only.bench.write("a.py", function("third"))
    await events_only.report("a.py")

    report = await events_only.until(lambda report: report.files.indexed == 1 and not report.changed)
    assert (report.path, report.watching) == ("a.py", "events")
    await events_only.finds("third", "a.py")
    await events_only.finds("first")
    assert events_only.watcher.how() == "file events of 2 folders, all compared every 1000 s"


async def test_one_event_finds_all_around_it(events_only: WatchedBench) -> None:
    """A burst becomes one run, whatever happened in its folders."""
    events_only.bench.write("shop/c.py", function("third"))
    (events_only.bench.root / "shop/b.py").unlink()
    before = events_only.bench.store.calls["files"]
    await events_only.report("shop/c.py", "shop/b.py")

    await events_only.finds("third", "shop/c.py")
    await events_only.finds("second")
    await events_only.bench.finished()
    assert events_only.bench.store.calls["files"] == before + 2
    assert events_only.bench.indexer.status().path == "shop"


async def test_new_folders_are_watched_too(events_only: WatchedBench) -> None:
    """What comes into a folder that was made meanwhile is reported too; a deleted one is not watched."""
    events_only.bench.write("new/c.py", function("third"))
    shutil.rmtree(events_only.bench.root / "shop")
    await events_only.report("new", "shop")
    await events_only.finds("third", "new/c.py")
    await events_only.finds("second")

    root = str(events_only.bench.root.resolve())
    async with asyncio.timeout(DEADLINE_SECONDS):
        while events_only.events.watched[-1] != {root, f"{root}/new"}:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    events_only.bench.write("new/d.py", function("fourth"))
    await events_only.report("new/d.py")
    await events_only.finds("fourth", "new/d.py")


async def test_what_is_left_out_starts_nothing(events_only: WatchedBench) -> None:
    """Events of files that are not indexed lead to no run."""
    events_only.bench.write(".env", "KEY=1")
    events_only.bench.write("node_modules/x.js", "x = 1")
    started = events_only.bench.indexer.status().started_at
    await events_only.report(".env", "node_modules", "node_modules/x.js")
    events_only.bench.write("a.py", function("third"))
    await events_only.report("a.py")

    await events_only.finds("third", "a.py")
    assert events_only.bench.indexer.status().path == "a.py"
    assert started != events_only.bench.indexer.status().started_at
    assert events_only.bench.store.calls["files"] == 1


async def test_without_events_comparing_finds_it(compared: WatchedBench) -> None:
    """Where no event comes everything is compared again and again, and the report says so."""
    compared.bench.write("a.py", function("third"))
    (compared.bench.root / "shop/b.py").rename(compared.bench.root / "c.py")

    await compared.finds("third", "a.py")
    await compared.finds("second", "c.py")
    assert compared.state().watching == "scan"
    assert compared.watcher.how().endswith("file events: none has arrived yet")


async def test_an_unchanged_codebase_is_left_alone(compared: WatchedBench) -> None:
    """Comparing starts no run and asks the store nothing as long as nothing changes."""
    calls = dict(compared.bench.store.calls)
    compared_at = compared.watcher._compared
    async with asyncio.timeout(DEADLINE_SECONDS):
        while compared.watcher._compared < compared_at + 0.2:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert compared.bench.store.calls == calls


async def test_a_question_looks_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without events a question finds what was saved before it, however rarely all is compared."""
    monkeypatch.setattr(watching, "IDLE_SHARE", 1e-9)
    monkeypatch.setattr(watching, "ASKED_SHARE", 1e9)
    monkeypatch.setattr(watching, "SHORTEST_PAUSE_SECONDS", 0.0)
    async with watched(tmp_path) as made:
        await made.until(lambda report: report.watching == "scan" and made.watcher._cost > 0)
        made.bench.write("a.py", function("third"))
        await made.watcher.refresh()
        assert await made.bench.found("third") == ["a.py"]


async def test_before_it_runs_nothing_is_watched(tmp_path: Path) -> None:
    """A watcher that was never started says so, and a question does not make it look."""
    async with bench_in(tmp_path) as bench:
        bench.write("a.py", function("first"))
        await bench.index()
        watcher = Watcher(Codebase(bench.root), bench.indexer, None)
        bench.write("a.py", function("third"))
        await watcher.refresh()
        assert (watcher.annotated(bench.indexer.status()).watching, await bench.found("third")) == ("off", [])
        assert watcher.how() == "changes on disk are not watched (WATCH=false)"
