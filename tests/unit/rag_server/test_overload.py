"""rag-server with more to do than it can do soon."""

import asyncio
from pathlib import Path
from typing import Any

import httpx2
import pytest

from code_rag.rag_server.model import Candidates, Query
from tests.unit.rag_server.answer_fakes import FakeStore, a_candidate
from tests.unit.rag_server.live_app import ORDERS, a_codebase, an_app, live

BODIES: dict[str, dict[str, Any]] = {
    "/search": {"query": "cancel"},
    "/ask": {"question": "how to cancel"},
    "/v1/chat/completions": {"messages": [{"role": "user", "content": "how to cancel"}]},
}
MANY = 200


class StuckStore(FakeStore):
    """Answers no search until it is told to."""

    def __init__(self) -> None:
        super().__init__([a_candidate(ORDERS, bm25=3.0, cosine=0.9)])
        self.go_on = asyncio.Event()

    async def search(self, query: Query, limit: int) -> Candidates:
        """What it finds, when it may."""
        await self.go_on.wait()
        return await super().search(query, limit)


@pytest.mark.parametrize("path", BODIES)
async def test_what_cannot_start_soon_is_sent_back_with_a_time(tmp_path: Path, path: str) -> None:
    """Of many requests at once some are answered in full, and the others get a time to come again."""
    store = StuckStore()
    async with live(an_app(a_codebase(tmp_path), store), limits=httpx2.Limits(max_connections=MANY)) as http:
        asked = [asyncio.create_task(http.post(path, json=BODIES[path])) for _ in range(MANY)]
        await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
        open_now = await http.get("/metrics")
        store.go_on.set()
        answers = await asyncio.gather(*asked)

    refused = [answer for answer in answers if answer.status_code == 429]
    assert {answer.status_code for answer in answers} == {200, 429}
    assert all(1 <= int(answer.headers["retry-after"]) <= 60 for answer in refused)
    assert all(answer.json()["error"]["code"] == "overloaded" for answer in refused)
    assert "Too many searches at once" in refused[0].json()["error"]["message"]
    assert "searches_open" in open_now.text


async def test_probes_and_the_page_are_answered_while_searches_are_not(tmp_path: Path) -> None:
    """Only what takes a slot is sent back: health, the index's state, a file and the page come as ever."""
    store = StuckStore()
    async with live(an_app(a_codebase(tmp_path), store)) as http:
        asked = [asyncio.create_task(http.post("/search", json=BODIES["/search"])) for _ in range(50)]
        await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
        statuses = [(await http.get(path)).status_code for path in ("/livez", "/health", "/index", "/")]
        store.go_on.set()
        await asyncio.gather(*asked)

    assert statuses == [200] * 4
