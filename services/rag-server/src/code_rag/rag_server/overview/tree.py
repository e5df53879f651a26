"""The indexed files as a tree: its projects, and what is near their roots."""

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from code_rag.rag_server.identifiers import plain_name
from code_rag.rag_server.ranking.places import kinds

_PARTS = re.compile(
    r"(?i)src|lib|apps?|bin|cmd|pkg|internal|source|include|tests?|docs?|scripts|examples|packages|services|.+[.](?:dist|egg)-info"
)
"""Folders of one project, whatever is beside them; the last ones are the metadata of a Python package."""
_VERSION = re.compile(r"[-_]v?\d+(?:\.\d+)+.*$")
_ASIDE = frozenset({"test", "example", "vendored", "translation", "compatibility", "declaration"})


@dataclass(frozen=True)
class Tree:
    """Paths, and the codebases: the name of each and its folder, which is empty for the only one."""

    paths: tuple[str, ...]
    codebases: Collection[tuple[str, str]] = ()

    @cached_property
    def homes(self) -> tuple[str, ...]:
        """The folders of the projects, the largest first; each ends with a slash, but for the root."""
        prefixes = [folder for _, folder in self.codebases] or [""]
        found = [home for prefix in prefixes for home in self._projects(prefix)]
        sizes = Counter(home for path in self.paths for home in found if path.startswith(home))
        return tuple(sorted(sizes, key=lambda home: (-sizes[home], home)))

    def _projects(self, folder: str) -> list[str]:
        """A folder, or the folders in it if they are projects side by side."""
        inside = [path.removeprefix(folder) for path in self.paths if path.startswith(folder)]
        tops = sorted({path.partition("/")[0] for path in inside if "/" in path})
        if any("/" not in path for path in inside) or any(map(_PARTS.fullmatch, tops)):
            return [folder]
        if len(tops) == 1:
            return self._projects(f"{folder}{tops[0]}/")
        return [f"{folder}{top}/" for top in tops] or [folder]

    def named(self, name: str) -> str | None:
        """The folder that a question means by `name`: of a codebase, of a project, or at the top."""
        wanted = _plain(name)
        folders = {**self._tops, **{_plain(home.rstrip("/")): home for home in self.homes}}
        folders |= {_plain(each): folder for each, folder in self.codebases}
        return folders.get(wanted)

    @cached_property
    def _tops(self) -> dict[str, str]:
        """The folders that are not far from a root, by their names."""
        found: dict[str, str] = {}
        for path in self.paths:
            parts = path.split("/")[:-1]
            for depth, part in enumerate(parts[:2], start=1):
                found.setdefault(_plain(part), "/".join(parts[:depth]) + "/")
        return found

    def below(self, home: str) -> list[str]:
        """The paths in a folder, those near it first."""
        inside = [path for path in self.paths if path.startswith(home)]
        return sorted(inside, key=lambda path: (path.count("/"), path.casefold()))

    def folders(self, home: str) -> list[tuple[str, int]]:
        """The folders directly in a folder, in order, with the number of files in each."""
        inside = [path.removeprefix(home) for path in self.paths if path.startswith(home)]
        return sorted(Counter(path.partition("/")[0] for path in inside if "/" in path).items())


def is_aside(path: str) -> bool:
    """Whether a path belongs to tests, examples and the like."""
    return any(kind.name in _ASIDE for kind in kinds(path))


def is_document(path: str) -> bool:
    """Whether a path belongs to the documentation."""
    return any(kind.name == "documentation" for kind in kinds(path))


def _plain(name: str) -> str:
    last = PurePosixPath(_VERSION.sub("", name)).name
    return plain_name(re.sub(r"[\s.-]", "", last))
