"""The entries of manifests and build files: what each sets, and in which lines."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

MAX_DEPTH = 3
"""Keys further inside are part of their parent's entry only."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A key with the keys around it, such as `project.scripts`, and its rows, both inclusive."""

    key: str
    first: int
    last: int


_TABLES = re.compile(r"\.(?:toml|cfg|ini)$|^Pipfile$")
_XML = re.compile(r"\.(?:xml|csproj|fsproj|vbproj|nuspec)$")
_RULES = re.compile(r"(?i)^(?:gnu)?makefile$|\.mk$|^\.?justfile$")

_TABLE = re.compile(r"\[+\s*([^\]\[]+?)\s*\]+\s*(?:[#;].*)?")
_SETTING = re.compile(r"([\w.\"'-]+)\s*[=:]")
_YAML_KEY = re.compile(r"(?P<indent>\s*)(?:- )?(?P<key>[\w./-]+):(?:\s|$)")
_TAG = re.compile(r"<!--.*?-->|<(?P<close>/)?(?P<name>[A-Za-z][\w.:-]*)(?P<rest>[^<>]*)>", re.DOTALL)
_RULE = re.compile(r"(?P<name>[\w./-]+)(?:\s+[\w./$(){}:=\"'*+-]+)*\s*:(?![:=])")
_DIRECTIVE = re.compile(r"(?P<indent>[ \t]*)(?P<key>[A-Za-z][\w.-]*)\b")
_JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]')


def entries(path: str, lines: Sequence[str]) -> list[Entry]:
    """All entries of a manifest, in order; what is inside another comes after it."""
    name = PurePosixPath(path).name
    if name.endswith(".json"):
        found = _json(lines)
    elif name.endswith((".yml", ".yaml")):
        found = _yaml(lines)
    elif _XML.search(name):
        found = _xml(lines)
    elif _TABLES.search(name):
        found = _tables(lines)
    elif _RULES.search(name):
        found = _rules(lines)
    else:
        found = _directives(lines, indented="docker" not in name)
    return sorted(found, key=lambda entry: (entry.first, -entry.last))


def _trimmed(lines: Sequence[str], key: str, first: int, end: int) -> Entry:
    """The entry in rows `[first, end)` without blank lines and comments at its end."""
    while end - 1 > first and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith(("#", ";"))):
        end -= 1
    return Entry(key, first, end - 1)


def _tables(lines: Sequence[str]) -> Iterator[Entry]:
    """TOML and INI: tables, and the keys in them that stand at the start of a line."""
    table, start, opened = "", 0, list[tuple[str, int]]()
    for row, line in enumerate([*lines, "[]"]):
        heading = _TABLE.fullmatch(line.rstrip())
        setting = _SETTING.match(line)
        ends = heading or setting or row == len(lines)
        if ends and opened:
            key, first = opened.pop()
            yield _trimmed(lines, f"{table}.{key}".strip("."), first, row)
        if heading or row == len(lines):
            if table:
                yield _trimmed(lines, table, start, row)
            table, start = (heading[1] if heading else "").replace('"', ""), row
        elif setting:
            opened.append((setting[1].strip("\"'"), row))


def _json(lines: Sequence[str]) -> Iterator[Entry]:
    """JSON: the keys of the objects that are not too deep, however the text is laid out."""
    text, row, seen = "\n".join(lines), 0, 0
    stack: list[tuple[str, int]] = []  # the keys of the open objects and arrays
    key, first, last_string = "", 0, ""
    for token in _JSON_TOKEN.finditer(text):
        row, seen = row + text.count("\n", seen, token.start()), token.start()
        match token[0]:
            case ":":
                key, first = last_string, row
            case "{" | "[":
                stack.append((key, first))
                key = ""
            case "}" | "]" | ",":
                if key and len(stack) <= MAX_DEPTH:
                    yield Entry(
                        _dotted(stack, key), first, row if token[0] == "," else _before(lines, row, first)
                    )
                key = ""
                if token[0] != "," and stack:
                    key, first = stack.pop()
                    if key and len(stack) <= MAX_DEPTH:
                        yield Entry(_dotted(stack, key), first, row)
                    key = ""
            case string:
                last_string = string[1:-1]


def _before(lines: Sequence[str], row: int, first: int) -> int:
    """The row of the value before a closing bracket in `row`."""
    return row if row == first or lines[row].strip() not in ("}", "},", "]", "],") else row - 1


def _dotted(stack: Sequence[tuple[str, int]], key: str) -> str:
    return ".".join([name for name, _ in stack if name] + [key])


def _yaml(lines: Sequence[str]) -> Iterator[Entry]:
    """YAML: keys by their indentation."""
    opened: list[tuple[int, str, int]] = []
    for row, line in enumerate([*lines, "end:"]):
        if row < len(lines) and (not line.strip() or line.lstrip().startswith("#")):
            continue
        match = _YAML_KEY.match(line)
        indent = len(line) - len(line.lstrip())
        while (
            opened and opened[-1][0] >= indent and not (opened[-1][0] == indent and line.lstrip()[:2] == "- ")
        ):
            _, key, first = opened.pop()
            if len(opened) < MAX_DEPTH:
                yield _trimmed(lines, ".".join([name for _, name, _ in opened] + [key]), first, row)
        if match:
            opened.append((indent, match["key"], row))


def _xml(lines: Sequence[str]) -> Iterator[Entry]:
    """XML: elements below the root, by their path from it."""
    text, stack = "\n".join(lines), list[tuple[str, int]]()
    for tag in _TAG.finditer(text):
        name = tag["name"]
        if name is None or tag["rest"].endswith("/"):
            continue
        row = text.count("\n", 0, tag.start())
        if not tag["close"]:
            stack.append((name, row))
        elif stack and stack[-1][0] == name:
            _, first = stack.pop()
            if 0 < len(stack) <= MAX_DEPTH:
                yield Entry(_dotted(stack[1:], name), first, row)


def _rules(lines: Sequence[str]) -> Iterator[Entry]:
    """Make and just: a target with its recipe and the comment before it."""
    for row, line in enumerate(lines):
        if match := _RULE.match(line):
            first, end = row, row + 1
            while first and lines[first - 1].startswith("#"):
                first -= 1
            while end < len(lines) and lines[end].startswith(("\t", "    ")):
                end += 1
            yield Entry(match["name"], first, end - 1)


def _directives(lines: Sequence[str], *, indented: bool) -> Iterator[Entry]:
    """Any other: a line that starts with a word, as far as its brackets or backslashes reach."""
    for row, line in enumerate(lines):
        match = _DIRECTIVE.match(line)
        if match and (indented or not match["indent"]):
            end, depth, quoted = row, 0, False
            while end < len(lines):
                quoted ^= len(re.findall(r"\"{3}|'{3}", lines[end])) % 2 == 1
                bare = re.sub(r"(['\"]).*?\1|//.*", "", lines[end])
                depth += sum(bare.count(mark) for mark in "([{") - sum(bare.count(mark) for mark in ")]}")
                if depth <= 0 and not quoted and not lines[end].rstrip().endswith("\\"):
                    break
                end += 1
            yield Entry(match["key"], row, min(end, len(lines) - 1))
