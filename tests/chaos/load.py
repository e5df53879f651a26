"""A steady load of questions, and a record of every answer."""

import itertools
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2

from tests.chaos.judge import NO_ANSWER, Judge

Json = dict[str, Any]
ASKERS = 2
PAUSE_SECONDS = 0.2


class Load:
    """Asks two questions at a time from start to stop; each answer is judged as it comes.

    An answer must come within `seconds`.
    """

    def __init__(self, url: str, judge: Judge, seconds: float) -> None:
        self.url = url
        self.judge = judge
        self.seconds = seconds
        self.events: list[Json] = []
        self.at_fault: set[str] = set()
        """The services that may be missing now."""
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self, questions: list[Json]) -> None:
        """Ask these questions again and again."""
        for asker in range(ASKERS):
            self._threads.append(threading.Thread(target=self._ask, args=(asker, questions)))
            self._threads[-1].start()

    def stop(self) -> None:
        """Ask no more; returns when the last answers have come."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    @contextmanager
    def fault(self, service: str) -> Iterator[None]:
        """Meanwhile this service may be missing."""
        self.at_fault = {service}
        yield
        self.at_fault = set()

    def since(self, event: int) -> list[Json]:
        """What has happened since there were so many events."""
        return self.events[event:]

    def note(self, what: str, **more: object) -> None:
        """Record something that happened beside the questions."""
        self.events.append({"at": time.time(), "what": what, **more})

    def _ask(self, asker: int, questions: list[Json]) -> None:
        order = random.Random(asker)  # noqa: S311 – repeatable is what it must be
        limits = httpx2.Limits(max_keepalive_connections=0)
        with httpx2.Client(base_url=self.url, timeout=self.seconds, limits=limits, trust_env=False) as client:
            for path in itertools.cycle(("/search", "/ask")):
                self._ask_one(client, path, order.choice(questions))
                if self._stop.wait(PAUSE_SECONDS):
                    return

    def _ask_one(self, client: httpx2.Client, path: str, question: Json) -> None:
        before, began = self.at_fault, time.monotonic()
        status, body = posted(client, path, question["question"])
        broken = list(self._broken(question, status, body, before | self.at_fault))
        self.note(
            path, id=question["id"], status=status, seconds=round(time.monotonic() - began, 2),
            degraded=body.get("degraded"), error=body.get("error"), broken=broken,
        )  # fmt: skip

    def _broken(self, question: Json, status: int, body: Json, at_fault: set[str]) -> Iterator[str]:
        if status == 200:
            return self.judge.broken_by(question, body)
        return self.judge.broken_without_answer(status, body, at_fault)


def posted(client: httpx2.Client, path: str, question: str) -> tuple[int, Json]:
    """Status and body of an answer to a question; the status is NO_ANSWER where none came."""
    try:
        answer = client.post(path, json={"question" if path == "/ask" else "query": question})
    except httpx2.TransportError as error:
        return NO_ANSWER, {"error": {"message": repr(error)}}
    try:
        body: Json = answer.json()
    except ValueError:
        return answer.status_code, {}
    return answer.status_code, body
