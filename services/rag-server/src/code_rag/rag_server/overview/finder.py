"""Finds the places of one project that answer an overview question."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from code_rag.rag_server.overview import code, prose
from code_rag.rag_server.overview.entries import entries
from code_rag.rag_server.overview.manifests import COMMANDS, HEADS, KEYS, SECTIONS, is_manifest
from code_rag.rag_server.overview.project import Project, stem
from code_rag.rag_server.overview.source import LIBRARY, Source
from code_rag.rag_server.overview.steps import INSTEAD_OF, STEPS
from code_rag.rag_server.overview.targets import Target, targets
from code_rag.rag_server.overview.topic import Topic
from code_rag.rag_server.quoting.excerpt import Excerpt

PER_STEP = 8
"""How many files are read for one step."""
TITLE_WORDS = 8
"""A longer title is about something narrower."""


@dataclass(frozen=True)
class Finder:
    """Looks in one project; `sources` are the files that were read, by path."""

    project: Project
    topic: Topic
    sources: Mapping[str, Source]

    def paths(self) -> list[str]:
        """The files to read."""
        steps = [step for step, _ in STEPS[self.topic]]
        return list(dict.fromkeys(path for step in steps for path in islice(self._files(step), PER_STEP)))

    def places(self) -> Iterator[Excerpt]:
        """The places, best first, at most so many of each step."""
        taken = set[str]()
        for step, most in STEPS[self.topic]:
            if taken.isdisjoint(INSTEAD_OF.get(step, ())):
                for place in islice(self._found(step), most):
                    taken.add(step)
                    yield place

    def _files(self, step: str) -> Iterator[str]:
        if step != "targets":
            yield from self.project.files(step, self.topic)
            return
        for _, path in self._targets():
            yield path

    def _found(self, step: str) -> Iterator[Excerpt]:
        for path in self._files(step):
            if (source := self.sources.get(path)) and (place := self._place(step, source)):
                yield place

    def _place(self, step: str, source: Source) -> Excerpt | None:
        """What a step shows of a file."""
        lines = source.lines
        match step:
            case "introduction":
                return source.excerpt(prose.introduction(source.path, lines))
            case "section":
                return self._section(source)
            case "keys":
                return _entries(source, KEYS[self.topic])
            case "command":
                return _entries(source, COMMANDS[self.topic])
            case "targets":
                names = (target.function for target, path in self._targets() if path == source.path)
                return source.excerpt(code.start(lines, next(names)) or code.top(lines))
            case "starts":
                return source.excerpt(code.start(lines))
            case "settings" if not source.name.endswith(".json"):
                return source.excerpt(code.settings(lines))
            case "description":
                kind = LIBRARY if self.topic is Topic.ENTRY else ""
                return source.excerpt(code.description(lines), kind=kind)
            case "library":
                return source.excerpt(code.top(lines), kind=LIBRARY)
            case "versions":
                return source.excerpt(code.version(lines))
        return source.excerpt(code.top(lines))

    def _section(self, source: Source) -> Excerpt | None:
        """The widest section with a title about the topic, or the beginning of a file with such a name."""
        wanted = re.compile(SECTIONS[self.topic], re.IGNORECASE)
        fitting = [
            section
            for section in prose.sections(source.path, source.lines)
            if wanted.fullmatch(title := section.title.rstrip(":?"))
            and len(title.split()) <= TITLE_WORDS
            and section.end - section.first > 2
        ]
        if fitting:
            best = min(fitting, key=lambda section: section.level)
            return source.excerpt([prose.shown_rows(source.lines, best)], best.title, "section")
        if wanted.fullmatch(stem(source.path)):
            return source.excerpt(prose.introduction(source.path, source.lines))
        return None

    def _targets(self) -> Iterator[tuple[Target, str]]:
        """The programs that the manifests name, each with its file."""
        for path in self.project.files("keys", self.topic):
            if (source := self.sources.get(path)) and (place := _entries(source, KEYS[self.topic])):
                for target in targets(place):
                    if file := target.among(self.project.paths):
                        yield target, file


def _entries(source: Source, known: Sequence[tuple[str, ...]]) -> Excerpt | None:
    """The lines of a manifest with these keys."""
    keys = "|".join(keys for names, keys, *_ in known if is_manifest(source.name, names))
    wanted = re.compile(keys, re.IGNORECASE)
    found = [each for each in entries(source.name.lower(), source.lines) if wanted.fullmatch(each.key)]
    return source.excerpt(
        (each.first, each.first if HEADS.fullmatch(each.key) else each.last) for each in found
    )
