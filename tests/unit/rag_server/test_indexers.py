"""Several codebases, each with an indexer of its own, over one store."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from code_rag.rag_server.adapters.qdrant_edge import open_edge_store
from code_rag.rag_server.codebase.codebases import Codebases
from code_rag.rag_server.codebase.member import Member
from code_rag.rag_server.indexers import Indexers
from code_rag.rag_server.indexing import Indexer
from code_rag.rag_server.ports import VectorStore
from code_rag.rag_server.progress import IndexReport
from code_rag.rag_server.space import Space
from code_rag.servicekit.errors import InvalidInput, Unavailable
from tests.unit.rag_server.fakes import DIMENSION, FakeEmbedder, FlakyStore

DEADLINE_SECONDS = 60


@dataclass
class Yard:
    """A folder of repositories with a store, an embedder and the indexers."""

    root: Path
    store: FlakyStore
    embedder: FakeEmbedder
    indexers: Indexers

    def write(self, path: str, text: str = "def pay():\n    return 1\n") -> None:
        """Put a file into one of the repositories, which is made where it is missing."""
        (self.root / path.partition("/")[0] / ".git").mkdir(parents=True, exist_ok=True)
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    async def index(self, path: str = "") -> IndexReport:
        """Index `path` to the end."""
        await self.indexers.start(path)
        async with asyncio.timeout(DEADLINE_SECONDS):
            while self.indexers.report(path).state in ("running", "waiting"):  # noqa: ASYNC110
                await asyncio.sleep(0.002)
        return self.indexers.report(path)

    async def until_stored(self, *paths: str) -> None:
        """Return once exactly these files are stored."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            while set(await self.store.counts()) != set(paths):  # noqa: ASYNC110 – nothing tells of a change
                await asyncio.sleep(0.002)

    def states(self) -> dict[str, str]:
        """The state of each codebase."""
        return {member.name: report.state for member, report in self.indexers.reports()}


@asynccontextmanager
async def yard_over(tmp_path: Path, *roots: str) -> AsyncIterator[Yard]:
    """A yard over these folders below tmp_path, with `shop` and `billing` in `code`."""
    for name in ("shop", "billing"):
        (tmp_path / "code" / name / ".git").mkdir(parents=True)
        (tmp_path / "code" / name / f"{name}.py").write_text(f"def {name}():\n    return 1\n")
    real, embedder = open_edge_store(tmp_path / "index", DIMENSION), FakeEmbedder()
    store = FlakyStore(real)

    def make(member: Member, space: Space) -> Indexer:
        return Indexer(member, space.store, space.embedder, first_retry_seconds=0.01)

    codebases = Codebases([tmp_path / root for root in roots])
    indexers = Indexers(codebases, Space(cast(VectorStore, store), embedder), make)
    yield Yard(tmp_path / "code", store, embedder, indexers)
    await indexers.close()
    await real.close()


@pytest.fixture
async def yard(tmp_path: Path) -> AsyncIterator[Yard]:
    async with yard_over(tmp_path, "code") as made:
        yield made


async def test_all_codebases_are_indexed_under_their_names(yard: Yard) -> None:
    """A run of all stores each codebase's files with its name before their paths, and counts them."""
    report = await yard.index()

    assert set(await yard.store.files()) == {"shop/shop.py", "billing/billing.py"}
    assert (report.state, report.files.total, report.files.indexed) == ("idle", 2, 2)


async def test_a_run_in_one_codebase_leaves_the_others_alone(yard: Yard) -> None:
    """Indexing one codebase, or a path in it, starts no run in another one and keeps what is stored of it."""
    await yard.index()
    before = dict(yard.indexers.reports())
    yard.write("shop/new.py")
    yard.write("billing/new.py")

    report = await yard.index("shop")

    assert (report.files.indexed, report.files.unchanged) == (1, 1)
    assert set(await yard.store.files()) == {"shop/shop.py", "shop/new.py", "billing/billing.py"}
    billing = next(member for member in before if member.name == "billing")
    assert dict(yard.indexers.reports())[billing].started_at == before[billing].started_at


@pytest.mark.parametrize("path", ["nowhere", "nowhere/a.py", "code/shop", "../code", "shop.py"])
async def test_a_path_of_no_codebase_is_refused(yard: Yard, path: str) -> None:
    """A path that starts with no codebase's name is the caller's mistake; the answer lists the names."""
    with pytest.raises(InvalidInput, match="billing, shop"):
        await yard.indexers.start(path)


