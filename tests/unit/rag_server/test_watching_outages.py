"""Watching while the store, the embedder, the codebase or file events are unavailable."""

import asyncio
from pathlib import Path

import pytest

from code_rag.rag_server import watching
from code_rag.servicekit.errors import Unavailable
from tests.unit.rag_server.index_bench import bench_in, function
from tests.unit.rag_server.watched_bench import LONG_SECONDS, WatchedBench


async def test_until_it_is_indexed_it_has_changed(compared: WatchedBench) -> None:
    """While the store is away the report says that the code has changed; a question waits a moment."""
    compared.bench.store.failures["files"] = [Unavailable("away")] * 7
    compared.bench.write("a.py", function("third"))
    (compared.bench.root / "shop/b.py").unlink()

    report = await compared.until(lambda report: report.changed == 2 and report.state == "waiting")
    assert report.detail == "away"
    await asyncio.wait_for(compared.watcher.refresh(), 10 * watching.PATIENCE_SECONDS)

    await compared.finds("third", "a.py")
    await compared.until(lambda report: report.changed == 0 and report.state == "idle")


@pytest.fixture(params=["gone", "empty"])
def take_away(request: pytest.FixtureRequest, compared: WatchedBench) -> tuple[Path, str]:
    """The codebase's folder, moved away: nothing is in its place, or an empty folder as after an unmount."""
    elsewhere = compared.bench.root.with_name("elsewhere")
    compared.bench.root.rename(elsewhere)
    if request.param == "empty":
        compared.bench.root.mkdir()
    return elsewhere, "is empty" if request.param == "empty" else "does not exist"


async def test_a_codebase_that_goes_away_is_kept(compared: WatchedBench, take_away: tuple[Path, str]) -> None:
    """Nothing is removed while the folder is away; the report says why, and ends once the folder is back."""
    elsewhere, reason = take_away
    report = await compared.until(lambda report: report.state == "failed")
    assert reason in report.detail
    assert await compared.bench.found("first") == ["a.py"]

    if compared.bench.root.exists():
        compared.bench.root.rmdir()
    (elsewhere / "a.py").write_text(function("third"))
    elsewhere.rename(compared.bench.root)
    await compared.finds("third", "a.py")
    await compared.until(lambda report: report.state == "idle")
    assert await compared.bench.found("second") == ["shop/b.py"]


async def test_why_there_are_no_events_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system refuses to watch, changes are found by comparing, until events come after all."""
    monkeypatch.setattr(watching, "RETRY_SECONDS", 0.2)
    monkeypatch.setattr(watching, "SHORTEST_PAUSE_SECONDS", LONG_SECONDS)
    async with bench_in(tmp_path) as bench:
        bench.write("a.py", function("first"))
        await bench.index()
        made = WatchedBench(bench)
        made.events.failures = ["the limit is reached"]
        running = asyncio.create_task(made.watcher.run())
        await made.until(lambda report: made.watcher.how().endswith("file events: the limit is reached"))

        bench.write("a.py", function("third"))
        await made.report("a.py")
        await made.finds("third", "a.py")
        await made.until(lambda report: report.watching == "events")
        running.cancel()
        await asyncio.wait([running])


async def test_an_unexpected_error_is_said_and_passes(
    compared: WatchedBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug in comparing is reported like a failed run, and watching starts again."""
    monkeypatch.setattr(watching, "RETRY_SECONDS", 0.05)
    differences = compared.watcher._differences
    with monkeypatch.context() as broken:
        broken.setattr(type(differences), "find", lambda *_: 1 / 0)
        report = await compared.until(lambda report: report.state == "failed")
    assert report.detail == "Changes on disk are not noticed: ZeroDivisionError('division by zero')"

    compared.bench.write("a.py", function("third"))
    await compared.finds("third", "a.py")
    await compared.until(lambda report: report.state == "idle")


async def test_saves_do_not_wait_for_vectors(events_only: WatchedBench) -> None:
    """While the embedder is away what is saved is found at once, not when the next attempt is due."""
    events_only.bench.indexer._first_retry_seconds = LONG_SECONDS
    events_only.bench.embedder.failure = Unavailable("away")
    for word in ("third", "fourth"):
        events_only.bench.write("a.py", function(word))
        await events_only.report("a.py")
        await events_only.finds(word, "a.py")
        await events_only.bench.until(lambda report: report.state == "waiting")
    assert events_only.bench.indexer.status().files.pending == 1
