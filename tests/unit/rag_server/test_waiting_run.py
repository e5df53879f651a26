"""An index run that repeats what fails."""

import asyncio
from pathlib import Path

from code_rag.servicekit.errors import Unavailable
from tests.unit.rag_server.answer_fakes import FakeStore
from tests.unit.rag_server.live_app import an_app, live


async def test_a_run_that_waits_degrades_the_health(codebase: Path) -> None:
    """While a run waits, for whatever it is, the index's check says for what."""
    app = an_app(codebase, FakeStore(failure=Unavailable("The disk is full.")), index_on_start=True)
    async with live(app) as http, asyncio.timeout(20):
        while (await http.get("/index")).json().get("state") != "waiting":  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        check = (await http.get("/health")).json()["checks"]["index"]

    assert check == {"status": "degraded", "detail": "The disk is full."}
