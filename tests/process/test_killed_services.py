"""Any service may be killed at any time: the others go on, say what is missing, and take it back."""

import signal

import httpx2
import pytest
from local_stack import LocalStack

from tests.fixtures.waiting import wait_for
from tests.process.conftest import get, post

QUESTION = "How long is stock reserved while a customer pays?"
PATH = "order-service/orders/inventory.py"


def kill(stack: LocalStack, name: str) -> None:
    """Kill a service, as running out of memory would."""
    service = stack.services[name]
    service.send(signal.SIGKILL)
    wait_for(lambda: service.exit_code() is not None, f"{name} to be gone")


def wait_health(stack: LocalStack, status: str) -> dict[str, dict[str, str]]:
    """rag-server's checks, once its health is `status`."""

    def reached() -> dict[str, dict[str, str]] | None:
        health = get(stack, "/health")
        return health["checks"] if health["status"] == status else None

    return wait_for(reached, f"rag-server to be {status}", seconds=15)


def pid_of(stack: LocalStack, name: str) -> int:
    process = stack.services[name].process
    assert process is not None
    return process.pid


@pytest.mark.parametrize("name", ["embedding-server", "llm-server"])
def test_rag_server_says_what_is_missing_and_takes_it_back(stack: LocalStack, name: str) -> None:
    """rag-server is degraded while a service behind it is gone, says why, and is well again by itself."""
    rag = pid_of(stack, "rag-server")
    wait_health(stack, "ok")
    kill(stack, name)
    checks = wait_health(stack, "degraded")
    assert {each for each, check in checks.items() if check["status"] != "ok"} == {name}
    assert checks[name]["detail"]
    stack.services[name].start()
    wait_health(stack, "ok")
    assert post(stack, "/ask", question=QUESTION)["degraded"] == []
    assert pid_of(stack, "rag-server") == rag


def test_without_embeddings_words_are_still_found(stack: LocalStack) -> None:
    """With embedding-server killed, searches and answers go on by words alone and say so."""
    kill(stack, "embedding-server")
    found = post(stack, "/search", query="stock reservation lifetime")
    assert PATH in [hit["path"] for hit in found["hits"]]
    assert [sentence.split(":")[0] for sentence in found["degraded"]] == ["semantic search is off"]
    answer = post(stack, "/ask", question=QUESTION)
    assert PATH in [citation["path"] for citation in answer["citations"]]
    assert "semantic search is off" in answer["degraded"][0]


def test_without_a_language_model_the_places_are_named(stack: LocalStack) -> None:
    """With llm-server killed, a question is answered with the best places and says why."""
    kill(stack, "llm-server")
    assert post(stack, "/search", query=QUESTION)["degraded"] == []
    answer = post(stack, "/ask", question=QUESTION)
    assert answer["model"] == "none"
    assert PATH in answer["answer"]
    assert PATH in [hit["path"] for hit in answer["hits"]]
    assert [sentence.split(":")[0] for sentence in answer["degraded"]] == ["no language model"]


def test_without_both_the_code_is_still_found(stack: LocalStack) -> None:
    """With both services behind it killed, rag-server still finds code and names both gaps."""
    kill(stack, "embedding-server")
    kill(stack, "llm-server")
    answer = post(stack, "/ask", question=QUESTION)
    assert PATH in answer["answer"]
    assert {sentence.split(":")[0] for sentence in answer["degraded"]} == {
        "semantic search is off",
        "no language model",
    }


def test_without_rag_server_the_others_serve(stack: LocalStack) -> None:
    """The others serve while rag-server is gone; restarted, it has its index and embeds nothing again."""
    before = get(stack, "/index")["searchable"]
    kill(stack, "rag-server")
    vectors = httpx2.post(f"{stack.services['embedding-server'].url}/embed", json={"text": "x"})
    chat = {"messages": [{"role": "user", "content": "x"}]}
    completion = httpx2.post(f"{stack.services['llm-server'].url}/chat/completions", json=chat)
    assert (vectors.status_code, completion.status_code) == (200, 200)
    stack.services["rag-server"].start()
    stack.wait_ready(30)
    status = wait_for(lambda: (s := get(stack, "/index"))["finished_at"] and s, "the run after the restart")
    assert status["files"]["indexed"] == 0
    assert status["searchable"] == before
    assert post(stack, "/ask", question=QUESTION)["citations"]


def test_a_second_opener_of_the_store_is_refused(stack: LocalStack) -> None:
    """A second rag-server on the same folder ends with a sentence about it, and the first goes on."""
    rag = stack.services["rag-server"]
    second = type(rag)("rag-server", 0, rag.log.with_name("second.log"), {**rag.environment, "PORT": "0"})
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
    assert post(stack, "/search", query="refund")["hits"]
