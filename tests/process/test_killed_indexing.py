"""rag-server may be killed while it indexes: nothing confirmed is lost and nothing is there twice."""

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from local_stack import LocalStack

from tests.fixtures.waiting import wait_for
from tests.process.conftest import get, post, wait_indexed

FILES = 120
BODY = '''
def {name}(order, basket):
    """Handles case {number} of {topic} for an order and its basket."""
    total = sum(line.price for line in basket) + {number}
    if total > {number}00:
        raise ValueError("{topic} {number} refused for order %s" % order)
    return total
'''
TOPICS = ("shipping", "refunds", "loyalty", "payments")


def write_codebase(folder: Path) -> None:
    """Fill `folder` with files whose functions have names of their own."""
    for number in range(FILES):
        functions = [
            BODY.format(name=f"{topic}_case_{number}", number=number, topic=topic) for topic in TOPICS
        ]
        (folder / f"case_{number}.py").write_text("\n".join(functions))


def restart(stack: LocalStack) -> None:
    """Start rag-server again and wait until it serves."""
    stack.services["rag-server"].start()
    stack.wait_ready(30)


def stop_rag(stack: LocalStack, number: signal.Signals) -> None:
    rag = stack.services["rag-server"]
    rag.send(number)
    wait_for(lambda: rag.exit_code() is not None, "rag-server to be gone")


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_kill_while_indexing(own_stack: Callable[[], LocalStack], share: float) -> None:
    """What was searchable before a kill is so after it; the run goes on by itself and ends as a clean one."""
    stack = own_stack()
    write_codebase(stack.codebase)
    with stack:
        stack.wait_ready(60)
        status = wait_for(lambda: part_done(stack, share), "a part of the files to be indexed", seconds=60)
        stop_rag(stack, signal.SIGKILL)
        restart(stack)
        assert get(stack, "/index")["searchable"]["chunks"] >= status["searchable"]["chunks"]
        resumed = wait_indexed(stack)
        assert resumed["files"]["unchanged"] >= status["files"]["indexed"]
        assert resumed["files"]["failed"] == 0
        assert all(places(stack, number) == 1 for number in range(0, FILES, 10))
        assert resumed["searchable"] == clean_run(stack)["searchable"]


def part_done(stack: LocalStack, share: float) -> dict[str, Any] | None:
    """The status once something is searchable and a `share` of the files has vectors; it must not be over."""
    status = get(stack, "/index")
    if not status["searchable"]["files"] or status["files"]["indexed"] < share * FILES:
        return None
    assert status["files"]["pending"] > 0, "the run was over before it could be interrupted"
    return status


def places(stack: LocalStack, number: int) -> int:
    """At how many places a function that exists once is found."""
    name = f"refunds_case_{number}"
    hits = post(stack, "/search", query=name, limit=20)["hits"]
    return sum(f"def {name}(" in hit["text"] for hit in hits)


def clean_run(stack: LocalStack) -> dict[str, Any]:
    """The status after indexing the same codebase into an empty folder without an interruption."""
    stop_rag(stack, signal.SIGTERM)
    stack.data_dir.rename(stack.data_dir.with_name("interrupted"))
    restart(stack)
    return wait_indexed(stack)
