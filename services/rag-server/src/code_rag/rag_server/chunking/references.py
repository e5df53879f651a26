"""The uses and imports of a file, from its syntax tree: what it calls, makes, extends or names as a type."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from tree_sitter import Node, Query

from code_rag.rag_server.chunking.grammars import load_grammar
from code_rag.rag_server.chunking.imports import EVERYTHING, Import, parse_import
from code_rag.rag_server.chunking.outline import Definition, Position
from code_rag.rag_server.chunking.reference_queries import REFERENCES

EXPRESSION = "?"
"""The qualifier of a method that is called on something else than a name, such as `find().cancel()`."""

MAX_NAMES = 200
"""Names kept for one chunk: only a line of thousands of characters has more."""

_CALLEE = re.compile(r"(?:(?P<qualifier>.*)(?:\.|::|->|\\))?(?P<name>\w+[?!]?)", re.DOTALL)
_SEPARATOR = re.compile(r"\?\.|\.|::|->|\\")
_TYPE_ARGUMENTS = re.compile(r"(?:::)?<[^()]*>")
_PATH = re.compile(r"[\w.@]+")
_MAX_CALLEE = 400


@dataclass(frozen=True, slots=True)
class Reference:
    """A place that uses a name."""

    name: str
    """The last part of what is written: `cancel` of `orders.cancel()`."""
    qualifier: str
    """What stands before it, with dots; `EXPRESSION` where that is no name; empty if there is nothing."""
    start: Position
    original: str = ""
    """What an import calls the name, where this file has given it another."""


@dataclass(frozen=True, slots=True)
class References:
    """All uses in a file in order, and the names that it imports."""

    uses: tuple[Reference, ...] = ()
    imports: tuple[Import, ...] = ()

    def names(self, start: int, end: int) -> tuple[str, ...]:
        """The distinct names used in rows `[start, end)`; for an alias also what it stands for."""
        first = bisect_left(self.uses, start, key=_row)
        last = bisect_left(self.uses, end, lo=first, key=_row)
        names = (name for use in self.uses[first:last] for name in (use.name, use.original) if name)
        return tuple(dict.fromkeys(names))[:MAX_NAMES]


NONE = References()
"""Those of a file whose uses are not known."""


@cache
def reference_query(language: str) -> Query | None:
    """The query for uses in a language; None where uses are not known."""
    grammar = load_grammar(language) if language in REFERENCES else None
    return Query(grammar[0], REFERENCES[language]) if grammar else None


def references_in(
    matches: Iterable[tuple[int, dict[str, list[Node]]]],
    source: str,
    language: str,
    definitions: Sequence[Definition],
) -> References:
    """The uses and imports among the matches of `reference_query`.

    A mention counts only where the name is imported or defined in the file: any other is a variable.
    """
    captured = [captures for _, captures in matches]
    imports = [
        found
        for captures in captured
        for node in captures.get("import", ())
        for found in parse_import(_text(node, source), language)
    ]
    known = {each.alias for each in imports} | {each.name for each in definitions}
    uses: dict[int, Reference] = {}
    for captures in captured:
        for end, use in _uses(captures, source, known):
            # Two patterns may match `orders` and `orders.Order`: the longer one says more.
            if end not in uses or len(use.qualifier) > len(uses[end].qualifier):
                uses[end] = use
    originals = {each.alias: each.name for each in imports if each.name not in ("", EVERYTHING, each.alias)}
    found = [
        replace(use, original=originals[use.name]) if use.name in originals and not use.qualifier else use
        for use in _with_owners(uses.values())
    ]
    return References(tuple(sorted(found, key=lambda use: use.start)), tuple(imports))


def _row(use: Reference) -> int:
    return use.start[0]


def _uses(captures: dict[str, list[Node]], source: str, known: set[str]) -> Iterator[tuple[int, Reference]]:
    if "import" in captures:
        return
    objects = captures.get("object")
    owner = _text(objects[0], source) if objects else ""
    for kind in ("callee", "type", "mention"):
        for node in captures.get(kind, ()):
            text = _text(node, source)[-_MAX_CALLEE:]
            if kind == "mention" and known.isdisjoint(_candidates(text)):
                continue
            if kind == "type" and _is_definition(node):
                continue
            if use := _reference(node, text, owner):
                yield node.end_byte, use


def _reference(node: Node, text: str, owner: str) -> Reference | None:
    if text.isidentifier() and not owner:  # most are, and patterns take their time
        name, qualifier = text, ""
    else:
        match = _CALLEE.fullmatch(_TYPE_ARGUMENTS.sub("", text.rstrip("!")))
        if not match:
            return None
        name, written = match["name"], owner or match["qualifier"] or ""
        plain = ".".join(part.strip() for part in _SEPARATOR.split(written.replace("$", ""))).strip(".")
        qualifier = plain if _PATH.fullmatch(plain) or not written else EXPRESSION
    # The name stands at the end of the node, which may start on an earlier line.
    row, column = node.end_point
    return Reference(name, qualifier, (row, max(column - len(name), 0)))


def _with_owners(uses: Iterable[Reference]) -> Iterator[Reference]:
    """Each use, and that of the class before it: `Order.cancel()` uses `Order` too."""
    for use in uses:
        yield use
        rest, _, owner = use.qualifier.rpartition(".")
        if owner[:1].isupper():
            yield Reference(owner, rest, use.start)


def _candidates(text: str) -> list[str]:
    """What of a text may be known: of `a.b.c` `a`, `a.b` and `a.b.c` by import, `c` by definition."""
    if text.isidentifier():
        return [text]
    parts = _SEPARATOR.split(text)
    return [parts[-1], *(".".join(parts[:count]) for count in range(1, len(parts) + 1))]


def _is_definition(node: Node) -> bool:
    parent = node.parent
    return parent is not None and parent.child_by_field_name("name") == node and _is_named(parent)


def _is_named(parent: Node) -> bool:
    # `qualified_type` and `scope_resolution` have a name too, and are uses.
    return not parent.type.startswith(("qualified", "scope", "generic", "nested"))


def _text(node: Node, source: str) -> str:
    return source[node.start_byte : node.end_byte]
