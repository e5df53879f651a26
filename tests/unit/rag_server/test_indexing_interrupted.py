"""Indexing while the services behind it are away, while more is asked for, and after it was stopped."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest

from code_rag.rag_server.codebase import Codebase
from code_rag.rag_server.indexing import Indexer
from code_rag.rag_server.ports import VectorStore
from code_rag.servicekit.errors import Overloaded, Unavailable, UpstreamFailed, UpstreamTimeout
from tests.unit.rag_server.fakes import FakeEmbedder
from tests.unit.rag_server.index_bench import Bench, bench_in, function

AWAY = Unavailable("embedding-server does not answer at http://here.")


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with bench_in(tmp_path) as made:
        yield made


@pytest.mark.parametrize(
    "failure", [AWAY, Overloaded("busy", retry_after=0.02), UpstreamTimeout("slow"), UpstreamFailed("broken")]
)
async def test_words_are_found_while_the_embedder_is_away(bench: Bench, failure: Exception) -> None:
    """Without vectors the run waits and says why, words are found, and it ends once the vectors come."""
    bench.embedder.failure = failure
    bench.write("a.py", function("one"))
    bench.indexer.start()

    report = await bench.until(lambda report: report.state == "waiting")
    assert report.detail == str(failure)
    assert report.files.pending == 1
    assert await bench.found("one") == ["a.py"]
    assert await bench.meant() == set()

    bench.embedder.failure = None
    assert (await bench.finished()).files.indexed == 1
    assert len(await bench.meant()) == await bench.store.count()


@pytest.mark.parametrize("method", ["files", "upsert", "remove_stale", "stored_chunks", "add_vectors"])
async def test_nothing_is_lost_while_the_store_is_away(bench: Bench, method: str) -> None:
    """Whichever call the store fails, and however, the run waits for it and ends as if it had not."""
    for name in ("changed", "deleted"):
        bench.write(f"{name}.py", function(name))
    await bench.index()
    (bench.root / "deleted.py").unlink()
    bench.write("changed.py", function("edited"))
    bench.write("new.py", function("new"))
    bench.store.failures[method] = [Unavailable("away"), UpstreamTimeout("slow"), UpstreamFailed("broken")]

    report = await bench.index()

    assert bench.store.failures[method] == []
    assert (report.state, report.files.indexed, report.files.removed) == ("idle", 2, 1)
    assert set(await bench.stored()) == {"changed.py", "new.py"}


async def test_one_refused_text_fails_one_file(bench: Bench) -> None:
    """The file whose text the embedder refuses is named and found by its words; all others are indexed."""
    bench.embedder.refused_word = "poison"
    for name in ("a", "poison", "z"):
        bench.write(f"{name}.py", function(name))

    report = await bench.index()

    assert (report.state, report.files.indexed, report.files.failed) == ("idle", 2, 1)
    assert [error.path for error in report.errors] == ["poison.py"]
    assert "one of the texts is refused" in report.errors[0].message
    assert await bench.found("poison") == ["poison.py"]
    bench.embedder.refused_word = "\0"
    assert (await bench.index()).files.indexed == 1
    assert set(await bench.stored()) == {"a.py", "poison.py", "z.py"}


async def test_requests_during_a_run_become_one_more(bench: Bench) -> None:
    """However often runs are asked for while one is under way, one more follows, over all of it."""
    for path in ("one/a.py", "two/b.py", "three/c.py"):
        bench.write(path, function(path[-4]))
    bench.indexer.start("one")
    for path in ("two", "three", "two"):
        bench.indexer.start(path)

    await bench.until(lambda report: report.path == "" and report.finished_at is not None)

    assert bench.store.calls["files"] == 3  # each path once
    assert len(await bench.stored()) == 3


async def test_a_request_goes_before_vectors(bench: Bench) -> None:
    """While vectors cannot be had, what is asked for meanwhile is stored, and nothing is forgotten for it."""
    bench.embedder.failure = AWAY
    bench.write("old/a.py", function("old"))
    bench.indexer.start()
    await bench.until(lambda report: report.state == "waiting")
    bench.write("new/b.py", function("fresh"))
    bench.indexer.start("new")

    await bench.until(lambda report: report.state == "waiting" and report.files.pending == 2)
    assert await bench.found("fresh") == ["new/b.py"]

    bench.embedder.failure = None
    await bench.finished()
    assert set(await bench.stored()) == {"old/a.py", "new/b.py"}


async def test_a_closed_run_goes_on_later(bench: Bench) -> None:
    """A run that is stopped leaves what it has; another one does the rest and nothing twice."""
    bench.embedder.failure = AWAY
    for number in range(20):
        bench.write(f"{number}.py", function(f"part{number}"))
    bench.indexer.start()
    await bench.until(lambda report: report.state == "waiting")
    await bench.indexer.close()

    second = Indexer(Codebase(bench.root), cast(VectorStore, bench.store), FakeEmbedder())
    bench.indexer = second
    report = await bench.index()

    assert (report.files.indexed, report.chunks) == (20, 0)
    assert len(await bench.stored()) == 20


async def test_progress_can_be_watched(bench: Bench) -> None:
    """While a run is under way its files are indexed, pending or unchanged, and add up."""
    for number in range(60):
        bench.write(f"{number}.py", function(f"part{number}", 120))
    seen = []
    bench.indexer.start()
    while bench.indexer.status().finished_at is None:
        seen.append(bench.indexer.status())
        await asyncio.sleep(0)

    counted = [report.files for report in seen if report.files.total]
    assert {counts.total for counts in counted} == {60}
    assert all(counts.indexed + counts.pending == 60 for counts in counted)
    assert len({counts.pending for counts in counted}) > 2


async def test_a_bug_is_told(bench: Bench) -> None:
    """An error that nobody foresaw ends the run as failed, and the next one can start."""
    bench.write("a.py", function("one"))
    bench.store.failures["upsert"] = [ZeroDivisionError("a bug")]

    report = await bench.index()

    assert report.state == "failed"
    assert "ZeroDivisionError('a bug')" in report.detail
    assert (await bench.index()).files.indexed == 1


async def test_a_saved_file_does_not_start_all_over(bench: Bench) -> None:
    """A file indexed while others wait for vectors is the only one compared; the others still get theirs."""
    bench.embedder.failure = AWAY
    for number in range(3):
        bench.write(f"old/{number}.py", function(f"part{number}"))
    bench.indexer.start()
    await bench.until(lambda report: report.state == "waiting")
    bench.write("new.py", function("fresh"))
    bench.indexer.start("new.py")
    await bench.until(lambda report: report.path == "new.py" and report.state == "waiting")

    bench.embedder.failure = None
    report = await bench.finished()

    assert (report.path, report.files.total, report.files.indexed) == ("new.py", 4, 4)
    assert report.chunks == 1
    assert len(await bench.stored()) == 4


async def test_a_missing_codebase_does_not_stop_the_vectors(bench: Bench) -> None:
    """A codebase that goes away during a run is an error of its own; the run's vectors still come."""
    bench.embedder.failure = AWAY
    bench.write("a.py", function("one"))
    bench.indexer.start()
    await bench.until(lambda report: report.state == "waiting")
    bench.root.rename(bench.root.with_name("elsewhere"))
    bench.indexer.start("nowhere")
    await bench.until(lambda report: report.path == "nowhere" and report.state == "waiting")

    bench.embedder.failure = None
    report = await bench.finished()

    assert report.state == "idle"
    assert [error.path for error in report.errors] == ["nowhere"]
    assert report.errors[0].message.startswith("cannot be read: ")
    assert len(await bench.meant()) == await bench.store.count()


async def test_a_file_deleted_while_it_waits(bench: Bench) -> None:
    """A file that is removed while it waits for vectors is waited for no longer."""
    bench.embedder.failure = AWAY
    for name in ("kept", "gone"):
        bench.write(f"{name}.py", function(name))
    bench.indexer.start()
    await bench.until(lambda report: report.state == "waiting")
    (bench.root / "gone.py").unlink()
    bench.indexer.start("gone.py")
    await bench.until(lambda report: report.files.removed == 1 and report.state == "waiting")

    bench.embedder.failure = None
    report = await bench.finished()

    assert (report.files.indexed, report.files.pending) == (1, 0)
    assert not any("gone" in text for text in bench.embedder.embedded)
