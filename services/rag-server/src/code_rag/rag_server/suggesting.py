"""The use case of suggesting questions, made from what is indexed and answered before they are shown."""

import asyncio
from collections import defaultdict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from itertools import chain, zip_longest

from code_rag.rag_server.answer import Asked
from code_rag.rag_server.codebase.languages import DATA, PROSE
from code_rag.rag_server.gathering import Gatherer
from code_rag.rag_server.model import Scope, SourceFile, StoredFile
from code_rag.rag_server.overview.source import Source
from code_rag.rag_server.overviewing import sources_of, survey
from code_rag.rag_server.ranking.places import kinds
from code_rag.rag_server.suggestion import Suggestion, suggestions

OVERVIEWS = (
    "What does this project do?",
    "Where does the program start?",
    "How is it configured?",
    "How do I run the tests?",
)
"""The first that the index answers is suggested."""
QUESTIONS = 4
FILES = 12
"""How many files are looked at for definitions, the largest of each folder first."""
PER_FILE = 2
"""How many questions about one file are tried."""
HITS = 8


@dataclass(slots=True)
class Suggester:
    """Suggests questions that `gatherer` answers; they are made once for each state of the index."""

    gatherer: Gatherer
    _made: dict[Scope, tuple[Hashable, tuple[str, ...]]] = field(default_factory=dict)
    _making: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def suggest(self, scope: Scope) -> tuple[str, ...]:
        """Up to four questions, an overview question first; none while nothing is indexed."""
        files = await self.gatherer.searcher.store.files(scope.path)
        state = frozenset((path, file.digest) for path, file in files.items())
        async with self._making:
            known = self._made.get(scope)
            if known is None or known[0] != state:
                known = self._made[scope] = (state, await self._make(files, scope))
        return known[1]

    async def _make(self, files: Mapping[str, StoredFile], scope: Scope) -> tuple[str, ...]:
        found = await self._overview(scope) if files else []
        candidates = await self._candidates(files)
        asked_about = set[str]()
        for each in candidates:
            if len(found) == QUESTIONS:
                break
            if each.path not in asked_about and await self._is_answered(each, scope):
                asked_about.add(each.path)
                found.append(each.question)
        return tuple(found)

    async def _overview(self, scope: Scope) -> list[str]:
        searcher = self.gatherer.searcher
        for question in OVERVIEWS:
            if await survey(question, scope, searcher.store, searcher.name_of):
                return [question]
        return []

    async def _candidates(self, files: Mapping[str, StoredFile]) -> list[Suggestion]:
        """Questions about the largest files, one of each file before the second of another."""
        paths = _spread(files)[:FILES]
        chunks = await self.gatherer.searcher.store.stored_chunks(paths) if paths else ()
        sources = sources_of(chunks)
        read = [sources[path] for path in paths if path in sources]
        made = await asyncio.to_thread(lambda: [suggestions(_file(source))[:PER_FILE] for source in read])
        return [each for row in zip_longest(*made) for each in row if each]

    async def _is_answered(self, each: Suggestion, scope: Scope) -> bool:
        """Whether the first place of the answer is in the lines that the question was made from."""
        quotes = (await self.gatherer.gather(Asked(each.question), scope, HITS)).quotes
        first = next(iter(quotes.excerpts), None)
        return (
            quotes.state == "answered"
            and first is not None
            and first.path == each.path
            and any(start <= each.last + 1 and end >= each.first - 1 for start, end in first.shown)
        )


def _spread(files: Mapping[str, StoredFile]) -> list[str]:
    """The files of implementation, the largest of each folder first."""
    folders: defaultdict[str, list[str]] = defaultdict(list)
    for path in sorted(files, key=lambda path: (-files[path].chunks, path)):
        if not kinds(path):
            folders[path.rpartition("/")[0]].append(path)
    rows = zip_longest(*sorted(folders.values(), key=lambda paths: -len(paths)))
    return [path for path in chain.from_iterable(rows) if path]


def _file(source: Source) -> SourceFile:
    text = "" if source.language in DATA | PROSE else "\n".join(source.lines)
    return SourceFile(source.path, text, source.language, "")
