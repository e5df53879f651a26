"""What looks like a secret is nowhere to be found: not in the store, on the page, in a prompt or in a log."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner, Result

from code_rag.rag_server.adapters.qdrant_edge import EdgeStore, open_edge_store
from code_rag.rag_server.app import create_app
from code_rag.rag_server.cli import app
from code_rag.rag_server.composition.surroundings import NOT_REDACTED
from code_rag.rag_server.composition.use_cases import Outside
from code_rag.rag_server.settings import Settings
from tests.fixtures.planted_secrets import TOKENS, Maker, planted
from tests.unit.rag_server.answer_fakes import FakeChat
from tests.unit.rag_server.fakes import DIMENSION, FakeEmbedder
from tests.unit.rag_server.live_app import live

PLANTED = list(planted())
DEADLINE_SECONDS = 60


@pytest.fixture
def codebase(tmp_path: Path) -> Path:
    """A folder with a file for each planted secret, and one that may not be opened."""
    folder = tmp_path / "code"
    folder.mkdir()
    for number, each in enumerate(PLANTED):
        (folder / f"place_{number}.txt").write_text(f"deployment of shop number{number}\n{each.text}")
    (folder / ".env").write_text("A=1\n")
    return folder


@asynccontextmanager
async def serving(
    codebase: Path, embedder: FakeEmbedder, chat: FakeChat, *, redact: str = "on"
) -> AsyncIterator[tuple[httpx2.AsyncClient, EdgeStore]]:
    """rag-server over the codebase and an embedded store beside it, once all is indexed."""
    store = open_edge_store(codebase.parent / "index", DIMENSION)
    settings = Settings.model_validate({"codebase_path": codebase, "redact_secrets": redact})
    async with live(create_app(settings, Outside(store, embedder, chat))) as http:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while (await http.get("/index")).json()["finished_at"] is None:  # noqa: ASYNC110 – over HTTP
                await asyncio.sleep(0.02)
        yield http, store


async def left(store: EdgeStore) -> int:
    """How many of the planted secrets are in the store."""
    chunks = await store.stored_chunks(list(await store.files()))
    text = "\n".join(f"{chunk.text} {chunk.symbol} {chunk.symbols} {chunk.references}" for chunk in chunks)
    return sum(any(secret in text for secret in each.secrets) for each in PLANTED)


async def test_no_planted_secret_is_stored_embedded_or_shown(codebase: Path) -> None:
    """At most 5 % of what was planted is in the index, in a text to embed, or in the file as it is served."""
    embedder = FakeEmbedder()
    async with serving(codebase, embedder, FakeChat()) as (http, store):
        assert await left(store) <= 0.05 * len(PLANTED)
        embedded = "\n".join(embedder.embedded)
        shown = [(await http.get(f"/files/place_{n}.txt")).json()["text"] for n in range(len(PLANTED))]
        assert (await http.get("/files/.env")).status_code == 404
    missed = [each for each in PLANTED if any(secret in embedded for secret in each.secrets)]
    seen = [each for each, text in zip(PLANTED, shown, strict=True) if any(s in text for s in each.secrets)]
    assert max(len(missed), len(seen)) <= 0.05 * len(PLANTED)
    assert all(
        text.count("\n") == each.text.count("\n") + 1 for each, text in zip(PLANTED, shown, strict=True)
    )


async def test_the_places_are_counted_and_listed(codebase: Path) -> None:
    """`GET /index` has the number, `GET /index/secrets` the places by kind, and neither a value."""
    async with serving(codebase, FakeEmbedder(), FakeChat()) as (http, _):
        status = (await http.get("/index")).json()
        answer = await http.get("/index/secrets")
    places = answer.json()["secrets"]
    assert status["secrets"] == status["codebases"][0]["secrets"] == len(places) > 0.95 * len(PLANTED)
    assert {"path": "place_10.txt", "line": 2, "kind": "GitHub token"} in places
    assert not any(secret in answer.text for each in PLANTED for secret in each.secrets)


async def test_a_pasted_secret_reaches_no_model(codebase: Path) -> None:
    """A question's secret is in no prompt and in no text to embed, and the question is answered."""
    token = TOKENS["Anthropic"](Maker(3))
    embedder, chat = FakeEmbedder(), FakeChat()
    async with serving(codebase, embedder, chat) as (http, _):
        history = [{"question": f"What is {token}?", "answer": "A key."}]
        body = {
            "question": f"Where is the deployment of shop number4? It fails with {token}",
            "history": history,
        }
        assert (await http.post("/ask", json=body)).status_code == 200
        chats = [{"role": "system", "content": token}, {"role": "user", "content": f"deployment {token}"}]
        said = await http.post("/v1/chat/completions", json={"model": "code-rag", "messages": chats})
        assert said.status_code == 200
    assert chat.asked
    assert token not in repr(chat.asked)
    assert not any(token in text for text in embedder.embedded)


async def test_switching_it_off_is_loud_and_switching_it_on_cleans_the_index(codebase: Path) -> None:
    """Off: start log and health say so, the text is as on disk. On again: no secret is left in the store."""
    with capture_logs() as logs:
        async with serving(codebase, FakeEmbedder(), FakeChat(), redact="off") as (http, store):
            assert await left(store) == len(PLANTED)
            health = (await http.get("/health")).json()
            listed = (await http.get("/index/secrets")).json()
    assert (health["status"], health["checks"]["secrets"]["detail"]) == ("degraded", NOT_REDACTED)
    assert listed == {"redacted": False, "secrets": []}
    assert NOT_REDACTED in {entry.get("detail") for entry in logs}
    async with serving(codebase, FakeEmbedder(), FakeChat()) as (http, store):
        assert await left(store) <= 0.05 * len(PLANTED)
        assert "secrets" not in (await http.get("/health")).json()["checks"]


async def test_coderag_lists_the_places(codebase: Path) -> None:
    """`coderag secrets` prints place and kind, `coderag status` the number, and neither a value."""
    async with serving(codebase, FakeEmbedder(), FakeChat()) as (http, _):
        number = (await http.get("/index")).json()["secrets"]
        listed = await coderag(http, "secrets")
        status = await coderag(http, "status")
        as_json = await coderag(http, "secrets", "--json")
    assert "place_10.txt:2: GitHub token" in listed.stdout.splitlines()
    assert len(listed.stdout.splitlines()) == len(json.loads(as_json.stdout)["secrets"]) == number
    assert f"Secrets: {number} redacted" in status.stdout
    printed = listed.stdout + status.stdout + as_json.stdout
    assert not any(secret in printed for each in PLANTED for secret in each.secrets)


async def test_coderag_says_when_it_is_off(codebase: Path) -> None:
    """With REDACT_SECRETS off the list is empty, and a note says why."""
    async with serving(codebase, FakeEmbedder(), FakeChat(), redact="off") as (http, _):
        listed = await coderag(http, "secrets")
    assert (listed.exit_code, listed.stdout) == (0, "")
    assert "REDACT_SECRETS is off" in listed.stderr


async def coderag(http: httpx2.AsyncClient, *arguments: str) -> Result:
    """Run the command against the server, in a thread: the server runs in this one."""
    clean = {"RAG_SERVER_URL": str(http.base_url), "API_KEY": "", "NO_COLOR": "1", "COLUMNS": "200"}
    with capture_logs():  # they would go to the output of the command
        return await asyncio.to_thread(CliRunner().invoke, app, arguments, env=clean)
