"""A pod that is told to leave finishes what it has begun: streams and requests in flight end whole."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from tests.contract.sse import events
from tests.fixtures.kind_cluster import Cluster, gone
from tests.fixtures.kind_outside import python_outside
from tests.fixtures.waiting import wait_for
from tests.kind.conftest import EMBEDDING

OLLAMA = 11434
WORDS = [f"word{number}" for number in range(48)]
SLOW_MODEL = """
import json, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Model(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for word in sys.argv[2:]:
            self.say({"content": word + " "}, None)
            time.sleep(0.25)
        self.say({}, "stop")
        self.wfile.write(b"data: [DONE]\\n\\n")

    def say(self, delta, finish_reason):
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
        chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
        chunk["choices"] = [choice]
        self.wfile.write(b"data: " + json.dumps(chunk).encode() + b"\\n\\n")
        self.wfile.flush()

ThreadingHTTPServer(("0.0.0.0", int(sys.argv[1])), Model).serve_forever()
"""
"""Streams an answer of twelve seconds: longer than a pod's notice, shorter than its grace."""


@pytest.fixture
def slow_model(cluster: Cluster) -> Iterator[None]:
    """llm-server with a model behind it that takes its time."""
    with python_outside(cluster, SLOW_MODEL, str(OLLAMA), *WORDS) as address:
        set_url(cluster, {"value": f"http://{address}:{OLLAMA}/v1"})
        yield
    set_url(cluster, {"$patch": "delete"})


def set_url(cluster: Cluster, change: dict[str, str]) -> None:
    """Change llm-server's OPENAI_BASE_URL, and wait until no pod without the change answers any more."""
    old = cluster.pod("llm-server").metadata
    cluster.set_variable("llm-server", {"name": "OPENAI_BASE_URL", **change})
    wait_for(lambda: cluster.renewed("llm-server", old.uid), "llm-server with another model", 90)
    wait_for(lambda: gone(cluster, old.name), "the llm-server before to be gone", 60)


@pytest.mark.parametrize("component", ["llm-server", "rag-server"])
def test_a_stream_outlives_its_pods_end(
    cluster: Cluster, rag: httpx2.Client, slow_model: None, component: str
) -> None:
    """A streamed answer ends whole though a pod that it comes through was deleted at its first word."""
    uid = cluster.pod(component).metadata.uid
    text, is_deleted = "", False
    with rag.stream("POST", "/ask", json={"question": "What is a refund?", "stream": True}) as response:
        for name, data in events(response.iter_lines()):
            if name == "token":
                text += data["text"]
            if text and not is_deleted:
                is_deleted = True
                cluster.delete_pod(component)
    assert (name, text.split()[: len(WORDS)]) == ("answer", WORDS)  # what it quotes comes after them
    wait_for(lambda: cluster.renewed(component, uid), f"another {component}", 60)


def test_a_request_outlives_its_pods_end(cluster: Cluster) -> None:
    """Texts that are being embedded come back, all of them, though the pod was deleted meanwhile."""
    uid = cluster.pod("embedding-server").metadata.uid
    texts = [f"text {number} " + "word " * 200 for number in range(250)]  # some ten seconds' work
    with (
        httpx2.Client(base_url=EMBEDDING, timeout=60, trust_env=False) as client,
        ThreadPoolExecutor(1) as pool,
    ):
        coming = pool.submit(client.post, "/embed", json={"texts": texts})
        wait_for(lambda: queued_tokens(client) > 0, "the texts to be taken up")
        cluster.delete_pod("embedding-server")
        response = coming.result()
    assert response.status_code == 200
    assert len(response.json()["embeddings"]) == len(texts)
    wait_for(lambda: cluster.renewed("embedding-server", uid), "another embedding-server", 60)


def queued_tokens(embedding: httpx2.Client) -> float:
    """How many tokens wait for the encoder."""
    lines = embedding.get("/metrics").text.splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith("embedding_queued_tokens "))
