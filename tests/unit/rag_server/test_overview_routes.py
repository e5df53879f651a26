"""`GET /overview` and `GET /files` over HTTP, over an embedded index."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from tests.unit.rag_server.mcp_bench import shop

FILES = {
    "README.md": "# Shop\n\nShop sells things for the home and the garden.\n",
    "shop/orders.py": "def cancel(order):\n    order.close()\n",
    "shop/__main__.py": "from shop.orders import cancel\n\nif __name__ == '__main__':\n    cancel(None)\n",
    "docs/orders.md": "# Orders\n\nAn order is closed once.\n",
}


@pytest.fixture
async def http(tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of rag-server over an index of FILES."""
    async with shop(tmp_path, FILES) as url, httpx2.AsyncClient(base_url=url, trust_env=False) as client:
        yield client


async def test_an_overview_has_parts_with_their_places(http: httpx2.AsyncClient) -> None:
    """Purpose, structure and languages are there, each place once, its lines as they are in the file."""
    found = (await http.get("/overview")).json()
    parts = {part["topic"]: part for part in found["parts"]}
    assert found["codebases"] == ["code"]
    assert parts["purpose"]["places"][0] == {
        "path": "README.md", "start_line": 3, "end_line": 3, "language": "markdown",
        "text": "Shop sells things for the home and the garden.",
    }  # fmt: skip
    assert "`shop/` (2 files)" in parts["structure"]["text"]
    assert "python 2" in parts["languages"]["text"]
    assert parts["entry"]["places"][0]["path"] == "shop/__main__.py"
    places = [(each["path"], each["start_line"]) for part in found["parts"] for each in part["places"]]
    assert len(places) == len(set(places))


async def test_an_overview_stays_in_its_folder(http: httpx2.AsyncClient) -> None:
    """With a path only what is in it is said; a path outside and an unknown codebase are errors."""
    within = (await http.get("/overview", params={"path": "shop"})).json()
    assert {each["path"] for part in within["parts"] for each in part["places"]} == {"shop/__main__.py"}
    assert (await http.get("/overview", params={"path": "../x"})).status_code == 400
    assert (await http.get("/overview", params={"codebase": "other"})).status_code == 404


async def test_nothing_indexed_has_no_parts(tmp_path: Path) -> None:
    """An empty index has an empty overview, which says so."""
    async with shop(tmp_path, {}) as url, httpx2.AsyncClient(base_url=url) as client:
        found = (await client.get("/overview")).json()
        assert found["parts"] == []
        assert found["degraded"] == ["indexing: nothing is indexed yet"]
        assert (await client.get("/files")).json() == {"paths": [], "next": ""}


async def test_files_are_listed_in_pages(http: httpx2.AsyncClient) -> None:
    """Following `next` lists each indexed file once, in order; the last page has no next."""
    listed, after = [], ""
    for _ in range(len(FILES)):
        page = (await http.get("/files", params={"after": after, "limit": 3})).json()
        listed += page["paths"]
        if not (after := page["next"]):
            break
    assert listed == sorted(FILES)
    assert (await http.get("/files", params={"limit": 4})).json()["next"] == ""
    assert (await http.get("/files", params={"limit": 0})).status_code == 400
    assert (await http.get("/files", params={"codebase": "other"})).status_code == 404
