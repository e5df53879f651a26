"""`coderag index --prune` deletes the indexes of models that are not used."""

from pathlib import Path

from code_rag.rag_server.adapters.edge_catalog import EdgeCatalog
from tests.unit.rag_server.embedding_loopback import a_model, embedding_server
from tests.unit.rag_server.live_app import a_codebase
from tests.unit.rag_server.moved import Rag, rag_server, until

ONE, OTHER = a_model("one/model", 12), a_model("other/model", 5)


async def test_prune_deletes_the_index_before(tmp_path: Path) -> None:
    """What serves stays and is searched on; the index and the vectors of the model before are deleted."""
    a_codebase(tmp_path / "code")
    catalog = EdgeCatalog(tmp_path / "index", "code")
    async with embedding_server(ONE) as server, rag_server(tmp_path, server.at.url) as rag:
        await rag.moved_to(ONE)
        server.model = OTHER
        await rag.moved_to(OTHER)
        held = [await catalog.holds(model) for model in (ONE, OTHER)]
        await rag.client.post("/index", json={"prune": True})
        removed = await until(lambda: _removed(rag))
        assert await rag.cosine() is not None
    assert held == [True, True]
    assert [await catalog.holds(model) for model in (ONE, OTHER)] == [False, True]
    assert len(removed) == 4, "an index and vectors, those of the first guess too"


async def _removed(rag: Rag) -> list[str]:
    removed: list[str] = (await rag.status())["vectors"]["removed_indexes"]
    return removed
