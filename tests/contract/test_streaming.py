"""Answers arrive while they are written, and a reader who leaves does no harm."""

from typing import Any

import httpx2
import pytest
from openai import NotFoundError, OpenAI

from tests.contract.sse import events

QUESTION = "How long is stock reserved while a customer pays?"
PATH = "order-service/orders/inventory.py"


def stream_of(client: httpx2.Client, question: str) -> list[tuple[str, dict[str, Any]]]:
    """All events of a streamed answer."""
    with client.stream("POST", "/ask", json={"question": question, "stream": True}) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        return list(events(response.iter_lines()))


def test_hits_then_tokens_then_the_answer(indexed: httpx2.Client) -> None:
    """A streamed answer is one `hits`, what a model writes, and one `answer`, in that order."""
    names = [name for name, _ in stream_of(indexed, QUESTION)]
    assert names[0] == "hits"
    assert names[-1] == "answer"
    assert set(names[1:-1]) <= {"token", "progress"}
    assert names.count("hits") == names.count("answer") == 1


def test_the_tokens_add_up_to_the_answer(indexed: httpx2.Client) -> None:
    """The tokens joined are the final answer if a model wrote it; it has citations like one not streamed."""
    streamed = stream_of(indexed, QUESTION)
    final = streamed[-1][1]
    written = "".join(str(data["text"]) for name, data in streamed if name == "token").strip()
    assert written == ("" if final["model"] == "none" else final["answer"])
    assert PATH in [citation["path"] for citation in final["citations"]]
    assert streamed[0][1]["hits"] == final["hits"]


def test_a_bad_question_is_refused_before_the_stream(indexed: httpx2.Client) -> None:
    """A blank question is a 400 with the envelope, not a stream that fails."""
    response = indexed.post("/ask", json={"question": " ", "stream": True})
    assert response.status_code == 400
    assert response.json()["error"]["type"] == "invalid_request_error"


def test_a_reader_who_leaves_does_no_harm(indexed: httpx2.Client) -> None:
    """After readers left in the middle of answers the service still streams whole ones."""
    for _ in range(5):
        with indexed.stream("POST", "/ask", json={"question": QUESTION, "stream": True}) as response:
            next(response.iter_lines())
    assert stream_of(indexed, QUESTION)[-1][0] == "answer"
    assert indexed.get("/health").json()["status"] == "ok"


def test_openai_client_streams_from_rag_server(openai_rag: OpenAI) -> None:
    """OpenAI's client streams an answer about the code, with the sources at its end."""
    chunks = list(
        openai_rag.chat.completions.create(
            model="code-rag", messages=[{"role": "user", "content": QUESTION}], stream=True
        )
    )
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert "Sources" in text
    assert f"#file={PATH}:" in text
    extras = [chunk.model_extra or {} for chunk in chunks]
    assert PATH in [citation["path"] for citation in extras[-1]["citations"]]


def test_openai_client_asks_rag_server(openai_rag: OpenAI) -> None:
    """OpenAI's client gets the same kind of answer in one piece; the last user message is the question."""
    answer = openai_rag.chat.completions.create(
        model="code-rag",
        messages=[
            {"role": "user", "content": "How are invoices exported?"},
            {"role": "assistant", "content": "As a file. [1]"},
            {"role": "user", "content": QUESTION},
        ],
    )
    assert f"#file={PATH}:" in (answer.choices[0].message.content or "")
    assert PATH in [citation["path"] for citation in (answer.model_extra or {})["citations"]]


def test_rag_servers_model_is_listed(openai_rag: OpenAI) -> None:
    """`/v1/models` lists code-rag, so that a chat interface can offer it."""
    assert [model.id for model in openai_rag.models.list()] == ["code-rag"]


def test_rag_server_has_no_other_model(openai_rag: OpenAI) -> None:
    """OpenAI's client raises NotFoundError with code model_not_found for another model."""
    with pytest.raises(NotFoundError) as raised:
        openai_rag.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "x"}])
    assert raised.value.code == "model_not_found"
