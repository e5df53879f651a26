"""YAML, changed in place: the parser says where things are, and every line besides the entry's stays.

A library that writes the document again would lay all of it out in its own way.
"""

import io
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode

from code_rag.rag_server.agents.config_format import Entry, Unreadable

_BY_HAND = "its {!r} is on one line: write it over several lines first"


@dataclass(frozen=True, slots=True)
class YamlFormat:
    """YAML as Goose reads it, with entries by key, or as Continue does, with a list of entries with names."""

    listed: bool = False

    def entries(self, text: str, container: str) -> dict[str, Any]:
        """The entries of a container by name."""
        found = _read(text).get(container)
        if self.listed and isinstance(found, list):
            return {each["name"]: each for each in found if isinstance(each, dict) and "name" in each}
        if found is not None and (self.listed or not isinstance(found, dict)):
            raise Unreadable(f"its {container!r} is not what it should be")
        return found or {}

    def put(self, text: str, container: str, name: str, entry: Entry) -> str:
        """The text with this entry, before the others of its container."""
        if name in self.entries(text, container):
            text = self._without(text, container, name)
        home = _member(_root(text), container)
        if home is None:
            gap = "" if not text or text.endswith("\n") else "\n"
            return f"{text}{gap}{container}:\n{self._written(name, entry, 2)}"
        key, value = home
        lines = text.splitlines(keepends=True)
        at = key.start_mark.line
        column = key.start_mark.column + 2
        if _is_empty(value):
            lines[at] = _bare(lines[at], key)
        elif _is_flow(value):
            raise Unreadable(_BY_HAND.format(container))
        else:
            column = value.start_mark.column
        return "".join([*lines[: at + 1], self._written(name, entry, column), *lines[at + 1 :]])

    def drop(self, text: str, container: str, name: str) -> str:
        """The text without the entry, and without its container's line if there is no other."""
        left = self._without(text, container, name)
        if self.entries(left, container) or _read(left).get(container):
            return left
        lines = left.splitlines(keepends=True)
        home = _member(_root(left), container)
        assert home is not None  # noqa: S101 – the caller has looked
        del lines[home[0].start_mark.line]
        return "".join(lines)

    def rest(self, text: str, container: str, name: str) -> Any:
        """Everything besides the entry."""
        data = _read(text)
        others = data.pop(container, None)
        if isinstance(others, list):
            others = [each for each in others if not (isinstance(each, dict) and each.get("name") == name)]
        elif isinstance(others, dict):
            others = {key: value for key, value in others.items() if key != name}
        return data | ({container: others} if others else {}) or None

    def _without(self, text: str, container: str, name: str) -> str:
        """The text without the lines of the entry: those that are indented further than its first."""
        home = _member(_root(text), container)
        assert home is not None  # noqa: S101
        if _is_flow(home[1]):
            raise Unreadable(_BY_HAND.format(container))
        start = self._mark(home[1], name)
        lines = text.splitlines(keepends=True)
        end = start.line + 1
        while end < len(lines) and _is_inside(lines[end], start.column):
            end += 1
        return "".join(lines[: start.line] + lines[end:])

    def _mark(self, container: Node, name: str) -> Any:
        """Where the entry starts, the dash of a list included."""
        if isinstance(container, SequenceNode):
            item = next(each for each in container.value if _name_of(each) == name)
            return _Mark(item.start_mark.line, container.start_mark.column)
        found = _member(container, name)
        assert found is not None  # noqa: S101
        return found[0].start_mark

    def _written(self, name: str, entry: Entry, column: int) -> str:
        data = [entry] if self.listed else {name: entry}
        out = io.StringIO()
        writer = YAML()
        writer.width = 10_000
        writer.dump(data, out)
        return "".join(f"{' ' * column}{line}\n" for line in out.getvalue().splitlines())


@dataclass(frozen=True, slots=True)
class _Mark:
    line: int
    column: int


def _is_flow(node: Node) -> bool:
    return isinstance(node, CollectionNode) and bool(node.flow_style)


def _is_empty(value: Node) -> bool:
    """Whether it is nothing, `null`, `{}` or `[]`."""
    return not value.value or (isinstance(value, ScalarNode) and value.tag == "tag:yaml.org,2002:null")


def _bare(line: str, key: Node) -> str:
    """The line of a key without its empty value, with its comment."""
    _, hash_, comment = line[key.end_mark.column :].rstrip("\r\n").partition("#")
    return f"{line[: key.end_mark.column]}:{f'  #{comment}' if hash_ else ''}\n"


def _is_inside(line: str, column: int) -> bool:
    return bool(line.strip()) and len(line) - len(line.lstrip(" ")) > column


def _read(text: str) -> dict[str, Any]:
    try:
        data = YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        raise Unreadable(f"it is not valid YAML: {str(error).splitlines()[0]}") from None
    if data is not None and not isinstance(data, dict):
        raise Unreadable("it has no keys at its top")
    return data or {}


def _root(text: str) -> Node | None:
    root: Node | None = YAML(pure=True).compose(text)
    if root is not None and _is_flow(root):
        raise Unreadable("it is written on one line: write it over several lines first")
    return root


def _member(node: Node | None, key: str) -> tuple[Node, Node] | None:
    if not isinstance(node, MappingNode):
        return None
    return next(((its, value) for its, value in node.value if its.value == key), None)


def _name_of(node: Node) -> str:
    found = _member(node, "name")
    return str(found[1].value) if found else ""
