"""How well the right files are found: nDCG@10 over 223 questions about public packages, by rule.

Indexes each package by itself, as shipped, then ranks the same candidates with and without each rule. A hit
is a file, at the rank of its best chunk. Writes results/retrieval.json.
"""

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks.corpora import Corpus, questions_of
from benchmarks.indexed import embedder_at, embedding_server, indexed
from benchmarks.machine import RESULTS, describe
from benchmarks.percentiles import milliseconds
from code_rag.rag_server.evaluation.metrics import bootstrap_interval, ndcg, recall, reciprocal_rank
from code_rag.rag_server.lexical import encode_query
from code_rag.rag_server.model import Candidates, Query, SparseVector
from code_rag.rag_server.ports import Embedder, VectorStore
from code_rag.rag_server.ranking import RULES, rank
from code_rag.rag_server.ranking.question import Question
from code_rag.rag_server.searching import CANDIDATES

QUESTIONS = Path(__file__).parent / "questions" / "retrieval.jsonl"
GOAL = 0.90
HELD_OUT = frozenset({"pydantic", "httpx", "axios", "@trpc/server"})
PUBLISHED = {"semble": 0.853, "ColGREP": 0.859}
"""nDCG@10 that these publish over all repositories of the benchmark that the questions are from."""
WHOLE = "as shipped"
NOTHING = SparseVector((), ())


@dataclass(frozen=True, slots=True)
class Searched:
    """A question, and what the store found for it: by both vectors, only by words, only by meaning."""

    question: Mapping[str, Any]
    language: str
    both: Candidates
    words: Candidates
    meaning: Candidates
    seconds: float
    """For the query's vector, the search and the ranking."""


async def searched(embedder: Embedder, corpus: Corpus, asked: Sequence[dict[str, Any]]) -> list[Searched]:
    """Index a corpus and search it for each of its questions."""
    async with indexed(corpus, embedder) as store:
        return [await _search(store, embedder, corpus, question) for question in asked]


async def _search(
    store: VectorStore, embedder: Embedder, corpus: Corpus, question: Mapping[str, Any]
) -> Searched:
    text = question["query"]
    terms, names = encode_query(text), Question.read(text).names
    started = time.perf_counter()
    vector = (await embedder.embed([text]))[0]
    both = await store.search(Query(vector, terms, names), CANDIDATES)
    rank(text, both)
    seconds = time.perf_counter() - started
    words = await store.search(Query(None, terms), CANDIDATES)
    meaning = await store.search(Query(vector, NOTHING), CANDIDATES)
    return Searched(question, corpus.language, both, words, meaning, seconds)


def grade_of_files(question: Mapping[str, Any]) -> dict[str, int]:
    return {**dict.fromkeys(question["secondary"], 1), **dict.fromkeys(question["relevant"], 2)}


def grades(question: Mapping[str, Any], found: Candidates, rules: Collection[str]) -> list[int]:
    """The grade of each hit's file, best hit first; 0 where the file came before."""
    grade = grade_of_files(question)
    hits = [hit.chunk.path for hit in rank(question["query"], found, rules)]
    return [0 if path in hits[:index] else grade.get(path, 0) for index, path in enumerate(hits)]


def by_file(question: Mapping[str, Any], found: Candidates, rules: Collection[str]) -> list[int]:
    """The grade of each file, at the rank of its best hit."""
    grade = grade_of_files(question)
    paths = dict.fromkeys(hit.chunk.path for hit in rank(question["query"], found, rules))
    return [grade.get(path, 0) for path in paths]


def ideal(question: Mapping[str, Any]) -> list[int]:
    return [2] * len(question["relevant"]) + [1] * len(question["secondary"])


