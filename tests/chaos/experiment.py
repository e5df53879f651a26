"""One round after another in a running place, under a steady load of questions."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

import httpx2

from tests.chaos.codebase import ChangingCodebase
from tests.chaos.faults import injected
from tests.chaos.judge import NO_ANSWER, Judge, finds
from tests.chaos.load import Load, posted
from tests.chaos.metrics import scrape, total
from tests.chaos.place import Place
from tests.chaos.plan import Round
from tests.fixtures.waiting import wait_for

Json = dict[str, Any]
T = TypeVar("T")
LASTING = ("stop", "pause", "disconnect")
"""Faults during which the service is missing until they end, so that it must be said."""
SEEN_SECONDS = 20.0
SAID = {"embedding-server": "semantic search is off", "llm-server": "no language model"}
"""How an answer's `degraded` starts without the service."""


class Experiment:
    """Plays rounds in a place, and finds out which promises they break; use it as a context manager."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.codebase = ChangingCodebase(place.codebase)
        self.client = httpx2.Client(base_url=place.url, timeout=10, trust_env=False)
        self._expected = (0, 0)
        """Files and chunks that must be searchable, once that is known."""
        self.load = Load(place.url, Judge(self.codebase), 2 * place.seconds)

    def prepare(self) -> None:
        """Wait until all is indexed, save the first file, and start asking what is answered."""
        self._until(self._searchable, "the first index run", 2 * self.place.seconds)
        files, chunks = self._searchable() or (0, 0)
        self.codebase.save(0)
        self._expected = (files + 2, chunks + 2)
        self._until(self._is_well, "the first file to be found", self.place.seconds)
        questions = self.codebase.questions
        self.load.start([each for each in questions if finds(each, self._ask("/search", each["question"]))])

    def __enter__(self) -> "Experiment":
        return self

    def __exit__(self, *error: object) -> None:
        self.load.stop()
        self.client.close()

    def play(self, round_: Round) -> list[str]:
        """The promises that this round broke; what happened is in `load.events`."""
        first = len(self.load.events)
        self.load.note("round", name=str(round_))
        files, chunks = self._expected
        self._expected = (files + 1, chunks + 1)
        broken = []
        with self.load.fault(round_.service):
            try:
                self._disturb(round_)
                healed = time.monotonic()
                self._until(self._is_well, "all to be well and everything to be found", self.place.seconds)
                self.load.note("recovered", seconds=round(time.monotonic() - healed, 1), name=str(round_))
            except AssertionError as error:
                broken.append(str(error))
        after = len(self.load.events)
        self._until(lambda: self.load.since(after), "another question to be asked", self.load.seconds)
        return broken + [each for event in self.load.since(first) for each in event.get("broken", ())]

    def _disturb(self, round_: Round) -> None:
        """Inject the fault, save a file, and see that what is missing is said."""
        counted = self._counted()
        if round_.saves_before:
            self.codebase.save(round_.number + 1)
        with injected(self.place, round_.fault, round_.service):
            began, first = time.monotonic(), len(self.load.events)
            if not round_.saves_before:
                self.codebase.save(round_.number + 1)
            if round_.fault in LASTING and round_.service != "rag-server":
                what = "health and answers to say what is missing"
                self._until(lambda: self._is_said(round_, first), what, SEEN_SECONDS)
                assert round_.service not in SAID or self._counted() > counted, "no metric counts it"
            if round_.fault == "fill":
                what = "the saved file to be found, or health to say why it is not"
                self._until(lambda: self._is_well() or self._get("/health").get("status") != "ok", what)
            self._until(lambda: time.monotonic() > began + round_.seconds, "the fault's time to pass")

    def _until(self, condition: Callable[[], T | None], what: str, seconds: float = 30.0) -> T:
        """What `wait_for` gives, while the place is tended."""

        def tended() -> T | None:
            self.place.tend()
            return condition()

        return wait_for(tended, what, seconds)

    def _counted(self) -> float:
        return total(scrape(self.place.addresses["rag-server"]), "degradations_total")

    def _is_said(self, round_: Round, first: int) -> bool:
        """Whether health names the service, and an answer since this event says what is missing."""
        health = self._get("/health")
        if health.get("checks", {}).get(round_.service, {}).get("status") != "degraded":
            return False
        for event in self.load.since(first):
            if round_.service not in SAID and event.get("status") in (503, 504):
                return True
            if any(each.startswith(SAID.get(round_.service, "-")) for each in event.get("degraded") or ()):
                return True
        return False

    def _is_well(self) -> bool:
        """Whether nothing is missing: health, index, what each round has saved, and an answer."""
        if (
            not self.place.tend()
            or self._get("/health").get("status") != "ok"
            or self._searchable() != self._expected
        ):
            return False
        question = self.codebase.questions[0]["question"]
        return (
            all(map(self._is_found_once, self.codebase.latest()))
            and not self._ask("/ask", question)["degraded"]
        )

    def _is_found_once(self, symbol: str) -> bool:
        hits = self._ask("/search", symbol)["hits"]
        return [hit["path"] for hit in hits if hit["symbol"] == symbol] == [self.codebase.symbols[symbol]]

    def _searchable(self) -> tuple[int, int] | None:
        """How many files and chunks can be found, once a run has ended and every chunk has its vector."""
        status = self._get("/index")
        if status.get("state") != "idle" or not status["finished_at"] or status["changed"]:
            return None
        found = status["searchable"]
        return (found["files"], found["chunks"]) if found["vectors"]["whole"] == found["chunks"] else None

    def _get(self, path: str) -> Json:
        try:
            body: Json = self.client.get(path).json()
        except httpx2.TransportError:
            return {}
        return body

    def _ask(self, path: str, question: str) -> Json:
        status, body = posted(self.client, path, question)
        return body if status == 200 else {"hits": [], "degraded": [f"status {status or NO_ANSWER}"]}
