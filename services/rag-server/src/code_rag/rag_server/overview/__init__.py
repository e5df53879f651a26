"""Answers questions about a codebase as a whole from its READMEs, manifests, entry points and tree."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Self

from code_rag.rag_server.overview.finder import Finder
from code_rag.rag_server.overview.opening import opening
from code_rag.rag_server.overview.project import Project
from code_rag.rag_server.overview.recognition import Asked, recognise
from code_rag.rag_server.overview.source import Source
from code_rag.rag_server.overview.topic import Topic
from code_rag.rag_server.overview.tree import Tree
from code_rag.rag_server.quoting import Quotes
from code_rag.rag_server.quoting.excerpt import Excerpt

PLACES = 3
"""At most so many places are shown."""
PROJECTS = 12
"""So many projects side by side are looked at."""

LISTED = frozenset({Topic.PARTS, Topic.STRUCTURE, Topic.LANGUAGES})
"""What the opening answers by itself; the project's introduction stands below it."""


@dataclass(frozen=True, slots=True)
class Overview:
    """An overview question, and the folders of the tree that it is about."""

    tree: Tree
    asked: tuple[tuple[Topic, tuple[str, ...]], ...]

    @classmethod
    def of(cls, asked: Sequence[Asked], tree: Tree) -> Self | None:
        """The question if everything that it names is a folder of the tree."""
        about: list[tuple[Topic, tuple[str, ...]]] = []
        for each in asked:
            home = tree.named(each.name) if each.name else None
            if each.name and home is None:
                return None
            about.append((each.topic, tree.homes[:PROJECTS] if home is None else (home,)))
        return cls(tree, tuple(about)) if about and tree.paths else None

    def paths(self, sources: Mapping[str, Source]) -> list[str]:
        """The files to read, given those that were read; more may be named by these."""
        finders = [*self._finders(sources), *self._introducing(sources)]
        wanted = [path for finder in finders for path in finder.paths()]
        return [path for path in dict.fromkeys(wanted) if path not in sources]

    def answer(self, sources: Mapping[str, Source]) -> Quotes | None:
        """At most three places that answer; None where the files that would answer are missing."""
        found = [list(finder.places()) for finder in self._finders(sources)]
        places = _distinct(place for row in zip_longest(*found) for place in row if place)
        introduced = (next(finder.places(), None) for finder in self._introducing(sources))
        places = _distinct([*places, *(place for place in introduced if place)])[:PLACES]
        if not places:
            return None
        return Quotes(tuple(places), "answered", opening(self.tree, self.asked, places))

    def _finders(self, sources: Mapping[str, Source]) -> list[Finder]:
        return [
            Finder(Project(self.tree, home), topic, sources) for topic, homes in self.asked for home in homes
        ]

    def _introducing(self, sources: Mapping[str, Source]) -> list[Finder]:
        """For what the opening answers: finders of what each project is."""
        homes = [home for topic, homes in self.asked if topic in LISTED for home in homes]
        return [Finder(Project(self.tree, home), Topic.PURPOSE, sources) for home in dict.fromkeys(homes)]


def _distinct(places: Iterable[Excerpt]) -> list[Excerpt]:
    """The places without those that show lines again."""
    found = list[Excerpt]()
    for place in places:
        if not any(_overlap(place, other) for other in found):
            found.append(place)
    return found


def _overlap(one: Excerpt, other: Excerpt) -> bool:
    return one.path == other.path and any(
        first <= last_other and first_other <= last
        for first, last in one.shown
        for first_other, last_other in other.shown
    )


__all__ = ["Overview", "Tree", "recognise"]
