"""Which promises an answer breaks."""

from collections.abc import Iterator
from typing import Any

from tests.chaos.codebase import ChangingCodebase

Json = dict[str, Any]
NO_ANSWER = 0
"""In place of a status, where the connection failed or nothing came in time."""
ALLOWED = {
    "vector-db": {503, 504},
    "rag-server": {NO_ANSWER, 503, 504},
    "embedding-server": set[int](),
    "llm-server": set[int](),
}
"""What may come in place of an answer while a service is at fault: rag-server answers with less behind it."""


class Judge:
    """Compares answers with the codebase, and with what was right when all was well."""

    def __init__(self, codebase: ChangingCodebase) -> None:
        self.codebase = codebase

    def broken_by(self, question: Json, answer: Json) -> Iterator[str]:
        """A sentence for each promise that a 200 of `/ask` or `/search` to `question` breaks."""
        for hit in answer["hits"]:
            if not self.codebase.has_said(hit):
                yield f"a hit is not what the file says: {hit['path']}:{hit['start_line']}-{hit['end_line']}"
        for cited in answer.get("citations", ()):
            yield from self._broken_by_citation(cited)
        if not answer["degraded"] and not finds(question, answer):
            yield f"{question['question']!r} is answered by nothing, and nothing is said to be missing"

    def _broken_by_citation(self, cited: Json) -> Iterator[str]:
        place = f"{cited['path']}:{cited['start_line']}-{cited['end_line']}"
        if cited["state"] != "missing" and not self.codebase.has_had(cited["path"], cited["end_line"]):
            yield f"a line is cited that never was: {place}"
        if cited["state"] == "missing" and not self.codebase.has_changed(cited["path"]):
            yield f"a citation is called missing, and the file is as it was: {place}"

    def broken_without_answer(self, status: int, body: Json, at_fault: set[str]) -> Iterator[str]:
        """A sentence for each promise broken where no answer came, with these services at fault meanwhile."""
        if status not in {allowed for service in at_fault for allowed in ALLOWED[service]}:
            yield f"status {status} while {' and '.join(sorted(at_fault)) or 'nothing'} is at fault"
        if status and not body.get("error", {}).get("message"):
            yield f"status {status} without a sentence: {body}"


def finds(question: Json, answer: Json) -> bool:
    """Whether one of the places that answer a question is among the hits."""
    paths = {hit["path"] for hit in answer["hits"]}
    return any(place["path"] in paths for place in question["answers"])
