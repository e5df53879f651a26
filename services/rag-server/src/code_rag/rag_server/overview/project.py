"""The files of one project, by what they may say about it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import Final

from code_rag.rag_server.overview.manifests import COMMANDS, KEYS, METADATA, SECTIONS, is_manifest
from code_rag.rag_server.overview.topic import Topic
from code_rag.rag_server.overview.tree import Tree, is_aside, is_document

NEAR = 2
"""So many folders below the root of the project a document or a description is still about all of it."""
WORKED_ON = frozenset({Topic.TESTS, Topic.BUILD, Topic.PARTS})
"""What the documents in `docs/` of a library seldom say of the library itself."""

_README = re.compile(r"(?i)readme(?:\.(?:md|markdown|rst|txt|adoc))?")
_PROSE = re.compile(r"(?i)\.(?:md|mdx|markdown|rst|txt|adoc)$")
_GUIDE = re.compile(
    r"(?i)contributing|install(?:ation)?|development|hacking|architecture|usage|getting started|index|readme"
)
_CODE = r"\.(?:py|[cm]?[jt]sx?|go|rs|java|kts?|cs|c|cc|cpp|h|hpp|rb|php|scala|swift|dart|exs?|lua|sh)"
_BY_STEP: Final[Mapping[str, re.Pattern[str]]] = {
    step: re.compile(rf"(?i)(?:^|/)(?:{pattern})$")
    for step, pattern in {
        "starts": r"(?:__main__|main|cli|app|application|server|index|manage|wsgi|asgi|run|start|program"
        rf"|bootstrap|\w+Application){_CODE}|bin/[\w-]+(?:\.\w+)?",
        "settings": r"[\w-]*(?:settings|config|configuration|conf|defaults)"
        rf"(?:/(?:index|base|default|__init__))?{_CODE}|defaults\.json",
        "samples": r"\.?env[.-](?:example|sample|template|dist)|(?:example|sample)\.env|appsettings\.json"
        r"|application\.(?:ya?ml|properties|conf)|config/(?:default|base|development)\.\w+"
        r"|config(?:\.default|\.example)?\.(?:ya?ml|toml|ini)",
        "versions": r"_?version\.\w+|__about__\.py|__version__\.py|__init__\.py|version",
        "licences": r"(?:licen[cs]e|copying)[\w.-]*",
    }.items()
}
_TOOLS = re.compile(r"(?i)(?:^|/)(?:integration|scripts?|tools?|hack|ci|\.ci|build|benchmarks?)/")
_NOTHING = re.compile("(?!)")
_DESCRIBED = re.compile(
    r"(?:^|/)(?:__init__\.py|doc\.go|lib\.rs|main\.rs|mod\.rs|index\.[cm]?[jt]s|package-info\.java)$"
)


@dataclass(frozen=True)
class Project:
    """One folder of a tree, empty for its root."""

    tree: Tree
    home: str

    @cached_property
    def paths(self) -> list[str]:
        """All files but tests, examples and the like, those nearest to the root first."""
        return [path for path in self.tree.below(self.home) if not is_aside(path.removeprefix(self.home))]

    def files(self, step: str, topic: Topic) -> Iterator[str]:
        """The files that a step looks at, best first."""
        match step:
            case "introduction":
                yield from self._at_root(_README)
                yield from self._at_root(re.compile(METADATA, re.IGNORECASE))
            case "keys":
                yield from self._manifests(
                    [names for names, _ in KEYS.get(topic, ())], topic is Topic.PURPOSE
                )
            case "command":
                yield from self._manifests([names for names, *_ in COMMANDS.get(topic, ())], False)
            case "section":
                yield from self._guides(topic)
                yield from self._at_root(re.compile(METADATA, re.IGNORECASE))
            case "description" | "library":
                yield from self._described()
            case _:
                pattern = _BY_STEP[step]
                unwanted = _TOOLS if step == "starts" else _NOTHING
                for path in self.paths:
                    if pattern.search(path) and not unwanted.search(path) and not _is_read(path, step):
                        yield path

    def _at_root(self, pattern: re.Pattern[str]) -> list[str]:
        return [path for path in self.paths if not self._depth(path) and pattern.fullmatch(_name(path))]

    def _manifests(self, kinds: list[str], at_root: bool) -> Iterator[str]:
        """Manifests, one kind after the other; of the same folder the one with the shortest name first."""
        near = sorted(self.paths, key=lambda path: (self._depth(path), len(path)))
        for names in kinds:
            for path in near:
                if is_manifest(_name(path), names) and not (at_root and self._depth(path)):
                    yield path

    def _guides(self, topic: Topic) -> Iterator[str]:
        """README files, documents that are called like the topic, then other guides."""
        wanted = re.compile(SECTIONS.get(topic, ""), re.IGNORECASE)
        near = [path for path in self.paths if self._depth(path) <= NEAR and _PROSE.search(path)]
        yield from self._at_root(_README)
        for path in near:
            if wanted.fullmatch(stem(path)) and not (topic in WORKED_ON and self._depth(path)):
                yield path
        for path in near:
            if _GUIDE.fullmatch(stem(path)):
                yield path

    def _described(self) -> list[str]:
        """Source files that may describe the project: called like it, or the index nearest to its root."""
        near = [path for path in self.paths if self._depth(path) <= NEAR]
        indexes = [path for path in near if _DESCRIBED.search(path)]
        least = min(map(self._depth, indexes), default=0)
        named = [path for path in near if self._is_eponym(path)]
        return list(dict.fromkeys([*named, *(path for path in indexes if self._depth(path) == least)]))

    def _is_eponym(self, path: str) -> bool:
        """Whether a source file is called like its project."""
        folder = PurePosixPath(self.home).name or next((name for name, _ in self.tree.codebases), "")
        return stem(path) in {folder.lower(), folder.lower().partition("-")[0]} and not _PROSE.search(path)

    def _depth(self, path: str) -> int:
        return path.removeprefix(self.home).count("/")


def _is_read(path: str, step: str) -> bool:
    """Whether a path belongs to the documentation, which says nothing of code."""
    return step != "licences" and is_document(path)


def _name(path: str) -> str:
    return PurePosixPath(path).name


def stem(path: str) -> str:
    """The words of a file's name without its ending, such as `getting started`."""
    return PurePosixPath(path).stem.lower().replace("-", " ").replace("_", " ")
