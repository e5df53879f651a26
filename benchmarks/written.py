"""How good answers are that a model on this machine writes, beside quotes: `make bench-answers LLM=local`.

Asks a sample of the questions of answers.jsonl; LOCAL_MODEL=1.5b asks one model only. A written answer is
right if the lines that it cites are of an expected file and have what the question asks for; where nothing is
left of it, its quotes count. That is no proof that the sentence is right: read some, they are in the result.
Writes results/written.json.
"""

import asyncio
import json
import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.answers import HITS, QUESTIONS, grade
from benchmarks.corpora import Corpus, questions_of
from benchmarks.indexed import embedder_at, embedding_server, indexed
from benchmarks.machine import RESULTS, describe
from benchmarks.written_answer import Question, Written, graded
from code_rag.localstack.ports import HOST, free_ports
from code_rag.localstack.processes import LocalStack
from code_rag.rag_server.adapters.chat_client import ChatClient
from code_rag.rag_server.answer import Asked
from code_rag.rag_server.drafting import small_draft
from code_rag.rag_server.gathering import Gatherer
from code_rag.rag_server.model import Scope
from code_rag.rag_server.progress import NEVER_RAN
from code_rag.rag_server.searching import Searcher
from code_rag.rag_server.space import Space

MODELS = ("0.5b", "1.5b")
SAMPLE, SEED = 30, 16
READING = 39.0
"""Tokens a second that two cores read: prompts are sized by it, so that answers of all machines compare."""
READY_SECONDS = 1_800
WAIT_SECONDS = 900.0


def sampled() -> dict[Corpus, list[dict[str, Any]]]:
    """The questions of the sample, by package."""
    every = [(corpus, each) for corpus, asked in questions_of(QUESTIONS).items() for each in asked]
    chosen: dict[Corpus, list[dict[str, Any]]] = {}
    for corpus, each in random.Random(SEED).sample(every, SAMPLE):  # noqa: S311
        chosen.setdefault(corpus, []).append(each)
    return chosen


async def gather(embedding_url: str) -> list[Question]:
    """What the product finds for each question."""
    embedder, found = await embedder_at(embedding_url), list[Question]()
    for corpus, asked in sampled().items():
        async with indexed(corpus, embedder) as store:
            searcher = Searcher(Space(store, embedder), lambda _: NEVER_RAN, lambda _: "", lambda _: None)
            for each in asked:
                gathered = await Gatherer(searcher).gather(Asked(each["question"]), Scope(), HITS)
                found.append(Question(each, corpus, gathered))
    await embedder.close()
    return found


async def write(question: Question, chat: ChatClient, name: str) -> Written:
    """Have the model answer, as the product does."""
    draft = small_draft(name, READING, Asked(question.asked["question"]), question.gathered)
    if draft is None:
        return Written(grade(question.asked, question.gathered.quotes), "")
    started, first, raw = time.perf_counter(), None, ""
    async with aclosing(chat.stream(draft.prompt, draft.sampling)) as pieces:
        async for piece in pieces:
            first = first or time.perf_counter() - started
            raw += piece.text
            draft.written.add(piece)
    draft.written.finish()
    return graded(question, draft.written, raw, (first, time.perf_counter() - started))


@contextmanager
def llm_server(model: str) -> Iterator[str]:
    """The URL of an llm-server with a model on this machine."""
    with tempfile.TemporaryDirectory() as folder:
        empty, ports = Path(folder) / "codebase", free_ports()
        empty.mkdir()
        settings = {"VECTOR_DB_URL": "", "LLM_BACKEND": "local", "LOCAL_MODEL": model}
        stack = LocalStack(empty, Path(folder) / "index", Path(folder) / "logs", ports, settings)
        with stack:
            stack.wait_ready(READY_SECONDS)
            yield f"http://{HOST}:{ports.llm}"


async def answers_of(questions: Sequence[Question], url: str) -> list[Written]:
    """Each question's answer, one after the other."""
    chat, written = ChatClient(url, None, WAIT_SECONDS), list[Written]()
    model = await chat.writes()
    name = model.name if model else ""
    for question in questions:
        written.append(await write(question, chat, name))
        print(f"{name}: {written[-1].grade}: {question.asked['question']}", flush=True)
    await chat.close()
    return written


def figures(questions: Sequence[Question], written: Sequence[Written]) -> dict[str, Any]:
    """One column of the table."""
    pairs = list(zip(questions, written, strict=True))
    grades = Counter(each.grade for question, each in pairs if question.asked["must"])
    missing = Counter(each.grade for question, each in pairs if not question.asked["must"])
    times = [(each.first_seconds, each.seconds) for each in written if each.first_seconds and each.seconds]
    return {
        **{name: grades[name] for name in ("right", "partly", "wrong", "abstained")},
        "right with the quotes": sum(
            "right" in (each.grade, grade(question.asked, question.gathered.quotes))
            for question, each in pairs
        ),
        "unanswerable refused or doubted": missing["abstained"],
        "unanswerable invented": missing["invented"],
        "written": sum(bool(each.text) for each in written),
        "cited before": sum(each.before.cited for each in written),
        "holding before": sum(each.before.holding for each in written),
        "cited": sum(each.after.cited for each in written),
        "holding": sum(each.after.holding for each in written),
        "invented before": sum(each.before.invented for each in written),
        "invented after": sum(each.after.unmarked for each in written),
        "first_seconds": round(median(first for first, _ in times), 1) if times else None,
        "seconds": round(median(end for _, end in times), 1) if times else None,
    }


def result(questions: Sequence[Question], by_model: Mapping[str, Sequence[Written]]) -> dict[str, Any]:
    """What results/written.json holds."""
    quoted = [Written(grade(each.asked, each.gathered.quotes), "") for each in questions]
    columns = {"quoting": quoted, **by_model}
    return {
        "machine": describe(),
        "questions": len(questions),
        "answerable": sum(bool(each.asked["must"]) for each in questions),
        "columns": {name: figures(questions, each) for name, each in columns.items()},
        "answers": [
            {
                "question": question.asked["question"],
                "quoting": quoted[at].grade,
                **{
                    name: {"grade": each[at].grade, "text": each[at].text, "raw": each[at].raw}
                    for name, each in by_model.items()
                },
            }
            for at, question in enumerate(questions)
        ],
    }


def main() -> None:
    with embedding_server() as url:
        questions = asyncio.run(gather(url))
    wanted = os.environ.get("LOCAL_MODEL")
    by_model = {}
    for model in (wanted,) if wanted else MODELS:
        with llm_server(model) as url:
            by_model[model] = asyncio.run(answers_of(questions, url))
    measured = result(questions, by_model)
    (RESULTS / "written.json").write_text(json.dumps(measured, indent=2) + "\n")
    print(json.dumps(measured["columns"], indent=2))


if __name__ == "__main__":
    main()