async def test_a_codebase_that_is_away_fails_by_itself(tmp_path: Path) -> None:
    """A missing folder fails its own codebase, what is stored of it stays, and the others are indexed."""
    async with yard_over(tmp_path, "code/shop", "code/billing") as yard:
        await yard.index()
        yard.write("shop/new.py")
        (yard.root / "billing").rename(yard.root / "unmounted")

        report = await yard.index()

        assert yard.states() == {"shop": "idle", "billing": "failed"}
        assert report.state == "failed"
        assert report.detail.startswith("billing: The codebase cannot be read: ")
        await yard.until_stored("shop/shop.py", "shop/new.py", "billing/billing.py")


async def test_a_missing_folder_is_seen_without_a_run_and_indexed_when_it_is_back(tmp_path: Path) -> None:
    """A look fails a codebase whose folder has gone, and starts its run when the folder is back."""
    async with yard_over(tmp_path, "code/shop", "code/billing") as yard:
        await yard.index()
        (yard.root / "billing").rename(yard.root / "unmounted")
        await yard.indexers.look()
        assert yard.states() == {"shop": "idle", "billing": "failed"}

        (yard.root / "unmounted" / "new.py").write_text("x = 1\n")
        (yard.root / "unmounted").rename(yard.root / "billing")
        await yard.indexers.look()

        await yard.until_stored("shop/shop.py", "billing/billing.py", "billing/new.py")


async def test_a_new_repository_is_indexed_and_a_deleted_one_forgotten(yard: Yard) -> None:
    """A run of all picks up what was cloned since the last one and removes what was deleted."""
    await yard.index()
    shutil.rmtree(yard.root / "billing")
    yard.write("accounts/ledger.py")

    await yard.index()

    assert yard.states() == {"accounts": "idle", "shop": "idle"}
    await yard.until_stored("shop/shop.py", "accounts/ledger.py")


async def test_nothing_is_forgotten_while_a_folder_is_away(tmp_path: Path) -> None:
    """While a root cannot be listed, stored files of codebases that are not known stay."""
    async with yard_over(tmp_path, "code") as yard:
        await yard.index()
        stored = set(await yard.store.counts())
        (tmp_path / "solo").mkdir()
        (tmp_path / "solo" / "a.py").write_text("x = 1\n")
        (tmp_path / "code").rename(tmp_path / "unmounted")
        codebases = Codebases([tmp_path / "code", tmp_path / "solo"])
        space = Space(cast(VectorStore, yard.store), yard.embedder)
        later = Indexers(codebases, space, lambda member, it: Indexer(member, it.store, it.embedder))
        await later.start()
        await yard.until_stored(*stored, "solo/a.py")
        await later.close()

        assert stored <= set(await yard.store.counts())


async def test_forgetting_waits_for_the_store(yard: Yard) -> None:
    """A store that does not answer delays the removal and does not cancel it."""
    await yard.index()
    shutil.rmtree(yard.root / "billing")
    yard.store.failures["remove_stale"] = [Unavailable("The vector store is down.")]

    await yard.index()

    await yard.until_stored("shop/shop.py")


async def test_a_single_codebase_that_becomes_several_is_stored_once(tmp_path: Path) -> None:
    """When a repository is cloned beside the files of a folder, no file stays stored under its old path."""
    async with yard_over(tmp_path, "solo") as yard:
        (tmp_path / "solo").mkdir()
        (tmp_path / "solo" / "a.py").write_text("x = 1\n")
        await yard.index()
        await yard.until_stored("a.py")

        shutil.copytree(yard.root / "shop", tmp_path / "solo" / "shop")
        await yard.index()

        await yard.until_stored("solo/a.py", "shop/shop.py")


async def test_the_report_of_a_path_is_its_codebase_s(tmp_path: Path) -> None:
    """What is narrowed to one codebase reports that one, and everything else reports all."""
    async with yard_over(tmp_path, "code/shop", "code/billing") as yard:
        shutil.rmtree(yard.root / "billing")
        await yard.index()

        assert yard.indexers.report("shop/shop.py").state == "idle"
        assert yard.indexers.report("billing").state == "failed"
        assert yard.indexers.report().state == "failed"
