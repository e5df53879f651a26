"""JSON with comments and trailing commas, changed in place: every byte besides the entry stays.

Such a text is, in brackets, an expression of JavaScript, whose grammar the index uses anyway. Its syntax tree
has the place of each key, value, comma and comment.
"""

import json
from typing import Any

import tree_sitter_javascript
from tree_sitter import Language, Node, Parser

from code_rag.rag_server.agents.config_format import Entry, Unreadable
from code_rag.rag_server.agents.json_style import JsonStyle

_JAVASCRIPT = Language(tree_sitter_javascript.language())
_MARK = "\ufeff"
_SCALARS = frozenset({"string", "number", "true", "false", "null", "unary_expression"})


class JsoncFormat:
    """JSON as VS Code, Zed and others read it, and plain JSON."""

    def entries(self, text: str, container: str) -> dict[str, Any]:
        """The entries of a container by name."""
        found = _Tree(text).data().get(container, {})
        if not isinstance(found, dict):
            raise Unreadable(f"its {container!r} is not an object")
        return found

    def put(self, text: str, container: str, name: str, entry: Entry) -> str:
        """The text with this entry."""
        tree = _Tree(text)
        home = tree.pair(tree.root, container)
        if home is None:
            return tree.added(tree.root, container, {name: entry})
        inner = _value(home)
        known = tree.pair(inner, name)
        if known is None:
            return tree.added(inner, name, entry)
        return tree.replaced(_value(known), entry)

    def drop(self, text: str, container: str, name: str) -> str:
        """The text without the entry."""
        tree = _Tree(text)
        home = tree.pair(tree.root, container)
        assert home is not None  # noqa: S101 – the caller has looked
        inner = _value(home)
        if len(_pairs(inner)) == 1 and not _comments(inner):
            return tree.dropped(tree.root, home)
        known = tree.pair(inner, name)
        assert known is not None  # noqa: S101
        return tree.dropped(inner, known)

    def rest(self, text: str, container: str, name: str) -> Any:
        """Everything besides the entry."""
        data = _Tree(text).data()
        others = {key: value for key, value in data.pop(container, {}).items() if key != name}
        return data | ({container: others} if others else {}) or None


