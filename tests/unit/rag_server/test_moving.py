"""rag-server follows the model that embedding-server serves: an index for each, and a move without a gap."""

import json
from pathlib import Path
from typing import Any

import pytest

from code_rag.rag_server.adapters.edge_catalog import EdgeCatalog
from code_rag.rag_server.model import EmbeddingModel
from tests.unit.rag_server.embedding_loopback import EmbeddingLoopback, a_model, embedding_server
from tests.unit.rag_server.live_app import ORDERS, a_codebase
from tests.unit.rag_server.loopback_http import unused_url
from tests.unit.rag_server.moved import Rag, is_pure, rag_server, until

ONE, OTHER, THIRD = a_model("one/model", 12), a_model("other/model", 5), a_model("third/model", 7)
REVISED = a_model("one/model", 12, "2")
NOT_YET = (
    "vectors of other/model are still being made (`coderag status` says how many); until then words answer"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a codebase in it, and room for its indexes."""
    a_codebase(tmp_path / "code")
    return tmp_path


def pointed(folder: Path) -> Any:
    """What the pointer says."""
    return json.loads((folder / "index" / "code.json").read_text())


async def test_the_model_is_learned_and_remembered(folder: Path) -> None:
    """Name, dimension, limit and fingerprint come from embedding-server, and are said with the index."""
    async with embedding_server(ONE) as server, rag_server(folder, server.at.url) as rag:
        status = await rag.moved_to(ONE)
        assert (await rag.search())["hits"][0]["path"] == ORDERS.path
        assert await rag.check("embedding-server") == {"status": "ok", "detail": ONE.name}
    expected = {"name": "one/model", "dimension": 12, "max_tokens": 256, "fingerprint": ONE.fingerprint}
    assert status["model"] == pointed(folder) == expected
    assert await is_pure(folder, ONE)


async def test_the_model_may_be_seen_late(folder: Path) -> None:
    """A server that is still loading at the start is waited for while words are searched already."""
    async with embedding_server(ONE, loading=4) as server, rag_server(folder, server.at.url) as rag:
        assert (await rag.client.get("/health")).json()["status"] == "degraded"
        await rag.moved_to(ONE)


async def test_without_embedding_server_the_last_index_is_searched(folder: Path) -> None:
    """After a restart without embedding-server, what was indexed is found by its words; that is said."""
    async with embedding_server(ONE) as server, rag_server(folder, server.at.url) as rag:
        await rag.moved_to(ONE)

    async with rag_server(folder, await unused_url(), index_on_start=False) as rag:
        found = await rag.search()
        state, metrics = await rag.check("embedding-server"), (await rag.client.get("/metrics")).text

    assert [hit["path"] for hit in found["hits"]] == [ORDERS.path]
    assert found["hits"][0]["cosine"] is None
    assert found["degraded"][0].startswith("semantic search is off: embedding-server does not answer at")
    assert state["status"] == "degraded"
    assert 'semantic search is off"} 1.0' in metrics


async def changed(server: EmbeddingLoopback, rag: Rag, model: EmbeddingModel) -> dict[str, Any]:
    """The status once rag-server is filling the index of another model, of which no vector comes."""
    server.model, server.full = model, True
    await rag.search()  # its answer is the first that shows it

    async def filling() -> dict[str, Any] | None:
        status = await rag.status()
        following = status["next"]
        return status if following and following["searchable"]["files"] else None

    return await until(filling)


async def test_words_answer_while_the_index_of_another_model_is_made(folder: Path) -> None:
    """A model that changes while rag-server runs is followed; until its vectors are there, that is said."""
    async with embedding_server(ONE) as server, rag_server(folder, server.at.url) as rag:
        await rag.moved_to(ONE)
        status = await changed(server, rag, OTHER)
        found, check = await rag.search(), await rag.check()
        metrics, shown = (await rag.client.get("/metrics")).text, await rag.shown()
        kept = pointed(folder)["fingerprint"]
        server.full = False
        await rag.moved_to(OTHER)
        assert (await rag.search())["degraded"] == []
        await until(lambda: _is_well(rag))

    assert status["next"]["model"]["fingerprint"] == OTHER.fingerprint
    assert status["next"]["searchable"] == {"files": 1, "chunks": 1, "vectors": {"header": 0, "whole": 0}}
    assert status["next"]["meanwhile"] == NOT_YET
    assert ([hit["path"] for hit in found["hits"]], found["hits"][0]["cosine"]) == ([ORDERS.path], None)
    assert found["degraded"][0] == f"semantic search is off: {NOT_YET}"
    assert check["status"] == "degraded"
    assert check["detail"].startswith(f"V{NOT_YET[1:]}.")
    assert 'reason="semantic search is off"' in metrics
    assert (
        f"Next: other/model (5 numbers, reads 256 tokens of a text, fingerprint {OTHER.fingerprint}); "
        in shown
    )
    assert f"vectors: 0 % of 1 chunks; {NOT_YET}." in shown
    assert kept == ONE.fingerprint, "the index that is whole is the one to start with after a kill"
    assert pointed(folder)["fingerprint"] == OTHER.fingerprint
    assert await is_pure(folder, ONE)
    assert await is_pure(folder, OTHER)


async def _is_well(rag: Rag) -> bool:
    return (await rag.check())["status"] == "ok"


async def test_new_code_is_found_while_the_index_of_another_model_is_made(folder: Path) -> None:
    """Its words answer as soon as all of them are there, so what is saved meanwhile is found."""
    async with embedding_server(ONE) as server, rag_server(folder, server.at.url) as rag:
        await rag.moved_to(ONE)
        await changed(server, rag, OTHER)
        (folder / "code" / "refunds.py").write_text("def cancel_an_order_with_a_refund():\n    return 1\n")

        async def found() -> bool:
            return "refunds.py" in {hit["path"] for hit in (await rag.search())["hits"]}

        assert await until(found)


async def test_the_index_before_serves_while_its_model_answers(folder: Path) -> None:
    """Where queries still get the vectors of the model before, meaning is searched without a gap."""
    async with embedding_server(ONE) as server, rag_server(folder, server.at.url) as rag:
        cosine = (await rag.moved_to(ONE)) and await rag.cosine()
        server.beside = ONE
        server.model, server.full = OTHER, True
        (folder / "code" / "new.py").write_text(
            "def ship(order):\n    return order\n"
        )  # whose vector is asked for
        status = await until(lambda: _filling(rag))
        assert await rag.cosine() == cosine
        assert status["next"]["meanwhile"].endswith("until then those of one/model answer")
        assert (await rag.check())["status"] == "degraded"
        server.full = False
        await rag.moved_to(OTHER)


async def _filling(rag: Rag) -> dict[str, Any] | None:
    status = await rag.status()
    return status if status["next"] else None


async def test_going_back_embeds_nothing(folder: Path) -> None:
    """The index of the model before is kept, and serves as soon as that model is served again."""
    async with embedding_server(ONE) as server, rag_server(folder, server.at.url) as rag:
        await rag.moved_to(ONE)
        server.model = OTHER
        await until(lambda: _searched(rag, OTHER))
        server.embedded.clear()
        server.model = ONE
        await until(lambda: _searched(rag, ONE))
        assert {text for _, text in server.embedded} <= {"cancel an order", "."}


async def _searched(rag: Rag, model: EmbeddingModel) -> bool:
    await rag.search()
    status = await rag.status()
    return bool(status["model"]["fingerprint"] == model.fingerprint and not status["next"])


async def test_going_back_before_it_was_far_enough(folder: Path) -> None:
    """A change that is taken back while the index is made leaves the index before as it was."""
    async with embedding_server(ONE) as server, rag_server(folder, server.at.url) as rag:
        await rag.moved_to(ONE)
        await changed(server, rag, OTHER)
        server.model, server.full = ONE, False
        await rag.moved_to(ONE)
        assert pointed(folder)["fingerprint"] == ONE.fingerprint


async def test_a_third_model_in_the_middle(folder: Path) -> None:
    """A model that changes while the index of another is made is followed at once, and no vectors mix."""
    async with embedding_server(ONE) as server, rag_server(folder, server.at.url) as rag:
        await rag.moved_to(ONE)
        await changed(server, rag, OTHER)
        server.model, server.full = THIRD, False
        await rag.moved_to(THIRD)
    for model in (ONE, THIRD):
        assert await is_pure(folder, model)


async def test_searches_move_once_every_codebase_is_there(folder: Path) -> None:
    """With several codebases the index of the new model has all of them before it serves."""
    (folder / "billing").mkdir()
    (folder / "billing" / "invoice.py").write_text("def invoice(order):\n    return order\n")
    roots = {"codebase_path": (folder / "code", folder / "billing")}
    async with embedding_server(ONE) as server, rag_server(folder, server.at.url, **roots) as rag:
        await rag.moved_to(ONE)
        await changed(server, rag, OTHER)
        server.full = False
        status = await rag.moved_to(OTHER)
    assert [each["searchable"]["files"] for each in status["codebases"]] == [1, 1]


async def test_another_revision_has_an_index_of_its_own(folder: Path) -> None:
    """The same name with another fingerprint is another model."""
    for model in (ONE, REVISED):
        async with embedding_server(model) as server, rag_server(folder, server.at.url) as rag:
            await rag.moved_to(model)
    assert await is_pure(folder, ONE)
    assert await is_pure(folder, REVISED)


async def test_a_pointer_that_cannot_be_moved_is_said(folder: Path) -> None:
    """The index serves all the same, and /health says what a restart would change."""
    (folder / "index" / "code.tmp").mkdir(parents=True)
    async with embedding_server(ONE) as server, rag_server(folder, server.at.url) as rag:
        await rag.moved_to(ONE)
        check = await rag.check()
    assert check["status"] == "degraded"
    assert check["detail"].startswith("After a restart another index may serve for a moment: ")
    assert check["detail"].endswith("code.json cannot be written: Is a directory.")


async def test_an_index_that_cannot_be_opened_is_said(folder: Path) -> None:
    """Where another process has the index of the new model, the one before answers, and /health says why."""
    other = EdgeCatalog(folder / "index", "code")
    async with embedding_server(ONE) as server, rag_server(folder, server.at.url) as rag:
        await rag.moved_to(ONE)
        other.open(OTHER)
        server.model = OTHER
        found = await rag.search()

        async def said() -> str | None:
            check = await rag.check()
            return check["detail"] if check["status"] == "degraded" else None

        detail = await until(said)
    await other.close()
    assert [hit["path"] for hit in found["hits"]] == [ORDERS.path]
    assert found["degraded"][0].startswith(
        "semantic search is off: embedding-server serves another model now"
    )
    assert detail.startswith("The index of other/model cannot be used: ")
    assert "is in use by another process" in detail
