"""rag-server's endpoints over HTTP, with fakes behind them."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from code_rag.rag_server.answer_wire import AskResponse
from code_rag.rag_server.model import Scope
from code_rag.rag_server.wire import SearchResponse
from code_rag.servicekit.errors import Unavailable, UpstreamFailed
from tests.unit.rag_server.answer_fakes import FakeChat, FakeStore, a_candidate
from tests.unit.rag_server.fakes import FakeEmbedder
from tests.unit.rag_server.live_app import ORDERS, an_app, live

QUESTION = {"question": "how is an order cancelled?"}


def events_in(text: str) -> list[tuple[str, Any]]:
    """Name and data of each server-sent event."""
    events = [block.split("\n") for block in text.strip().split("\n\n") if not block.startswith(":")]
    return [
        (lines[0].removeprefix("event: "), json.loads(lines[1].removeprefix("data: "))) for lines in events
    ]


async def test_search_answers_with_explained_hits(client: httpx2.AsyncClient) -> None:
    """A hit holds the chunk, its score and how it came about."""
    response = await client.post("/search", json={"query": "cancel"})

    found = SearchResponse.model_validate(response.json())
    (hit,) = found.hits
    assert (hit.path, hit.start_line, hit.end_line, hit.symbol, hit.text) == (
        ORDERS.path, 1, 2, "cancel", ORDERS.text,
    )  # fmt: skip
    assert sum(hit.explanation.values()) == pytest.approx(hit.score)
    assert (hit.cosine, hit.bm25, hit.copies) == (0.9, 3.0, [])
    assert found.degraded == []


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("/search", {"query": " \t\0"}, "query"),
        ("/search", {"query": "x", "path": "../x"}, "path"),
        ("/search", {"query": "x", "limit": 0}, "limit"),
        ("/ask", {"question": "\n"}, "question"),
        ("/ask", {"question": "\n", "stream": True}, "question"),
        ("/ask", {"question": "x", "path": "a/../.."}, "path"),
        ("/v1/chat/completions", {"messages": []}, "messages"),
        ("/v1/chat/completions", {"messages": [{"role": "system", "content": "x"}]}, "messages"),
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": "a\ud800"}]}, "messages"),
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": "x" * 100_001}]}, "messages"),
        ("/index", {"path": "../x"}, "path"),
        ("/index", {"path": "a\0b"}, "path"),
    ],
)
async def test_bad_input_is_refused_by_name(
    client: httpx2.AsyncClient, path: str, body: dict[str, Any], param: str
) -> None:
    """Each mistake of the caller is a 400 that names the field."""
    response = await client.post(path, content=json.dumps(body), headers={"content-type": "application/json"})

    assert response.status_code == 400
    assert response.json()["error"]["param"] == param


async def test_ask_answers_with_checked_citations(client: httpx2.AsyncClient) -> None:
    """The answer carries its citations, verified against the file on disk, and its evidence."""
    answer = AskResponse.model_validate((await client.post("/ask", json=QUESTION)).json())

    assert answer.answer == "Cancelling keeps the order [1:1-2]."
    assert [(c.path, c.start_line, c.end_line, c.verified) for c in answer.citations] == [
        (ORDERS.path, 1, 2, True)
    ]
    assert [hit.path for hit in answer.hits] == [ORDERS.path]
    assert answer.model == "fake-model"


async def test_a_changed_file_unverifies_its_citation(client: httpx2.AsyncClient, codebase: Path) -> None:
    """What was indexed and what is on disk are compared when the answer is given."""
    (codebase / ORDERS.path).write_text("def cancel(order):\n    return None\n")

    (citation,) = (await client.post("/ask", json=QUESTION)).json()["citations"]

    assert (citation["verified"], citation["reason"]) == (False, "the file has changed since it was indexed")


async def test_ask_streams_hits_tokens_and_the_answer(client: httpx2.AsyncClient) -> None:
    """With `stream` the events come in order, and the last is what a plain request answers."""
    response = await client.post("/ask", json=QUESTION | {"stream": True})

    events = events_in(response.text)
    assert response.headers["content-type"].startswith("text/event-stream")
    assert [name for name, _ in events] == ["hits", "progress", "token", "token", "answer"]
    assert [hit["path"] for hit in events[0][1]["hits"]] == [ORDERS.path]
    assert events[1][1] == {
        "model": "fake-model", "seconds": 0, "stage": "answer", "places": 0, "about_seconds": 0, "words": 0,
    }  # fmt: skip
    assert events[2][1] == {"text": "Cancelling keeps the order"}
    assert AskResponse.model_validate(events[-1][1]).answer == "Cancelling keeps the order [1:1-2]."


async def test_a_model_that_breaks_off_does_not_end_the_stream(codebase: Path) -> None:
    """The answer comes all the same, with what was written, the reason and the quotes."""
    chat = FakeChat(("Half",), UpstreamFailed("llm-server broke off."))
    async with live(an_app(codebase, chat=chat)) as http:
        events = events_in((await http.post("/ask", json=QUESTION | {"stream": True})).text)

    assert [name for name, _ in events] == ["hits", "progress", "token", "token", "answer"]
    assert any("llm-server broke off." in reason for reason in events[-1][1]["degraded"])


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/search", {"query": "x"}),
        ("/ask", QUESTION),
        ("/ask", QUESTION | {"stream": True}),
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": "x"}], "stream": True}),
    ],
)
async def test_a_missing_store_is_a_503(codebase: Path, path: str, body: dict[str, Any]) -> None:
    """Without the store every question fails with its own status, streamed or not."""
    store = FakeStore(failure=Unavailable("The vector database cannot be reached.", retry_after=1))
    async with live(an_app(codebase, store=store)) as http:
        response = await http.post(path, json=body)

    assert (response.status_code, response.headers["retry-after"]) == (503, "1")
    assert response.json()["error"]["message"] == "The vector database cannot be reached."


async def test_lacks_are_named_and_counted(codebase: Path) -> None:
    """With both services away the answer lists places, names both lacks, and the metrics count them."""
    away = Unavailable("away")
    async with live(an_app(codebase, embedder=FakeEmbedder(away), chat=FakeChat((), away))) as http:
        answer = (await http.post("/ask", json=QUESTION)).json()
        metrics = (await http.get("/metrics")).text

    assert answer["degraded"] == ["semantic search is off: away", "no language model: away"]
    assert (answer["model"], answer["citations"][0]["verified"]) == ("none", True)
    assert 'degradations_total{reason="semantic search is off"} 1.0' in metrics
    assert 'degradations_total{reason="no language model"} 1.0' in metrics


@pytest.mark.parametrize("path", ["/ask", "/v1/chat/completions"])
async def test_a_client_that_leaves_stops_the_model(codebase: Path, path: str) -> None:
    """Closing a stream in the middle ends the call to the language model."""
    chat = FakeChat(("One two",), hangs=True)
    body = {**QUESTION, "stream": True, "messages": [{"role": "user", "content": "x"}]}
    async with live(an_app(codebase, chat=chat)) as http, http.stream("POST", path, json=body) as response:
        async for line in response.aiter_lines():
            if "One" in line:
                break
        assert not chat.stopped.is_set()
        await response.aclose()
        await asyncio.wait_for(chat.stopped.wait(), timeout=10)


async def test_files_are_shown_as_they_are(client: httpx2.AsyncClient) -> None:
    """A source file comes with its language and its number of lines."""
    assert (await client.get(f"/files/{ORDERS.path}")).json() == {
        "path": ORDERS.path,
        "language": "python",
        "text": ORDERS.text + "\n",
        "lines": 2,
    }


@pytest.mark.parametrize(
    ("path", "status"),
    [(".env", 404), ("nothing.py", 404), ("..%2f..%2fetc%2fpasswd", 404), ("", 404), ("a%00b", 400)],
)
async def test_other_files_are_not_shown(client: httpx2.AsyncClient, path: str, status: int) -> None:
    """What is secret, missing or outside is not found; a NUL is a mistake."""
    response = await client.get(f"/files/{path}")

    assert response.status_code == status
    assert response.json()["error"]["type"] == "invalid_request_error"


async def test_index_reports_and_starts_runs(client: httpx2.AsyncClient) -> None:
    """Before any run all is zero; starting one is accepted, of all and of a part."""
    assert (await client.get("/index")).json()["started_at"] is None

    started = await client.post("/index", json={})
    narrowed = await client.post("/index", json={"path": "shop"})

    assert (started.status_code, narrowed.status_code) == (202, 202)
    assert started.json()["started_at"] is not None
    vectors = {"header": 0, "whole": 1}
    assert started.json()["searchable"] == {"files": 1, "chunks": 1, "vectors": vectors}


async def test_several_codebases_answer_under_their_names(tmp_path: Path) -> None:
    """Runs, files and searches of several codebases use paths that start with the codebase's name."""
    for name in ("shop", "billing"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "tax.py").write_text(f"# {name}\n")
    found = replace(ORDERS, path="billing/tax.py")
    store = FakeStore([a_candidate(found, 3.0)])
    async with live(an_app(tmp_path / "shop", folders=[tmp_path / "billing"], store=store)) as http:
        search = await http.post("/search", json={"query": "tax", "codebase": "billing"})
        file = await http.get("/files/billing/tax.py")
        outside = [
            await http.get(f"/files/{path}")
            for path in ("tax.py", "shop/..%2fbilling/tax.py", "other/tax.py")
        ]
        started = await http.post("/index", json={"codebase": "shop"})
        refused = await http.post("/index", json={"path": "tax.py"})
        everything = await http.get("/index")

    assert [hit["codebase"] for hit in search.json()["hits"]] == ["billing"]
    assert store.asked[0][0].scope == Scope("billing")
    assert (file.json()["path"], file.json()["text"]) == ("billing/tax.py", "# billing\n")
    assert {response.status_code for response in outside} == {404}
    assert [codebase["name"] for codebase in started.json()["codebases"]] == ["shop"]
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "path")
    states = {codebase["name"]: codebase["finished_at"] for codebase in everything.json()["codebases"]}
    assert states["billing"] is None


async def test_the_page_runs_only_its_own_scripts(client: httpx2.AsyncClient) -> None:
    """The page comes under a policy that allows nothing inline and nothing from elsewhere."""
    page = await client.get("/")

    assert page.headers["content-type"].startswith("text/html")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert page.headers["x-content-type-options"] == "nosniff"
