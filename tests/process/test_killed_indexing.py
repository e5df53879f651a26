"""rag-server may be killed while it indexes: nothing confirmed is lost and nothing is there twice."""

import signal
from pathlib import Path
from typing import Any

import httpx2
import pytest

from code_rag.localstack.processes import LocalStack
from tests.fixtures.targets import START_SECONDS, local_stack
from tests.fixtures.waiting import wait_for
from tests.process.killing import kill

FILES = 80
TOPICS = ("shipping", "refunds", "loyalty", "payments")
FUNCTION = '''
def {topic}_case_{number}(order, basket):
    """Handles case {number} of {topic} for an order and its basket."""
    total = sum(line.price for line in basket) + {number}
    if total > {number}00:
        raise ValueError("{topic} {number} refused for order %s" % order)
    return total
'''
SECONDS = 120.0
"""Embedding some hundred chunks takes seconds, and a minute where the machine is busy with other things."""


@pytest.fixture
def codebase(tmp_path: Path) -> Path:
    """A folder of files whose functions have names of their own."""
    folder = tmp_path / "cases"
    folder.mkdir()
    for number in range(FILES):
        functions = (FUNCTION.format(topic=topic, number=number) for topic in TOPICS)
        (folder / f"case_{number}.py").write_text("\n".join(functions))
    return folder


@pytest.mark.timeout(600)
@pytest.mark.parametrize("share", [0.0, 0.3], ids=["while storing", "while embedding"])
def test_a_kill_while_indexing(tmp_path: Path, codebase: Path, share: float) -> None:
    """What was searchable before a kill is so after it; the run goes on by itself and ends as a clean one."""
    with (
        local_stack(tmp_path, codebase) as stack,
        httpx2.Client(base_url=stack.rag_url, timeout=60) as rag,
    ):
        stack.wait_ready(START_SECONDS)
        before = wait_for(lambda: part_done(rag, share), "a part of the files to be indexed", SECONDS)
        kill(stack, "rag-server")
        restart(stack)
        assert rag.get("/index").json()["searchable"]["chunks"] >= before["searchable"]["chunks"]
        resumed = wait_for(lambda: finished(rag), "the run to be resumed and end", SECONDS)
        assert resumed["files"]["unchanged"] >= before["files"]["indexed"]
        assert resumed["files"]["failed"] == 0
        assert [places(rag, f"refunds_case_{number}") for number in range(0, FILES, 8)] == [1] * (FILES // 8)
        searchable = resumed["searchable"]
        assert searchable.pop("vectors") == {"header": 0, "whole": searchable["chunks"]}
        assert searchable == clean(stack, rag)


def part_done(rag: httpx2.Client, share: float) -> dict[str, Any] | None:
    """The status once something is searchable and a `share` of the files has vectors; it must not be over."""
    status: dict[str, Any] = rag.get("/index").json()
    if not status["searchable"]["files"] or status["files"]["indexed"] < share * FILES:
        return None
    assert status["files"]["pending"] > 0, "the run was over before it could be interrupted"
    return status


def restart(stack: LocalStack) -> None:
    """Start rag-server again and wait until it serves."""
    stack.services["rag-server"].start()
    stack.wait_ready(START_SECONDS)


def finished(rag: httpx2.Client) -> dict[str, Any] | None:
    """The status once the run has ended well."""
    status: dict[str, Any] = rag.get("/index").json()
    return status if status["state"] == "idle" and status["finished_at"] else None


def places(rag: httpx2.Client, name: str) -> int:
    """At how many places a function is found."""
    hits = rag.post("/search", json={"query": name, "limit": 20}).json()["hits"]
    return sum(f"def {name}(" in hit["text"] for hit in hits)


def clean(stack: LocalStack, rag: httpx2.Client) -> dict[str, int]:
    """What is searchable after the same codebase was stored in an empty folder without an interruption."""
    kill(stack, "rag-server", signal.SIGTERM)
    stack.data_dir.rename(stack.data_dir.with_name("interrupted"))
    restart(stack)

    def stored() -> dict[str, int] | None:
        searchable: dict[str, int] = rag.get("/index").json()["searchable"]
        del searchable["vectors"]  # the run goes on
        return searchable if searchable["files"] == FILES else None

    return wait_for(stored, "all files to be stored", SECONDS)
