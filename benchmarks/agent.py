"""How many tokens an agent reads until the right lines are on its screen: `search` against grep and read.

93 questions about packages that nobody here wrote, each with the files and a pattern of the lines that answer
it. The `search` tool is called with its own budget and followed through its pages; what somebody with grep
reads is modelled by `grepping`. Tokens are counted for both by the product's estimate, one for three
characters. No language model takes part: neither side words its search again, which a good agent does.
Writes results/agent.json.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from statistics import median
from typing import Any, cast

import httpx2
from fastapi import FastAPI

from benchmarks.answers import QUESTIONS
from benchmarks.corpora import Corpus, questions_of
from benchmarks.grepping import CALL_TOKENS, Grepper, Look
from benchmarks.indexed import embedder_at, embedding_server, indexed
from benchmarks.machine import RESULTS, describe
from code_rag.rag_server.callers import CallerFinder
from code_rag.rag_server.codebase.codebases import Codebases
from code_rag.rag_server.composition.use_cases import searches
from code_rag.rag_server.mcp.rag_api import RagApi
from code_rag.rag_server.mcp.search_tool import SearchArguments, search
from code_rag.rag_server.mcp.server import TOOLS
from code_rag.rag_server.ports import Embedder, VectorStore
from code_rag.rag_server.progress import NEVER_RAN
from code_rag.rag_server.prompting.context_budget import tokens
from code_rag.rag_server.routes.search import search_router
from code_rag.rag_server.searching import Searcher
from code_rag.rag_server.similarity import SimilarFinder
from code_rag.rag_server.space import Space

LIMITS = (1_000, 2_000, 3_000, 4_000, 8_000, 16_000, 32_000)
SEARCH, WINDOWS, FILES = "search", "grep, then lines around matches", "grep, then whole files"
Reached = dict[str, int | None]
"""The tokens until the right lines are on the screen, by the way to look; None where they never are."""


async def silent(progress: float, total: float | None = None, message: str | None = None) -> None:
    """For calls whose progress nobody watches."""


@asynccontextmanager
async def api_of(corpus: Corpus, store: VectorStore, embedder: Embedder) -> AsyncIterator[RagApi]:
    """rag-server's search over a store, as the tools call it."""
    searcher = Searcher(Space(store, embedder), lambda _: NEVER_RAN, lambda _: "", lambda _: None)
    app, nothing = FastAPI(), cast(Any, None)
    finders = cast(CallerFinder, nothing), cast(SimilarFinder, nothing)
    app.include_router(search_router(searcher, *finders, Codebases([corpus.root()]), searches()))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://rag") as http:
        yield RagApi(http)


async def searched(api: RagApi, question: str) -> list[Look]:
    """The pages of the tool's result, one call each."""
    pages, offset = list[Look](), 0
    while True:
        found = await search(api, SearchArguments(query=question, offset=offset), silent)
        shown = [(hit.path, hit.code) for hit in found.hits]
        pages.append(Look(shown, CALL_TOKENS + tokens(question) + tokens(found.text())))
        if found.next_offset is None:
            return pages
        offset = found.next_offset


def until_right(question: Mapping[str, Any], looks: Iterable[Look]) -> int | None:
    """The tokens read until a text of an expected file has the lines; None if that never happens."""
    read = 0
    for each in looks:
        read += each.tokens
        for path, text in each.shown:
            if path in question["expected_files"] and re.search(question["must"], text):
                return read
    return None


async def reached(corpus: Corpus, asked: Sequence[dict[str, Any]], embedder: Embedder) -> list[Reached]:
    """Each answerable question of a corpus, looked for in every way."""
    results = list[Reached]()
    async with indexed(corpus, embedder) as store, api_of(corpus, store, embedder) as api:
        grepper = Grepper(dict(_lines(corpus, sorted(await store.counts()))))
        for question in asked:
            if question["must"]:
                text = question["question"]
                ways: dict[str, Iterable[Look]] = {
                    SEARCH: await searched(api, text),
                    WINDOWS: grepper.windows(text),
                    FILES: grepper.whole_files(text),
                }
                results.append({way: until_right(question, looks) for way, looks in ways.items()})
    return results


def _lines(corpus: Corpus, paths: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """The files that the index has, read as it reads them."""
    codebases = Codebases([corpus.root()])
    for path in paths:
        if file := codebases.source(path):
            yield path, file.lines


def recall(results: Sequence[Reached], way: str, limit: int) -> float:
    """The share of questions whose lines are on the screen within so many tokens, in percent."""
    found = sum((each[way] or limit + 1) <= limit for each in results)
    return round(100 * found / len(results), 1)


def needed(results: Sequence[Reached], way: str, share: float) -> int | None:
    """The tokens within which that share of the questions is found; None if it never is."""
    spent = sorted(spent for each in results if (spent := each[way]) is not None)
    count = round(share * len(results) / 100)
    return spent[count - 1] if 0 < count <= len(spent) else None


def summary(results: Sequence[Reached]) -> dict[str, Any]:
    """All the figures."""
    definitions = [
        {"name": tool.name, "description": tool.description, "schema": tool.schemas()[0]}
        for tool in TOOLS.values()
    ]
    pairs = ((each[SEARCH], each[WINDOWS]) for each in results)
    both = [(mine, its) for mine, its in pairs if mine is not None and its is not None]
    levels = [recall(results, SEARCH, limit) for limit in LIMITS]
    return {
        "questions": len(results),
        "recall": {way: {str(at): recall(results, way, at) for at in LIMITS} for way in results[0]},
        "ever": {way: sum(each[way] is not None for each in results) for way in results[0]},
        "same_recall": [
            {"recall": level, **{way: needed(results, way, level) for way in results[0]}} for level in levels
        ],
        "both_median": {
            SEARCH: median(mine for mine, _ in both),
            WINDOWS: median(its for _, its in both),
        },
        "grep_cheaper": sum(its < mine for mine, its in both),
        "both": len(both),
        "definitions_tokens": tokens(json.dumps(definitions)),
    }


async def measure(embedding_url: str) -> dict[str, Any]:
    embedder, results = await embedder_at(embedding_url), list[Reached]()
    for corpus, asked in questions_of(QUESTIONS).items():
        results += await reached(corpus, asked, embedder)
    await embedder.close()
    return summary(results)


def main() -> None:
    with embedding_server() as url:
        result = {"machine": describe(), **asyncio.run(measure(url))}
    (RESULTS / "agent.json").write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
