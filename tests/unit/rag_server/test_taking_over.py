"""Indexes that earlier versions made, which kept no fingerprint, serve on."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from code_rag.rag_server.adapters.edge_catalog import EdgeCatalog
from code_rag.rag_server.model import EmbeddingModel
from code_rag.rag_server.ranking.scale import QUESTIONS, SNIPPETS
from tests.unit.rag_server.embedding_loopback import a_model, embedding_server
from tests.unit.rag_server.live_app import ORDERS, a_codebase
from tests.unit.rag_server.moved import rag_server

ONE, REVISED = a_model("one/model", 12), a_model("one/model", 12, "2")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a codebase in it, and room for its indexes."""
    a_codebase(tmp_path / "code")
    return tmp_path


async def earlier(folder: Path, model: EmbeddingModel) -> EmbeddingModel:
    """Make of the index of a model what an earlier version would have made: without its fingerprint."""
    catalog, before = EdgeCatalog(folder / "index", "code"), replace(model, fingerprint="", max_tokens=0)
    for store in (catalog.open(before), catalog.open(model)):
        await store.count()
    await catalog.close()
    names = [catalog._index, catalog._cache]
    for name, suffix in zip(names, ("", ".sqlite3"), strict=True):
        old, new = (folder / "index" / f"{name(each)}{suffix}" for each in (before, model))
        old.rename(folder / f"unused{suffix}")
        new.rename(old)
    (folder / "index" / "code.json").write_text(
        json.dumps({"name": model.name, "dimension": model.dimension})
    )
    return before


@pytest.mark.parametrize("served", [ONE, REVISED], ids=["its model", "another revision"])
async def test_an_index_of_an_earlier_version_is_taken_over(folder: Path, served: EmbeddingModel) -> None:
    """An index without a fingerprint serves on without a new vector, if its vectors are the model's."""
    async with embedding_server(ONE) as server, rag_server(folder, server.at.url) as rag:
        await rag.moved_to(ONE)
    before = await earlier(folder, ONE)
    async with embedding_server(served) as server, rag_server(folder, server.at.url) as rag:
        await rag.moved_to(served)
        texts = {text for _, text in server.embedded} - {"cancel an order", ".", *QUESTIONS, *SNIPPETS}
    catalog = EdgeCatalog(folder / "index", "code")
    assert await catalog.holds(served) == (served == REVISED)
    assert await catalog.serving() == (replace(before, max_tokens=256) if served == ONE else served)
    if served == ONE:
        assert texts == {ORDERS.text}, "the one by which the model is recognised"
