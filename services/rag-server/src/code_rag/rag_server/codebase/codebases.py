"""The codebases of one server, found in the folders that it was given."""

import os
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from code_rag.rag_server.codebase.disk import ANSWER_SECONDS, Disk
from code_rag.rag_server.codebase.explaining import Exclusion
from code_rag.rag_server.codebase.member import Member, Rest, is_repository
from code_rag.rag_server.codebase.options import DEFAULTS, Options
from code_rag.rag_server.model import SourceFile


@dataclass(frozen=True, slots=True)
class _Place:
    folder: Path
    kind: type[Member] = Member


class Codebases:
    """Each root is a codebase, or a folder of repositories, which stands for each of them and for the rest.

    Only `refresh` lists folders; everything else answers from what it found last.
    """

    def __init__(self, roots: Sequence[Path], options: Options = DEFAULTS) -> None:
        self._roots = tuple(roots)
        self._options = options
        self._places: dict[Path, tuple[_Place, ...]] = {}
        self._disks: defaultdict[Path, Disk] = defaultdict(Disk)
        self._members: Mapping[str, Member] = {}
        self.complete = False
        """Whether the last `refresh` could list every root; if not, a codebase that is gone may come back."""
        self.refresh()

    def __iter__(self) -> Iterator[Member]:
        return iter(self._members.values())

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the codebases, in order."""
        return tuple(self._members)

    def refresh(self) -> None:
        """Look for new and deleted repositories; a root that cannot be listed keeps those that it had."""
        self.complete = True
        for root in self._roots:
            try:
                look = partial(_places, root, self._places.get(root, ()))
                self._places[root] = self._disks[root].call(look, ANSWER_SECONDS)
            except OSError:
                self.complete = False
                self._places.setdefault(root, (_Place(root),))
        places = [place for root in self._roots for place in self._places[root]]
        single = [place.folder for place in places] == list(self._roots[:1])
        names = distinct_names([place.folder for place in places])
        self._members = {
            name: self._member(place, name, "" if single else name)
            for name, place in zip(names, places, strict=True)
        }

    def _member(self, place: _Place, name: str, prefix: str) -> Member:
        folder = place.folder
        return place.kind(folder, self._options, self._disks[folder], name=name, prefix=prefix)

    def named(self, name: str) -> Member | None:
        """The codebase of this name."""
        return self._members.get(name)

    def owner(self, path: str) -> Member | None:
        """The codebase that a path is in; None for one that is in none, as the empty path of several."""
        only = next(iter(self), None)
        if only is not None and not only.prefix:
            return only
        return self._members.get(path.partition("/")[0])

    def name_of(self, path: str) -> str:
        """The name of the codebase that a path is in, empty for a path of none."""
        owner = self.owner(path)
        return owner.name if owner else ""

    def exclusion(self, path: str) -> Exclusion | None:
        """Why the file or folder at `path` is left out; raises as `Codebase.exclusion` does."""
        if owner := self.owner(path):
            return owner.exclusion(path)
        raise FileNotFoundError(f"{path} is in no codebase.")

    def source(self, path: str) -> SourceFile | None:
        """The current file at `path`; None if it is missing, in no codebase, or not indexed."""
        owner = self.owner(path)
        return owner.source(path) if owner else None

    def lines(self, path: str) -> Sequence[str] | None:
        """The current lines of the file at `path`; None if `source` returns None."""
        owner = self.owner(path)
        return owner.lines(path) if owner else None


def _places(root: Path, known: Sequence[_Place]) -> tuple[_Place, ...]:
    """The codebases that a folder stands for: itself, or the repositories in it and the rest.

    A repository that was found once stays one while its folder is there, whatever can be read of it.
    """
    with os.scandir(root) as listing:
        entries = sorted(listing, key=lambda entry: entry.name)
    before = {place.folder for place in known}
    visible = [root / entry.name for entry in entries if not entry.name.startswith(".")]
    repositories = [folder for folder in visible if folder in before or is_repository(folder)]
    if is_repository(root) or not repositories:
        return (_Place(root),)
    places = tuple(_Place(folder) for folder in repositories)
    return places if len(places) == len(visible) else (*places, _Place(root, Rest))


def distinct_names(folders: Sequence[Path]) -> list[str]:
    """A name for each folder: its own, with its parent's before it where two are the same, then a number."""
    own = [_name(folder) for folder in folders]
    longer = [f"{_name(folder.absolute().parent)}-{name}" for folder, name in zip(folders, own, strict=True)]
    shared = Counter(own)
    names: list[str] = []
    for name, with_parent in zip(own, longer, strict=True):
        wanted = name if shared[name] == 1 else with_parent
        taken = {*names, *(other for other in own if shared[other] == 1 and other != name)}
        numbered = (f"{wanted}-{number}" for number in range(2, len(folders) + 2))
        names.append(wanted if wanted not in taken else next(each for each in numbered if each not in taken))
    return names


def _name(folder: Path) -> str:
    name = os.fsencode(folder.absolute().name).decode("utf-8", "replace")
    return unicodedata.normalize("NFC", name) or "root"
