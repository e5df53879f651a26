"""rag-server's endpoints over HTTP, with fakes behind them."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from openai import APIError, AsyncOpenAI, NotFoundError

from code_rag.rag_server.wire import AskResponse, SearchResponse
from code_rag.servicekit.errors import Unavailable, UpstreamFailed
from tests.unit.rag_server.answer_fakes import FakeChat, FakeEmbedder, FakeStore
from tests.unit.rag_server.live_app import ORDERS, a_codebase, an_app, live

QUESTION = {"question": "how is an order cancelled?"}


@pytest.fixture
def codebase(tmp_path: Path) -> Path:
    """A small codebase."""
    return a_codebase(tmp_path / "code")


@pytest.fixture
async def client(codebase: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of rag-server over fakes that all work."""
    async with live(an_app(codebase)) as http:
        yield http


def events_in(text: str) -> list[tuple[str, Any]]:
    """Name and data of each server-sent event."""
    events = [block.split("\n") for block in text.strip().split("\n\n") if not block.startswith(":")]
    return [
        (lines[0].removeprefix("event: "), json.loads(lines[1].removeprefix("data: "))) for lines in events
    ]


def openai_client(http: httpx2.AsyncClient) -> AsyncOpenAI:
    """OpenAI's own client, pointed at rag-server."""
    return AsyncOpenAI(base_url=f"{http.base_url}/v1", api_key="any", max_retries=0)


async def test_search_answers_with_explained_hits(client: httpx2.AsyncClient) -> None:
    """A hit holds the chunk, its score and how it came about."""
    response = await client.post("/search", json={"query": "cancel"})

    found = SearchResponse.model_validate(response.json())
    (hit,) = found.hits
    assert (hit.path, hit.start_line, hit.end_line, hit.symbol, hit.text) == (
        ORDERS.path, 1, 2, "cancel", ORDERS.text,
    )  # fmt: skip
    assert response.json()["hits"][0]["explanation"] == {
        "alpha": 0.5, "dense": 0.9, "dense_rank": 1, "lexical": 3.0, "lexical_rank": 1,
    }  # fmt: skip
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
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": "x" * 8001}]}, "messages"),
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
    assert [name for name, _ in events] == ["hits", "token", "token", "answer"]
    assert [hit["path"] for hit in events[0][1]["hits"]] == [ORDERS.path]
    assert events[1][1] == {"text": "Cancelling keeps the order "}
    assert AskResponse.model_validate(events[-1][1]).answer == "Cancelling keeps the order [1:1-2]."


async def test_a_failure_inside_a_stream_is_its_last_event(codebase: Path) -> None:
    """A model that breaks off ends the stream with the error's envelope."""
    chat = FakeChat(("Half",), UpstreamFailed("llm-server broke off."))
    async with live(an_app(codebase, chat=chat)) as http:
        events = events_in((await http.post("/ask", json=QUESTION | {"stream": True})).text)

    assert [name for name, _ in events] == ["hits", "token", "error"]
    assert events[-1][1]["error"]["message"] == "llm-server broke off."


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
    chat = FakeChat(("One",), hangs=True)
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
    """Before any run all is zero; starting one is accepted, with and without a body."""
    assert (await client.get("/index")).json()["started_at"] is None

    started = await client.post("/index")
    narrowed = await client.post("/index", json={"path": "shop"})

    assert (started.status_code, narrowed.status_code) == (202, 202)
    assert started.json()["started_at"] is not None
    assert started.json()["searchable"] == {"files": 1, "chunks": 1}


async def test_openais_client_gets_the_answer_with_sources(client: httpx2.AsyncClient) -> None:
    """The text ends in the list of verified sources; the citations stand beside it."""
    async with openai_client(client) as openai:
        answer = await openai.chat.completions.create(
            model="code-rag", messages=[{"role": "user", "content": "how is an order cancelled?"}]
        )

    assert answer.choices[0].message.content == (
        "Cancelling keeps the order [1:1-2].\n\nSources:\n- shop/orders.py#L1-L2"
    )
    assert answer.choices[0].finish_reason == "stop"
    assert answer.model_extra is not None
    assert answer.model_extra["citations"][0]["verified"] is True


async def test_openais_client_streams_the_same_answer(client: httpx2.AsyncClient) -> None:
    """The role comes first, the text adds up to the plain answer, the last chunk says stop and cites."""
    async with openai_client(client) as openai:
        stream = await openai.chat.completions.create(
            model="code-rag", messages=[{"role": "user", "content": "how?"}], stream=True
        )
        chunks = [chunk async for chunk in stream]

    assert chunks[0].choices[0].delta.role == "assistant"
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == (
        "Cancelling keeps the order [1:1-2].\n\nSources:\n- shop/orders.py#L1-L2"
    )
    assert [chunk.choices[0].finish_reason for chunk in chunks] == [None] * (len(chunks) - 1) + ["stop"]
    assert len({chunk.id for chunk in chunks}) == 1
    assert chunks[-1].model_extra is not None
    assert chunks[-1].model_extra["citations"][0]["path"] == ORDERS.path


async def test_a_chat_without_a_model_streams_the_places(codebase: Path) -> None:
    """What no model wrote is streamed too, and the note says what was missing."""
    async with (
        live(an_app(codebase, chat=FakeChat((), Unavailable("away")))) as http,
        openai_client(http) as openai,
    ):
        stream = await openai.chat.completions.create(
            model="code-rag", messages=[{"role": "user", "content": "how?"}], stream=True
        )
        text = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

    assert text.startswith("No language model is at hand.")
    assert text.endswith("Sources:\n- shop/orders.py#L1-L2\n\nNote: no language model: away")


async def test_the_last_user_message_is_the_question(codebase: Path) -> None:
    """Of a conversation the last thing the user said is asked, its text parts joined."""
    chat = FakeChat()
    said = [{"type": "text", "text": "and"}, {"type": "image_url"}, {"type": "text", "text": "refunds?"}]
    messages = [
        {"role": "user", "content": "old"},
        {"role": "assistant", "content": "x"},
        {"role": "user", "content": said},
        {"role": "assistant", "content": "y"},
    ]
    async with live(an_app(codebase, chat=chat)) as http:
        await http.post("/v1/chat/completions", json={"messages": messages})

    assert chat.asked[0][1]["content"].endswith("Question: and\nrefunds?")


async def test_openais_client_sees_a_failure_inside_a_stream(codebase: Path) -> None:
    """An error event in the stream raises OpenAI's own error."""
    chat = FakeChat(("Half",), UpstreamFailed("llm-server broke off."))
    async with live(an_app(codebase, chat=chat)) as http, openai_client(http) as openai:
        stream = await openai.chat.completions.create(
            model="code-rag", messages=[{"role": "user", "content": "how?"}], stream=True
        )
        with pytest.raises(APIError, match="broke off"):
            _ = [chunk async for chunk in stream]


async def test_the_one_model_is_listed(client: httpx2.AsyncClient) -> None:
    """OpenAI's client lists code-rag and is told of any other that there is none."""
    async with openai_client(client) as openai:
        assert [model.id async for model in openai.models.list()] == ["code-rag"]
        with pytest.raises(NotFoundError, match="no model 'gpt-4o'") as refusal:
            await openai.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "x"}])
        assert refusal.value.code == "model_not_found"


async def test_the_page_runs_only_its_own_scripts(client: httpx2.AsyncClient) -> None:
    """The page comes under a policy that allows nothing inline and nothing from elsewhere."""
    page = await client.get("/")

    assert page.headers["content-type"].startswith("text/html")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert page.headers["x-content-type-options"] == "nosniff"
