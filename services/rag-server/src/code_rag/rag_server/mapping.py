"""Draws the map of the indexed code that a language model is given, once for each state of the index."""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime

from code_rag.rag_server.model import Scope
from code_rag.rag_server.prompting.repository_map import draw, readme_of
from code_rag.rag_server.searching import Searcher
from code_rag.servicekit.errors import ServiceError

KEPT = 16


@dataclass(slots=True)
class Mapper:
    """Reads the store of the searcher."""

    searcher: Searcher
    _drawn: OrderedDict[tuple[str, int, datetime | None], str] = field(default_factory=OrderedDict)

    async def map(self, scope: Scope, budget: int) -> str:
        """The map of a folder or of everything; empty where the store does not answer."""
        report = self.searcher.report(scope.path)
        key = (scope.path, budget, report.finished_at)
        if key not in self._drawn:
            try:
                self._drawn[key] = await self._draw(scope.path, budget)
            except ServiceError:
                return ""
        self._drawn.move_to_end(key)
        while len(self._drawn) > KEPT:
            self._drawn.popitem(last=False)
        return self._drawn[key]

    async def _draw(self, top: str, budget: int) -> str:
        files = await self.searcher.store.counts()
        paths = [path for path in files if not top or path.startswith(f"{top}/")]
        readme = readme_of(paths, top)
        chunks = await self.searcher.store.in_file(readme) if readme else ()
        return draw(paths, chunks[0].text.split("\n") if chunks else (), budget, top)