class _Tree:
    """A text and its syntax tree; offsets are in UTF-8."""

    def __init__(self, text: str) -> None:
        self._mark = _MARK if text.startswith(_MARK) else ""
        body = text.removeprefix(_MARK)
        self._source = (body if body.strip() else "{}\n").encode()
        self.root = self._parsed()
        self._style = JsonStyle.of(self._source.decode())

    def _parsed(self) -> Node:
        tree = Parser(_JAVASCRIPT).parse(b"(" + self._source + b"\n)")
        statements = _meant(tree.root_node)
        inside = _meant(_meant(statements[0])[0]) if len(statements) == 1 and _meant(statements[0]) else []
        if tree.root_node.has_error or len(inside) != 1 or inside[0].type != "object":
            raise Unreadable("it is not valid JSON with an object at its top")
        return inside[0]

    def data(self) -> dict[str, Any]:
        """What the text says."""
        found = _read(self.root)
        assert isinstance(found, dict)  # noqa: S101 – the root is an object
        return found

    def pair(self, container: Node, key: str) -> Node | None:
        """The member of that key; raises Unreadable for one that is there twice."""
        found = [pair for pair in _pairs(container) if _key(pair) == key]
        if len(found) > 1:
            raise Unreadable(f"it has {key!r} twice")
        return found[0] if found else None

    def added(self, container: Node, key: str, value: Any) -> str:
        """The text with a new member at the end of an object, after all comments in it."""
        inner = [child for child in container.children if child.type not in ("{", "}")]
        pairs, outer = _pairs(container), self._indent_of(container)
        if not inner:
            indent = outer + self._style.unit
            member = self._style.member(key, value, indent)
            text = f"{self._style.newline}{indent}{member}{self._style.newline}{outer}"
            return self._spliced((self._start(container) + 1, self._end(container) - 1, text))
        after = self._end(inner[-1])
        is_spread = b"\n" in self._source[self._start(container) : self._start(inner[0])]
        is_spread |= self._source[self._start(inner[-1]) : after].startswith(b"//")
        indent = self._indent_of(pairs[0] if pairs else inner[0]) if is_spread else outer
        gap = f"{self._style.newline}{indent}" if is_spread else " "
        member = self._style.member(key, value, indent) if is_spread else json.dumps({key: value})[1:-1]
        commas = [child for child in inner if child.type == ","]
        has_last_comma = bool(commas) and self._start(commas[-1]) > self._start(pairs[-1])
        added = (after, after, f"{gap}{member}{',' if has_last_comma else ''}")
        if not pairs or has_last_comma:
            return self._spliced(added)
        last = self._end(pairs[-1])
        return self._spliced((last, last, ","), added)

    def replaced(self, value: Node, new: Any) -> str:
        """The text with another value."""
        text = self._style.value(new, self._indent_of(value))
        return self._spliced((self._start(value), self._end(value), text))

    def dropped(self, container: Node, pair: Node) -> str:
        """The text without a member, its comma and its line."""
        children = container.children
        at = next(index for index, child in enumerate(children) if child.id == pair.id)
        start, end = self._start(pair), self._end(pair)
        before = self._source[:start].rstrip(b" \t")
        if before.endswith(b"\n"):
            before = before.removesuffix(b"\n").removesuffix(b"\r")
        if len(_pairs(container)) == 1 and not _comments(container):
            return self._spliced((self._start(container) + 1, self._end(container) - 1, ""))
        if children[at + 1].type == ",":
            return self._spliced((len(before), self._end(children[at + 1]), ""))
        commas = [child for child in children[:at] if child.type == ","]
        comma = [(self._start(commas[-1]), self._end(commas[-1]), "")] if commas else []
        return self._spliced(*comma, (len(before), end, ""))

    def _indent_of(self, node: Node) -> str:
        """The whitespace at the start of the line that a node is in."""
        line = self._source[: self._start(node)].rpartition(b"\n")[2].decode()
        return line[: len(line) - len(line.lstrip(" \t"))]

    def _start(self, node: Node) -> int:
        return node.start_byte - 1  # of the bracket

    def _end(self, node: Node) -> int:
        return node.end_byte - 1

    def _spliced(self, *edits: tuple[int, int, str]) -> str:
        source = self._source
        for start, end, text in reversed(edits):
            source = source[:start] + text.encode() + source[end:]
        return self._mark + source.decode()


def _read(node: Node) -> Any:
    """The value of a node; raises Unreadable for what is JavaScript and not JSON."""
    if node.type == "object":
        return {_key(pair): _read(_value(pair)) for pair in _members(node, "pair")}
    if node.type == "array":
        return [_read(child) for child in _members(node)]
    if node.type in _SCALARS and node.text is not None:
        return _scalar(node.text)
    raise Unreadable(f"its line {node.start_point.row + 1} is not JSON")


def _scalar(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise Unreadable(f"{text[:40].decode(errors='replace')} in it is not JSON") from None


def _members(node: Node, only: str = "") -> list[Node]:
    found = _meant(node)
    if wrong := [child for child in found if only and child.type != only]:
        raise Unreadable(f"its line {wrong[0].start_point.row + 1} is not JSON")
    return found


def _meant(node: Node) -> list[Node]:
    return [child for child in node.named_children if child.type != "comment"]


def _pairs(node: Node) -> list[Node]:
    return [child for child in node.children if child.type == "pair"]


def _comments(node: Node) -> list[Node]:
    return [child for child in node.children if child.type == "comment"]


def _key(pair: Node) -> str:
    key = pair.child_by_field_name("key")
    if key is None or key.type != "string" or key.text is None:
        raise Unreadable(f"a key in its line {pair.start_point.row + 1} is not JSON")
    return str(_scalar(key.text))


def _value(pair: Node) -> Node:
    value = pair.child_by_field_name("value")
    assert value is not None  # noqa: S101 – the grammar has no pair without one
    return value
