"""Keeping the store what the codebase is: changes, disappearances, failures and interruptions."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import cast

import pytest

from rag_server.adapters.qdrant_edge import open_edge_store
from rag_server.indexing import Indexer
from rag_server.lexical import encode_query
from rag_server.model import SparseVector
from rag_server.ports import Scope, VectorStore
from rag_server.progress import IndexReport
from servicekit.errors import InvalidInput, Overloaded, Unavailable, UpstreamFailed, UpstreamTimeout
from tests.unit.rag_server.fakes import DIMENSION, FakeEmbedder, FlakyStore, vector_of

DEADLINE_SECONDS = 30
EVERYTHING = 10_000
AWAY = Unavailable("embedding-server does not answer at http://here.")


class Bench:
    """A codebase, a store, an embedder and the indexer between them."""

    def __init__(self, root: Path, store: VectorStore) -> None:
        self.root = root
        self.store = FlakyStore(store)
        self.embedder = FakeEmbedder()
        self.indexer = Indexer(root, cast(VectorStore, self.store), self.embedder, first_retry_seconds=0.01)

    def write(self, path: str, text: str) -> None:
        """Put a file into the codebase."""
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    async def index(self, path: str = "") -> IndexReport:
        """Run to the end."""
        self.indexer.start(path)
        return await self.finished()

    async def finished(self) -> IndexReport:
        """The report once the run is over."""
        return await self.until(lambda report: report.finished_at is not None)

    async def until(self, condition: Callable[[IndexReport], bool]) -> IndexReport:
        """The report once it meets a condition."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not condition(self.indexer.status()):  # noqa: ASYNC110 – nothing tells of a change
                await asyncio.sleep(0.002)
        return self.indexer.status()

    async def found(self, word: str) -> list[str]:
        """The paths that a word leads to."""
        found = await self.store.search(None, encode_query(word), Scope(), EVERYTHING)
        return sorted(scored.chunk.path for scored in found.sparse)

    async def meant(self) -> set[str]:
        """The ids of all chunks with dense vectors."""
        nothing = SparseVector((), ())
        found = await self.store.search(vector_of("x"), nothing, Scope(), EVERYTHING)
        return {scored.chunk.id for scored in found.dense}

    async def stored(self) -> dict[str, int]:
        """Chunks per file, all of them embedded and of one version."""
        files = await self.store.files()
        assert all(file.complete and not file.unembedded for file in files.values())
        return {path: file.chunks for path, file in files.items()}


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    (tmp_path / "code").mkdir()
    store = open_edge_store(tmp_path / "index", DIMENSION)
    made = Bench(tmp_path / "code", store)
    yield made
    await made.indexer.close()
    await store.close()


def function(name: str, lines: int = 15) -> str:
    """A function of so many lines, some 30 characters each."""
    return (
        f"def {name}():\n"
        + "".join(f"    {name}_step_{line} = {line} + 1\n" for line in range(lines))
        + "\n\n"
    )


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
    assert report.detail.startswith("The codebase cannot be read: There is no ")
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


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every folder")
async def test_a_folder_that_cannot_be_read_now_is_kept(bench: Bench) -> None:
    """What was stored of a folder that may not be listed any more stays."""
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

    report = await bench.index("in/")

    assert (report.path, report.files.unchanged, report.files.removed) == ("in", 1, 1)
    assert set(await bench.stored()) == {"in/a.py", "out/c.py"}
    assert (await bench.index("out/d.py")).files.indexed == 1


async def test_a_deleted_folder_can_be_named(bench: Bench) -> None:
    """Indexing a folder that is gone removes what was stored of it; one that never was fails."""
    bench.write("in/a.py", function("a"))
    bench.write("b.py", function("b"))
    await bench.index()
    (bench.root / "in/a.py").unlink()
    (bench.root / "in").rmdir()

    assert (await bench.index("in")).files.removed == 1
    assert set(await bench.stored()) == {"b.py"}
    report = await bench.index("in")
    assert (report.state, report.detail) == (
        "failed",
        "The codebase cannot be read: There is no in to index.",
    )


@pytest.mark.parametrize("path", ["/etc", "../x", "a/../../x", "nul\0"])
async def test_a_path_stays_inside(bench: Bench, path: str) -> None:
    """A path that leaves the codebase, or is none, is refused at once and nothing runs."""
    with pytest.raises(InvalidInput):
        bench.indexer.start(path)
    assert bench.indexer.status().started_at is None


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


@pytest.mark.parametrize("method", ["files", "upsert", "remove_stale", "unembedded", "add_vectors"])
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

    assert bench.store.calls["files"] == 2
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

    second = Indexer(bench.root, cast(VectorStore, bench.store), FakeEmbedder())
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
