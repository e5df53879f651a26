"""Any service may be killed at any time: the others go on, say what is missing, and take it back."""

import dataclasses
import signal
from typing import Any

import httpx2
import pytest

from code_rag.localstack.processes import LocalStack
from tests.fixtures.waiting import wait_for
from tests.process.killing import kill

QUESTION = "How long is stock reserved while a customer pays?"
PATH = "order-service/orders/inventory.py"


def wait_health(rag: httpx2.Client, status: str) -> dict[str, dict[str, str]]:
    """rag-server's checks, once its health is `status`."""

    def reached() -> dict[str, dict[str, str]] | None:
        health = rag.get("/health").json()
        return health["checks"] if health["status"] == status else None

    return wait_for(reached, f"rag-server to be {status}", seconds=15)


def post(rag: httpx2.Client, path: str, **body: str) -> dict[str, Any]:
    """The JSON that rag-server gives for a body, which it must accept."""
    response = rag.post(path, json=body)
    assert response.is_success, response.text
    answer: dict[str, Any] = response.json()
    return answer


def pid_of(stack: LocalStack, name: str) -> int:
    process = stack.services[name].process
    assert process is not None
    return process.pid


@pytest.mark.parametrize("name", ["embedding-server", "llm-server"])
def test_rag_server_says_what_is_missing_and_takes_it_back(
    stack: LocalStack, rag: httpx2.Client, name: str
) -> None:
    """rag-server is degraded while a service behind it is gone, says why, and is well again by itself."""
    pid = pid_of(stack, "rag-server")
    wait_health(rag, "ok")
    kill(stack, name)
    checks = wait_health(rag, "degraded")
    assert {each for each, check in checks.items() if check["status"] != "ok"} == {name}
    assert checks[name]["detail"]
    stack.services[name].start()
    wait_health(rag, "ok")
    assert post(rag, "/ask", question=QUESTION)["degraded"] == []
    assert pid_of(stack, "rag-server") == pid


def test_without_embeddings_words_are_still_found(stack: LocalStack, rag: httpx2.Client) -> None:
    """With embedding-server killed, searches and answers go on by words alone and say so."""
    kill(stack, "embedding-server")
    found = post(rag, "/search", query="stock reservation lifetime")
    assert PATH in [hit["path"] for hit in found["hits"]]
    assert [sentence.split(":")[0] for sentence in found["degraded"]] == ["semantic search is off"]
    answer = post(rag, "/ask", question=QUESTION)
    assert PATH in [citation["path"] for citation in answer["citations"]]
    assert "semantic search is off" in answer["degraded"][0]


def test_without_a_language_model_the_places_are_named(stack: LocalStack, rag: httpx2.Client) -> None:
    """With llm-server killed, a question is answered with the best places and says why."""
    kill(stack, "llm-server")
    assert post(rag, "/search", query=QUESTION)["degraded"] == []
    answer = post(rag, "/ask", question=QUESTION)
    assert answer["model"] == "none"
    assert PATH in answer["answer"]
    assert PATH in [hit["path"] for hit in answer["hits"]]
    assert [sentence.split(":")[0] for sentence in answer["degraded"]] == ["no language model"]


def test_without_both_the_code_is_still_found(stack: LocalStack, rag: httpx2.Client) -> None:
    """With both services behind it killed, rag-server still finds code and names both gaps."""
    kill(stack, "embedding-server")
    kill(stack, "llm-server")
    answer = post(rag, "/ask", question=QUESTION)
    assert PATH in answer["answer"]
    assert {sentence.split(":")[0] for sentence in answer["degraded"]} == {
        "semantic search is off",
        "no language model",
    }


def test_without_rag_server_the_others_serve(stack: LocalStack, rag: httpx2.Client) -> None:
    """The others serve while rag-server is gone; restarted, it has its index and embeds nothing again."""
    before = rag.get("/index").json()["searchable"]
    kill(stack, "rag-server")
    vectors = httpx2.post(f"{stack.services['embedding-server'].url}/embed", json={"text": "x"})
    chat = {"messages": [{"role": "user", "content": "x"}]}
    completion = httpx2.post(f"{stack.services['llm-server'].url}/chat/completions", json=chat)
    assert (vectors.status_code, completion.status_code) == (200, 200)
    stack.services["rag-server"].start()
    stack.wait_ready(30)
    status = wait_for(
        lambda: (s := rag.get("/index").json())["finished_at"] and s, "the run after the restart"
    )
    assert status["files"]["indexed"] == 0
    assert status["searchable"] == before
    assert post(rag, "/ask", question=QUESTION)["citations"]


def test_a_second_opener_of_the_store_is_refused(stack: LocalStack, rag: httpx2.Client) -> None:
    """A second rag-server on the same folder ends with a sentence about it, and the first goes on."""
    first = stack.services["rag-server"]
    second = dataclasses.replace(first, log=first.log.with_name("second.log"), process=None)
    second.start()
    try:
        code = wait_for(second.exit_code, "the second rag-server to give up", seconds=20)
    finally:
        second.send(signal.SIGKILL)
        second.wait(5)
    said = second.log.read_text()
    assert code not in (None, 0)
    assert "Traceback" not in said
    assert str(stack.data_dir) in said
    assert post(rag, "/search", query="refund")["hits"]
