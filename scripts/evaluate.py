"""Measure how well a running rag-server finds the right lines (`make eval`).

Each question of the set is searched; a hit is right when it is in the file of an answer and shares a line
with it. Recall@k is the share of questions with a right hit among the first k, MRR the mean of 1/rank of the
first right hit (nothing found counts 0). Set API_KEY when the server asks for one.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import TypeVar

import httpx2
from pydantic import BaseModel

from code_rag.rag_server.evaluation.metrics import reciprocal_rank

QUESTIONS = Path(__file__).parent.parent / "test-codebase" / "questions.jsonl"
INDEXING_DEADLINE_SECONDS = 120.0
Answer = TypeVar("Answer", bound=BaseModel)


class EvaluationError(Exception):
    """The evaluation cannot be done; the message says why in a sentence."""


class Span(BaseModel):
    """Lines of a file, counted from 1, both ends included."""

    path: str
    start_line: int
    end_line: int

    def overlaps(self, other: "Span") -> bool:
        same_file = self.path == other.path
        return same_file and self.start_line <= other.end_line and other.start_line <= self.end_line


class Question(BaseModel):
    """A question, and every place that answers it; no places means that the codebase does not."""

    id: str
    question: str
    category: str
    answers: list[Span]

    def rank(self, hits: Sequence[Span]) -> int | None:
        """The rank, from 1, of the first hit that overlaps an answer."""
        return next((rank for rank, grade in enumerate(self.grades(hits), 1) if grade), None)

    def grades(self, hits: Sequence[Span]) -> list[float]:
        """1 for each hit that overlaps an answer, 0 for the others."""
        return [float(any(hit.overlaps(answer) for answer in self.answers)) for hit in hits]


class IndexAnswer(BaseModel):
    state: str


class SearchAnswer(BaseModel):
    hits: list[Span]
    degraded: list[str] = []


Search = tuple[Question, list[Span]]


def read_questions(path: Path) -> list[Question]:
    """The questions of a JSON Lines file that have an answer; `EvaluationError` when it holds none."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        questions = [Question.model_validate_json(line) for line in lines]
    except (OSError, ValueError) as error:
        raise EvaluationError(f"{path} cannot be read: {error}") from error
    if not (answerable := [question for question in questions if question.answers]):
        raise EvaluationError(f"{path} holds no question with an answer.")
    return answerable


def score(searches: Sequence[Search]) -> dict[str, dict[str, float]]:
    """Number of questions, recall and MRR: of all under "overall", then of each category."""
    groups: dict[str, list[float]] = {"overall": []}
    for question, hits in searches:
        value = reciprocal_rank(question.grades(hits), len(hits))
        for group in ("overall", question.category):
            groups.setdefault(group, []).append(value)
    return {
        group: {"questions": len(values), "recall": mean(value > 0 for value in values), "mrr": mean(values)}
        for group, values in groups.items()
    }


def call(client: httpx2.Client, method: str, path: str, shape: type[Answer], body: object = None) -> Answer:
    """What the server answers; `EvaluationError` when it is not there or does not answer in this shape."""
    try:
        response = client.request(method, path, json=body).raise_for_status()
        return shape.model_validate_json(response.content)
    except (httpx2.HTTPError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise EvaluationError(f"Cannot use {client.base_url}, {method} {path}: {reason}") from error


def wait_until_idle(client: httpx2.Client, seconds: float, pause: float = 0.5) -> None:
    """Return once the index is complete; `EvaluationError` when it failed or the seconds have passed."""
    deadline = time.monotonic() + seconds
    while (state := call(client, "GET", "/index", IndexAnswer).state) != "idle":
        if state == "failed" or time.monotonic() >= deadline:
            raise EvaluationError(f"The index is {state} and not idle; see GET {client.base_url}/index.")
        time.sleep(pause)


def search(client: httpx2.Client, question: Question, limit: int) -> Search:
    """Search for the question as it is written; a degraded answer is reported on standard error."""
    answer = call(client, "POST", "/search", SearchAnswer, {"query": question.question, "limit": limit})
    if answer.degraded:
        print(f"{question.id}: the server is degraded: {', '.join(answer.degraded)}", file=sys.stderr)
    return question, answer.hits


def report(searches: Sequence[Search], limit: int) -> str:
    """A table of scores, then each missed question with what came first instead."""
    lines = [f"{'':14}questions  recall@{limit}    MRR"]
    for group, scores in score(searches).items():
        lines.append(f"{group:14}{scores['questions']:9}{scores['recall']:10.3f}{scores['mrr']:7.3f}")
    for question, hits in searches:
        if question.rank(hits) is None:
            places = [f"{hit.path}:{hit.start_line}-{hit.end_line} came first" for hit in hits[:1]]
            lines.append(f"missed {question.id} {question.question} ({''.join(places) or 'nothing found'})")
    return "\n".join(lines)


def evaluate(url: str, questions: Path, limit: int) -> list[Search]:
    """Wait for the index, then search for every question that has an answer."""
    key = os.environ.get("API_KEY")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    asked = read_questions(questions)
    with httpx2.Client(base_url=url, headers=headers, timeout=30.0) as client:
        wait_until_idle(client, INDEXING_DEADLINE_SECONDS)
        return [search(client, question, limit) for question in asked]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the evaluation; 0 when it was done, 2 when it could not be."""
    parser = argparse.ArgumentParser(description="Measure how well a rag-server finds the right lines.")
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="the rag-server (%(default)s)")
    parser.add_argument("--questions", type=Path, default=QUESTIONS, help="JSON Lines (%(default)s)")
    parser.add_argument("--limit", type=int, default=5, help="hits looked at (%(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write scores and ranks here")
    given = parser.parse_args(arguments)
    try:
        searches = evaluate(given.url, given.questions, given.limit)
    except EvaluationError as error:
        print(f"evaluate: {error}", file=sys.stderr)
        return 2
    print(report(searches, given.limit))
    if given.json:
        ranks = {question.id: question.rank(hits) for question, hits in searches}
        given.json.write_text(json.dumps({"limit": given.limit, "scores": score(searches), "ranks": ranks}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
