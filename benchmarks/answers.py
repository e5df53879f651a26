"""How many answers without a model are right: 110 questions about packages that nobody here wrote.

Indexes each package by itself and asks the product's own pipeline. An answer is right if one of its excerpts
is of an expected file and has the lines that the question asks for. Writes results/answers.json.
"""

import asyncio
import json
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from benchmarks.corpora import questions_of
from benchmarks.indexed import embedder_at, embedding_server, indexed
from benchmarks.machine import RESULTS, describe
from benchmarks.percentiles import milliseconds
from code_rag.rag_server.answer import Asked
from code_rag.rag_server.gathering import Gatherer
from code_rag.rag_server.model import Scope
from code_rag.rag_server.ports import Embedder, VectorStore
from code_rag.rag_server.progress import NEVER_RAN
from code_rag.rag_server.quoting import Quotes
from code_rag.rag_server.searching import Searcher
from code_rag.rag_server.space import Space

QUESTIONS = Path(__file__).parent / "questions" / "answers.jsonl"
GOAL = 85
HELD_OUT = frozenset({"celery", "rxjs"})
"""Packages whose questions no threshold and no weight was chosen by."""
HITS = 8

Grade = Literal["right", "partly", "wrong", "abstained", "invented"]


@dataclass(frozen=True, slots=True)
class Graded:
    """A question, and how well it was answered."""

    question: Mapping[str, Any]
    grade: Grade
    state: str
    seconds: float
    lines: int


def grade(question: Mapping[str, Any], quotes: Quotes) -> Grade:
    """What an answer is worth; one that says "not found" is never right, whatever it shows below."""
    if not question["must"]:
        return "invented" if quotes.state == "answered" else "abstained"
    if quotes.state == "not_found":
        return "abstained"
    texts = [
        "\n".join(line for _, lines in excerpt.quoted() for line in lines)
        for excerpt in quotes.excerpts
        if excerpt.path in question["expected_files"]
    ]
    if any(re.search(question["must"], text) for text in texts):
        return "right"
    return "partly" if texts else "wrong"


async def answered(store: VectorStore, embedder: Embedder, asked: Sequence[dict[str, Any]]) -> list[Graded]:
    """Ask each of a corpus's questions."""
    searcher = Searcher(Space(store, embedder), lambda _: NEVER_RAN, lambda _: "", lambda _: None)
    gatherer, results = Gatherer(searcher), []
    for question in asked:
        started = time.perf_counter()
        quotes = (await gatherer.gather(Asked(question["question"]), Scope(), HITS)).quotes
        seconds = time.perf_counter() - started
        lines = sum(last - first + 1 for excerpt in quotes.excerpts for first, last in excerpt.shown)
        results.append(Graded(question, grade(question, quotes), quotes.state, seconds, lines))
    return results


def row(results: Sequence[Graded]) -> dict[str, Any]:
    """The figures of some questions: shares in percent."""
    grades = Counter(each.grade for each in results if each.question["must"])
    missing = Counter(each.grade for each in results if not each.question["must"])
    unsure = sum(each.state == "unsure" and each.grade == "right" for each in results)

    def percent(part: int, whole: int) -> float | None:
        return round(100 * part / whole, 1) if whole else None

    return {
        "answerable": grades.total(),
        **{name: percent(grades[name], grades.total()) for name in ("right", "partly", "wrong", "abstained")},
        "right but unsure": percent(unsure, grades.total()),
        "unanswerable": missing.total(),
        "unanswerable abstained": percent(missing["abstained"], missing.total()),
    }


def grouped(results: Sequence[Graded]) -> dict[str, dict[str, Any]]:
    """The figures of all, of what was held out and of the rest, and by kind and package."""
    kinds: tuple[Callable[[Graded], str], ...] = (
        lambda _: "all",
        lambda each: "held out" if each.question["package"] in HELD_OUT else "not held out",
        lambda each: each.question["kind"],
        lambda each: each.question["package"],
    )
    groups: dict[str, list[Graded]] = defaultdict(list)
    for kind in kinds:
        for each in results:
            groups[kind(each)].append(each)
    return {name: row(group) for name, group in groups.items()}


async def measure(embedding_url: str) -> dict[str, Any]:
    embedder, results = await embedder_at(embedding_url), list[Graded]()
    for corpus, asked in questions_of(QUESTIONS).items():
        async with indexed(corpus, embedder) as store:
            results += await answered(store, embedder, asked)
    await embedder.close()
    return {
        "goal": GOAL,
        "groups": grouped(results),
        "time": milliseconds([each.seconds for each in results]),
        "lines": round(sum(each.lines for each in results) / len(results), 1),
        "grades": [
            {"question": each.question["question"], "grade": each.grade, "state": each.state}
            for each in results
        ],
    }


def show(result: Mapping[str, Any]) -> None:
    """Print the table."""
    names = list(result["groups"]["all"])
    print(f"\n{'':<14}" + "".join(f"{name:>24}" for name in names))
    for group, values in result["groups"].items():
        cells = ("" if values[name] is None else f"{values[name]:g}" for name in names)
        print(f"{group:<14}" + "".join(f"{cell:>24}" for cell in cells))
    print(f"\nlines quoted: {result['lines']}; time per answer: p50 {result['time']['p50_ms']} ms")


def main() -> None:
    with embedding_server() as url:
        result = {"machine": describe(), **asyncio.run(measure(url))}
    (RESULTS / "answers.json").write_text(json.dumps(result, indent=2) + "\n")
    show(result)
    reached = result["groups"]["all"]["right"]
    print(f"answers {reached:g} % (goal {GOAL} %): {'reached' if reached >= GOAL else 'missed'}")


if __name__ == "__main__":
    main()
