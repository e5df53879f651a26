"""The named definitions of a file, and which of them a chunk contains."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

Position = tuple[int, int]
"""Row and column, from 0, as tree-sitter counts."""

_METHOD_OWNERS = frozenset({"class", "enum", "extension", "impl", "interface", "object", "struct", "trait"})


@dataclass(frozen=True, slots=True)
class Definition:
    """A named part of a file from `start` up to `end`, such as a function or a section."""

    name: str
    kind: str
    start: Position
    end: Position


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    kind: str
    row: int
    end: Position
    parent: "_Entry | None"


class Outline:
    """The definitions of a file with qualified names: `Class.method`, `Heading > Subheading`."""

    def __init__(self, definitions: Iterable[Definition], kind: str) -> None:
        """`kind` is the kind of a chunk that contains no definition."""
        self._kind = kind
        self._entries: list[_Entry] = []
        enclosing: _Entry | None = None
        for definition in sorted(definitions, key=lambda d: (d.start, (-d.end[0], -d.end[1]))):
            while enclosing and enclosing.end <= definition.start:
                enclosing = enclosing.parent
            enclosing = _enter(definition, enclosing)
            self._entries.append(enclosing)
        self._rows = [entry.row for entry in self._entries]
        self.rows = frozenset(self._rows)
        self.names = frozenset(entry.name for entry in self._entries)

    def describe(self, start: int, end: int) -> tuple[tuple[str, ...], str, str]:
        """The names defined in rows `[start, end)`; name and kind of the first, or of what encloses them."""
        first, last = bisect_left(self._rows, start), bisect_left(self._rows, end)
        inside = self._entries[first:last]
        subject = inside[0] if inside else self._around(first, start)
        names = tuple(dict.fromkeys(entry.name for entry in inside))
        return names, subject.name if subject else "", subject.kind if subject else self._kind

    def enclosing(self, row: int) -> str:
        """The qualified name of the innermost definition that a row is in; empty outside of all."""
        around = self.around(row)
        return around.name if around else ""

    def around(self, row: int) -> Definition | None:
        """The innermost definition that a row is in, with its qualified name."""
        entry = self._around(bisect_right(self._rows, row), row)
        return Definition(entry.name, entry.kind, (entry.row, 0), entry.end) if entry else None

    def starts(self) -> list[tuple[str, int]]:
        """The qualified name of each definition and the row where it starts."""
        return [(entry.name, entry.row) for entry in self._entries]

    def _around(self, index: int, row: int) -> _Entry | None:
        entry = self._entries[index - 1] if index else None
        while entry and entry.end <= (row, 0):
            entry = entry.parent
        return entry


def _enter(definition: Definition, parent: _Entry | None) -> _Entry:
    name, kind = definition.name, definition.kind
    if parent:
        name = f"{parent.name}{' > ' if kind == 'section' else '.'}{name}"
        kind = "method" if kind == "function" and parent.kind in _METHOD_OWNERS else kind
    return _Entry(name, kind, definition.start[0], definition.end, parent)
