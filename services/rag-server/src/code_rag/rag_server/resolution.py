"""Decides from names and imports whether a use is one of a definition, and how sure that is.

There is no type inference: what a variable holds is not known, and a method called on it is known by name.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from posixpath import dirname

from code_rag.rag_server.chunking.imports import EVERYTHING, Import
from code_rag.rag_server.chunking.modules import names_file, path_parts
from code_rag.rag_server.chunking.outline import Outline
from code_rag.rag_server.chunking.references import EXPRESSION, Reference, References

_SCRIPTS = frozenset({"javascript", "typescript", "tsx", "vue", "svelte"})
_FAMILIES = (
    frozenset({"c", "cpp"}),
    _SCRIPTS,
    frozenset({"java", "kotlin", "scala"}),
)
"""Languages that use each other's definitions."""
_ITSELF = frozenset({"self", "this", "cls", "super", "Self", "static", "parent", "base"})
_PARENT = frozenset({"super", "parent", "base"})
_INLINE_PATHS = frozenset({"php", "rust"})
"""Languages where a function can be called by its path without an import."""
_IMPLICIT = frozenset({"java", "kotlin", "scala", "csharp", "cpp", "ruby", "swift", "dart"})
"""Languages where a method calls another of its class by its name only."""
_PACKAGES = frozenset({"go", "java", "kotlin", "scala", "csharp", "swift"})
"""Languages where the files of a folder see each other's definitions without an import."""


class Resolution(StrEnum):
    """How a use was found to be one of the definition, the surest first."""

    IMPORT = "import"
    SAME_FILE = "same file"
    SAME_PACKAGE = "same package"
    NAME_ONLY = "name only"
    ELSEWHERE = "elsewhere"
    """The name is that of another definition."""


ORDER = list(Resolution)


@dataclass(frozen=True, slots=True)
class Target:
    """A definition whose uses are looked for."""

    path: str
    symbol: str
    language: str
    line: int

    @property
    def name(self) -> str:
        """The last part of the symbol."""
        return self.symbol.rpartition(".")[2]

    @property
    def owner(self) -> str:
        """The type that a method belongs to; empty for what is defined at the top of a file."""
        return self.symbol.rpartition(".")[0].rpartition(".")[2]

    @classmethod
    def outside(cls, symbol: str) -> "Target":
        """What is defined outside of the codebase: `requests.get` is `get` of the module requests."""
        module, _, name = symbol.rpartition(".")
        return cls(module.replace(".", "/"), name, "", 0)

    def is_meant_by(self, symbol: str) -> bool:
        """Whether `symbol` names it, with or without its owner, module and folders."""
        wanted = symbol.split(".")
        full = [*path_parts(self.path), *self.symbol.split(".")]
        return full[-len(wanted) :] == wanted


@dataclass(frozen=True, slots=True)
class FileUses:
    """A file that uses names: its definitions, uses and imports."""

    path: str
    language: str
    outline: Outline
    references: References

    def resolve(self, use: Reference, target: Target) -> Resolution | None:
        """How `use` is one of `target`; None if it cannot be."""
        if not _share_definitions(self.language, target.language) or target.name not in (
            use.name,
            use.original,
        ):
            return None
        if not target.path:
            return Resolution.NAME_ONLY
        if not use.qualifier:
            return self._unqualified(use, target)
        if use.qualifier == EXPRESSION:
            return Resolution.NAME_ONLY
        if use.qualifier in _ITSELF:
            return self._own(use, target)
        return self._qualified(use, target)

    def _unqualified(self, use: Reference, target: Target) -> Resolution | None:
        if found := self._import(use.name):
            named = found.name == target.name and not target.owner and self._names(found.module, target)
            # Java imports a static method from its class, which is named like its file.
            static = self.language in _IMPLICIT and found.name == target.name
            is_same = named or (static and self._names(found.module, target))
            return Resolution.IMPORT if is_same else Resolution.ELSEWHERE
        if not target.owner or self._is_within(use, target):
            return self._reach(target)
        # `cancel()` calls a method only inside of its class, and in few languages.
        return self._inherited(use, target) if self.language in _IMPLICIT else None

    def _own(self, use: Reference, target: Target) -> Resolution | None:
        if not target.owner:
            return None
        is_own = self._is_within(use, target) and use.qualifier not in _PARENT
        return Resolution.SAME_FILE if is_own else self._inherited(use, target)

    def _inherited(self, use: Reference, target: Target) -> Resolution:
        """A call of a method of the same object: another class's, or one that is inherited."""
        owner = self.outline.enclosing(use.start[0]).rpartition(".")[0]
        is_overridden = f"{owner}.{target.name}" in self.outline.names and use.qualifier not in _PARENT
        return Resolution.ELSEWHERE if is_overridden else Resolution.NAME_ONLY

    def _qualified(self, use: Reference, target: Target) -> Resolution:
        head, _, rest = use.qualifier.partition(".")
        if found := self._import(use.qualifier):
            return self._through(found, "", target)
        if found := self._import(head):
            return self._through(found, rest, target)
        if target.owner and use.qualifier.rpartition(".")[2] == target.owner:
            return self._reach(target)
        by_path = self.language in _INLINE_PATHS and not target.owner and self._names(use.qualifier, target)
        return Resolution.IMPORT if by_path else Resolution.NAME_ONLY

    def _through(self, found: Import, rest: str, target: Target) -> Resolution:
        """A use of `rest` in what was imported: a method of a class, a function of a module."""
        places = [part for part in (found.name, *rest.split(".")) if part]
        if target.owner:
            if not places or places[-1] != target.owner:
                is_module = found.name == "" and not rest and self.language not in _SCRIPTS
                return Resolution.ELSEWHERE if is_module else Resolution.NAME_ONLY
            places.pop()
        is_same = self._names(_joined(found.module, places), target)
        is_same = is_same or (self.language in _SCRIPTS and self._names(found.module, target))
        return Resolution.IMPORT if is_same else Resolution.ELSEWHERE

    def _reach(self, target: Target) -> Resolution:
        """How a name that is not imported by itself reaches the definition."""
        if self.path == target.path:
            return Resolution.SAME_FILE
        if (target.owner or target.name) in self.outline.names:
            return Resolution.ELSEWHERE
        if any(
            each.name == EVERYTHING and self._names(each.module, target) for each in self.references.imports
        ):
            return Resolution.IMPORT
        if self.language in _PACKAGES and dirname(self.path) == dirname(target.path):
            return Resolution.SAME_PACKAGE
        return Resolution.NAME_ONLY

    def _is_within(self, use: Reference, target: Target) -> bool:
        """Whether the use is in the class of the target, or the target in the function of the use."""
        owner = target.symbol.rpartition(".")[0]
        enclosing = self.outline.enclosing(use.start[0])
        return self.path == target.path and (enclosing == owner or enclosing.startswith(f"{owner}."))

    def _import(self, alias: str) -> Import | None:
        return next((each for each in self.references.imports if each.alias == alias), None)

    def _names(self, module: str, target: Target) -> bool:
        return names_file(module, target.path, self.path, self.language)


def surest(found: Iterable[Resolution | None]) -> Resolution | None:
    """The surest of the resolutions by several definitions; None if it is a use of none of them."""
    return min((each for each in found if each), key=ORDER.index, default=None)


def _joined(module: str, places: Sequence[str]) -> str:
    # Python's `from . import orders` names the module `.orders`, with one dot.
    return f"{module}{'' if not places or module.endswith('.') else '.'}{'.'.join(places)}"


def _share_definitions(one: str, other: str) -> bool:
    return one == other or not other or any({one, other} <= family for family in _FAMILIES)
