"""No text is embedded twice: after a rename, a copy, a switch of branches and back, or a restart."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from code_rag.rag_server.codebase import Codebase
from code_rag.rag_server.index_options import IndexOptions
from code_rag.rag_server.indexing import Indexer
from code_rag.rag_server.pruning import prune_if_large
from tests.unit.rag_server.fakes import FakeEmbedder
from tests.unit.rag_server.index_bench import Bench, bench_in, function


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with bench_in(tmp_path) as made:
        yield made


async def indexed(bench: Bench) -> None:
    """Index three files and forget what was embedded for them."""
    for name in ("alpha", "beta", "gamma"):
        bench.write(f"shop/{name}.py", function(name, 60))
    await bench.index()
    bench.embedder.embedded.clear()


async def test_a_renamed_folder_needs_no_vectors(bench: Bench) -> None:
    """All chunks are stored under the new path with the vectors they had."""
    await indexed(bench)
    before = await bench.store.count()
    (bench.root / "shop").rename(bench.root / "store")

    report = await bench.index()

    assert bench.embedder.embedded == []
    assert (report.files.indexed, report.files.removed) == (3, 3)
    assert (report.vectors.computed, report.vectors.reused) == (0, before)
    assert set(await bench.stored()) == {"store/alpha.py", "store/beta.py", "store/gamma.py"}
    assert len(await bench.meant()) == before


async def test_a_copy_needs_no_vectors(bench: Bench) -> None:
    """A copied file is found under both paths, and texts that occur twice are embedded once."""
    await indexed(bench)
    shutil.copy(bench.root / "shop/alpha.py", bench.root / "copy.py")
    bench.write("new1.py", function("fresh", 60))
    bench.write("new2.py", function("fresh", 60))

    await bench.index()

    assert set(await bench.found("alpha")) == {"copy.py", "shop/alpha.py"}
    assert len(bench.embedder.embedded) == len(set(bench.embedder.embedded))
    assert all("fresh" in text for text in bench.embedder.embedded)


async def test_a_branch_and_back_needs_no_vectors(bench: Bench) -> None:
    """What a checkout takes away and brings back is embedded once."""
    await indexed(bench)
    text = (bench.root / "shop/alpha.py").read_text()
    bench.write("shop/alpha.py", function("branch", 60))
    await bench.index()
    bench.embedder.embedded.clear()
    bench.write("shop/alpha.py", text)

    await bench.index()

    assert bench.embedder.embedded == []
    assert await bench.found("branch") == []


async def test_a_new_name_above_embeds_only_what_has_it(bench: Bench) -> None:
    """Where a class is renamed the chunks of its methods, whose texts stay, are not embedded again."""
    methods = "".join(f"    {line}\n" for line in function("pay", 60).splitlines())
    bench.write("a.py", f"class Shop:\n{methods}")
    await bench.index()
    bench.embedder.embedded.clear()
    bench.write("a.py", f"class Store:\n{methods}")

    await bench.index()

    assert any("class Store" in text for text in bench.embedder.embedded)
    assert not any("pay_step_50 = " in text for text in bench.embedder.embedded)
    await bench.stored()


async def test_headers_come_first(bench: Bench) -> None:
    """In a run with many chunks every header is embedded before any whole text, all of them in the end."""
    for number in range(60):
        bench.write(f"{number}.py", function(f"part{number}", 120))

    await bench.index()

    headers = [len(text) < 150 for text in bench.embedder.embedded]
    assert headers == sorted(headers, reverse=True)
    assert set(headers) == {True, False}
    assert await bench.store.counts("header") == {}
    assert await bench.store.counts("whole") == await bench.store.counts()


async def test_headers_only(bench: Bench) -> None:
    """Where only headers are asked for no whole text is embedded, and a later run without that adds them."""
    bench.write("a.py", function("one", 60))
    options = IndexOptions(last_vector="header")
    bench.indexer = Indexer(Codebase(bench.root), bench.stores(), bench.embedder, options=options)

    report = await bench.index()

    assert report.files.indexed == 1
    assert all(len(text) < 150 for text in bench.embedder.embedded)
    assert await bench.store.counts("whole") == {}
    assert (await bench.index()).files.unchanged == 1

    bench.indexer = Indexer(Codebase(bench.root), bench.stores(), bench.embedder)
    assert (await bench.index()).files.indexed == 1
    assert await bench.store.counts("header") == {}


async def test_prune_deletes_what_no_chunk_uses(bench: Bench) -> None:
    """Vectors of deleted files go when they are asked to, those of other folders of the store stay."""
    await indexed(bench)
    bench.write("other/a.py", function("other", 60))
    await bench.index("other")
    (bench.root / "shop/alpha.py").unlink()
    await bench.index()
    before = await bench.store.cache.count()

    bench.indexer.start("other", prune=True)
    report = await bench.finished()

    assert report.vectors.pruned == before - await bench.store.cache.count() > 0
    bench.embedder.embedded.clear()
    (bench.root / "shop").rename(bench.root / "moved")
    await bench.index()
    assert bench.embedder.embedded == []


async def test_vectors_are_bounded(bench: Bench) -> None:
    """Only where there are far more vectors than chunks are unused ones deleted without being asked."""
    await indexed(bench)
    assert await prune_if_large(bench.stores(), spare=0) == 0
    for number in range(3):
        bench.write("shop/alpha.py", function(f"edition{number}", 200))
        await bench.index()
    used = 2 * await bench.store.count()
    assert await bench.store.cache.count() > used
    bench.write("shop/alpha.py", "x = 1\n")
    await bench.index()
    assert await prune_if_large(bench.stores(), spare=0) > 0
    assert await bench.store.cache.count() <= used


async def test_a_restart_embeds_nothing_twice(bench: Bench) -> None:
    """A run that was stopped between the steps goes on with the whole texts only."""
    for number in range(60):
        bench.write(f"{number}.py", function(f"part{number}", 120))
    bench.indexer.start()
    await bench.until(lambda report: report.step is not None and report.step.name == "whole chunks")
    await bench.indexer.close()
    headers = {text for text in bench.embedder.embedded if len(text) < 150}

    second = FakeEmbedder()
    bench.indexer = Indexer(Codebase(bench.root), bench.stores(), second)
    await bench.index()

    assert headers.isdisjoint(second.embedded)
    await bench.stored()