def ablation(results: Sequence[Searched]) -> dict[str, dict[str, float]]:
    """nDCG@10 with its 95 % interval: as shipped, without each rule, and of the searches by themselves."""
    table: dict[str, list[float]] = {}

    def add(name: str, rules: Collection[str], which: str = "both") -> None:
        table[name] = [
            ndcg(by_file(each.question, getattr(each, which), rules), ideal(each.question))
            for each in results
        ]

    add(WHOLE, RULES)
    for rule in RULES:
        add(f"without {rule.replace('_', ' ')}", [other for other in RULES if other != rule])
    add("no rules", ())
    add("words only, all rules", RULES, "words")
    add("words only, no rules", (), "words")
    add("meaning only, no rules", (), "meaning")
    return {name: _with_interval(values) for name, values in table.items()}


def _with_interval(values: Sequence[float]) -> dict[str, float]:
    low, high = bootstrap_interval(values)
    return {"ndcg": round(fmean(values), 3), "low": round(low, 3), "high": round(high, 3)}


def grouped(results: Sequence[Searched]) -> dict[str, dict[str, float]]:
    """nDCG@10 by language, category and package, of what was held out and of the rest."""
    groups: dict[str, list[float]] = defaultdict(list)
    kinds: tuple[Callable[[Searched], str], ...] = (
        lambda each: each.language,
        lambda each: each.question["category"],
        lambda each: "held out" if each.question["package"] in HELD_OUT else "not held out",
        lambda each: each.question["package"],
    )
    values = [ndcg(by_file(each.question, each.both, RULES), ideal(each.question)) for each in results]
    for kind in kinds:
        for each, value in zip(results, values, strict=True):
            groups[kind(each)].append(value)
    return {name: _with_interval(values) for name, values in groups.items()}


def summary(results: Sequence[Searched]) -> dict[str, Any]:
    """All the figures."""
    files = [by_file(each.question, each.both, RULES) for each in results]
    wanted = [ideal(each.question) for each in results]
    raw = [ndcg(grades(each.question, each.both, RULES), ideal(each.question)) for each in results]
    return {
        "questions": len(results),
        "goal": GOAL,
        "ablation": ablation(results),
        "groups": grouped(results),
        "raw_ndcg": round(fmean(raw), 3),
        "mrr": round(fmean(map(reciprocal_rank, files)), 3),
        "recall": {
            k: round(fmean(recall(got, len(all_), k) for got, all_ in zip(files, wanted, strict=True)), 3)
            for k in (1, 5, 10)
        },
        "search": milliseconds([each.seconds for each in results]),
        "published": PUBLISHED,
    }


async def measure(embedding_url: str) -> dict[str, Any]:
    embedder = await embedder_at(embedding_url)
    results = [
        each
        for corpus, asked in questions_of(QUESTIONS).items()
        for each in await searched(embedder, corpus, asked)
    ]
    await embedder.close()
    return summary(results)


def show(result: Mapping[str, Any]) -> None:
    """Print the tables."""
    for title, table in (("ablation", result["ablation"]), ("groups", result["groups"])):
        print(f"\n{title:<26} nDCG@10  95 % interval")
        for name, row in table.items():
            print(f"{name:<26} {row['ndcg']:.3f}    {row['low']:.3f} to {row['high']:.3f}")
    print(
        f"\none chunk a hit {result['raw_ndcg']:.3f}, MRR@10 {result['mrr']:.3f}, recall {result['recall']}"
    )
    print(f"time per query: p50 {result['search']['p50_ms']} ms, p95 {result['search']['p95_ms']} ms")
    print("published, over all repositories of that benchmark:", result["published"])


def main() -> None:
    with embedding_server() as url:
        result = {"machine": describe(), **asyncio.run(measure(url))}
    (RESULTS / "retrieval.json").write_text(json.dumps(result, indent=2) + "\n")
    show(result)
    reached = result["ablation"][WHOLE]["ndcg"]
    print(f"retrieval {reached:.3f} (goal {GOAL:.2f}): {'reached' if reached >= GOAL else 'missed'}")


if __name__ == "__main__":
    main()
