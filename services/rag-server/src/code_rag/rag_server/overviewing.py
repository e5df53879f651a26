"""Answers a question about a codebase as a whole from what is indexed of it."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePosixPath

from code_rag.rag_server.model import Chunk, Scope
from code_rag.rag_server.overview import Overview, Tree, recognise
from code_rag.rag_server.overview.recognition import Asked
from code_rag.rag_server.overview.source import Source
from code_rag.rag_server.ports import VectorStore
from code_rag.rag_server.quoting import Quotes

MAX_FILES = 60
"""How many files are read at a time."""
ROUNDS = 2
"""The second time for the files that a manifest names."""


async def survey(
    question: str, scope: Scope, store: VectorStore, name_of: Callable[[str], str]
) -> Quotes | None:
    """The places that answer an overview question; None for another, and where what would answer is missing.

    `name_of` returns the codebase of a path. Raises the store's errors.
    """
    asked = recognise(question)
    return await survey_topics(asked, scope, store, name_of) if asked and not scope.language else None


async def survey_topics(
    asked: Sequence[Asked], scope: Scope, store: VectorStore, name_of: Callable[[str], str]
) -> Quotes | None:
    """The places that say what is asked; None where they are missing. Raises the store's errors."""
    tree = _tree(await store.counts(), scope.path, name_of)
    overview = Overview.of(asked, tree)
    if overview is None:
        return None
    sources: dict[str, Source] = {}
    for _ in range(ROUNDS):
        paths = (await asyncio.to_thread(overview.paths, sources))[:MAX_FILES]
        sources |= sources_of(await store.stored_chunks(paths) if paths else ())
    return await asyncio.to_thread(overview.answer, sources)


def _tree(indexed: Iterable[str], path: str, name_of: Callable[[str], str]) -> Tree:
    """The indexed files within a path; of several codebases each is in the folder of its name."""
    folder = f"{path}/" if path else ""
    paths = tuple(each for each in indexed if each.startswith(folder))
    names = sorted({name_of(each) for each in paths})
    if path:
        return Tree(paths, ((PurePosixPath(path).name, folder),))
    return Tree(paths, tuple((name, f"{name}/" if len(names) > 1 else "") for name in names))


def sources_of(chunks: Sequence[Chunk]) -> dict[str, Source]:
    """The files of these chunks, by path."""
    files: defaultdict[str, list[Chunk]] = defaultdict(list)
    for chunk in chunks:
        files[chunk.path].append(chunk)
    return {path: Source.of(found) for path, found in files.items()}
