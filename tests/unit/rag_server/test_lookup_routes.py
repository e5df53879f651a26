"""`POST /search` with `callers_of` and `similar_to`, and `POST /eval`, over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from code_rag.rag_server.adapters.qdrant_edge import open_edge_store
from code_rag.rag_server.app import create_app
from code_rag.rag_server.composition.use_cases import Outside
from code_rag.rag_server.settings import Settings
from tests.unit.rag_server.answer_fakes import FakeChat
from tests.unit.rag_server.fakes import DIMENSION, FakeEmbedder
from tests.unit.rag_server.indexed import index, write
from tests.unit.rag_server.live_app import live

FILES = {
    "shop/orders.py": 'def cancel(order):\n    """Give the money back to a customer."""\n    order.close()\n',
    "shop/cart.py": "from shop.orders import cancel\n\n\ndef empty(order):\n    cancel(order)\n",
}


@pytest.fixture
async def http(tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of rag-server over an index of FILES."""
    codebase = write(tmp_path / "code", FILES)
    store = open_edge_store(tmp_path / "index", DIMENSION)
    await index(codebase, store)
    settings = Settings(codebase_path=(tmp_path / "code",), index_on_start=False)
    async with live(create_app(settings, Outside(store, FakeEmbedder(), FakeChat()))) as client:
        yield client


async def test_callers_over_http(http: httpx2.AsyncClient) -> None:
    """A caller is a hit with the lines that use the symbol, and the parts of its score add up."""
    found = (await http.post("/search", json={"callers_of": "cancel"})).json()
    assert found["definitions"] == [
        {"path": "shop/orders.py", "line": 1, "symbol": "cancel", "language": "python"}
    ]
    (hit,) = found["hits"]
    assert (hit["path"], hit["start_line"], hit["end_line"]) == ("shop/cart.py", 1, 5)
    assert hit["uses"] == [{"line": 5, "text": "cancel(order)", "symbol": "empty", "resolution": "import"}]
    assert sum(hit["explanation"].values()) == hit["score"] == 1.0
    assert (found["notes"], found["degraded"]) == ([], [])


async def test_similar_over_http(http: httpx2.AsyncClient) -> None:
    """A similar chunk is a hit, and the parts of its score add up."""
    found = (await http.post("/search", json={"similar_to": {"path": "shop/cart.py", "line": 4}})).json()
    assert found["similar_to"]["path"] == "shop/cart.py"
    (hit,) = found["hits"]
    assert (hit["path"], hit["is_copy"]) == ("shop/orders.py", False)
    assert sum(hit["explanation"].values()) == pytest.approx(hit["score"])


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({}, 400, "query"),
        ({"query": "x", "callers_of": "y"}, 400, "query"),
        ({"callers_of": " "}, 400, "callers_of"),
        ({"callers_of": "x" * 401}, 400, "callers_of"),
        ({"similar_to": {"path": "../x", "line": 1}}, 400, "similar_to"),
        ({"similar_to": {"path": "shop/cart.py", "line": 0}}, 400, "similar_to.line"),
        ({"similar_to": {"path": "nowhere.py", "line": 1}}, 404, "similar_to"),
        ({"similar_to": {"path": "shop/cart.py", "line": 99}}, 400, "similar_to"),
    ],
)
async def test_wrong_lookups_are_named(
    http: httpx2.AsyncClient, body: dict[str, object], status: int, param: str
) -> None:
    """Exactly one of the three is given, and each wrong value is named."""
    answer = await http.post("/search", json=body)
    assert (answer.status_code, answer.json()["error"]["param"]) == (status, param)


async def test_evaluation_over_http(http: httpx2.AsyncClient) -> None:
    """Progress comes as events, the result is the last one."""
    commits = [{"subject": "Empty the cart of an order", "paths": ["shop/cart.py"]}]
    answer = await http.post("/eval", json={"questions": 5, "commits": commits})
    events = [line.removeprefix("event: ") for line in answer.text.splitlines() if line.startswith("event:")]
    assert events == ["progress"] * (len(events) - 1) + ["evaluation"]
    assert '"kind":"history","questions":1' in answer.text.replace(" ", "")
    assert (await http.post("/eval", json={"questions": 0})).status_code == 400
