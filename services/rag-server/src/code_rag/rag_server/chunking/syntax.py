"""Where to split source code: between the nodes of its syntax tree, the outer ones first."""

import re
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tree_sitter import Node, Parser, Point, Query, QueryCursor, Tree

from code_rag.rag_server.chunking.grammars import load_grammar
from code_rag.rag_server.chunking.outline import Definition
from code_rag.rag_server.chunking.parser_source import ParserSource
from code_rag.rag_server.chunking.references import NONE, References, reference_query, references_in

PARSE_SECONDS = 0.5
PARSE_BYTES_PER_SECOND = 400_000
"""Limit of CPU time for a file: a constant plus a share by size, several times what ordinary code needs."""

MAX_DEPTH = 10_000
"""Definitions deeper in the syntax tree are not looked for.

A query counts depths in 16 bits and takes quadratic time past 65,535 (`a.a.a`…). Nothing can stop it then:
py-tree-sitter 0.26 keeps a dangling pointer to the progress callback of a query.
"""

MAX_NESTING = 1_000
"""Open brackets. On broken code the parser's memory grows quadratically: 0.3 GB here, 1.2 GB at twice this.

The deepest of 21,700 files in 11 languages, comparisons counted as brackets, has 735.
"""

_LEADING = frozenset(
    {
        *("block_comment", "comment", "line_comment", "marginalia", "multiline_comment"),
        *("annotation", "attribute_item", "attribute_list", "decorator"),
        "unary_operator",  # Elixir's `@doc`
    }
)
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_BRACKET = re.compile(r"[(\[{<>}\])]")
_NOT_A_NAME = re.compile(r"<.*>|[\"`\[\]]")
_MAX_NAME = 200


class ParseError(Exception):
    """A file with a known grammar that cannot be parsed; the message says why."""


class Structure(NamedTuple):
    """What the syntax tree of a file says about it."""

    depths: list[int]
    """The depth of the boundary before each line."""
    definitions: list[Definition]
    references: References = NONE


def syntax_structure(lines: Sequence[str], language: str) -> Structure | None:
    """The structure of a file by its syntax tree; None for a language without grammar.

    A text with syntax errors is parsed as far as possible. Raises `ParseError` if parsing takes too long, if
    brackets are nested too deep, or if the grammar is not installed.
    """
    try:
        grammar = load_grammar(language)
    except ModuleNotFoundError as error:
        raise ParseError(f"The grammar {error.name} is not installed.") from error
    if grammar is None:
        return None
    parser, query = Parser(grammar[0]), grammar[1]
    source = "\n".join(lines)
    if _nesting(source) > MAX_NESTING:
        raise ParseError("Brackets are nested too deep to parse.")
    root = _parse(parser, _plain(source)).root_node
    definitions = _definitions(root, query, source)
    uses = reference_query(language)
    found = references_in(_matches(root, uses), source, language, definitions) if uses else NONE
    return Structure(_depths(root, len(lines)), definitions, found)


def _plain(source: str) -> bytes:
    # Bash's scanner, written in C, looks characters up in a table of 256: an emoji may crash the process.
    # With a letter for each non-ASCII character the tree is equivalent, and one byte is one character.
    return (source if source.isascii() else _NOT_ASCII.sub("x", source)).encode()


def _nesting(source: str) -> int:
    depth = deepest = 0
    for bracket in _BRACKET.findall(source):
        depth = depth + 1 if bracket in "([{<" else max(depth - 1, 0)
        deepest = max(deepest, depth)
    return deepest


def _parse(parser: Parser, source: bytes) -> Tree:
    deadline = time.thread_time() + PARSE_SECONDS + len(source) / PARSE_BYTES_PER_SECOND
    try:
        with ParserSource(source) as read:
            return parser.parse(
                read, progress_callback=lambda _offset, _has_error: time.thread_time() > deadline
            )
    except ValueError as error:
        raise ParseError("Parsing took too long.") from error


def _depths(root: Node, count: int) -> list[int]:
    """For each line twice the depth of the innermost node that spans the boundary before it.

    Plus one between a comment or decorator and the code that it belongs to.
    """
    depths = [0] * count
    pending = [(root, 0)]
    while pending:
        node, depth = pending.pop()
        first, last = _rows(node)
        row, leading, body = first - 1, None, node.child_by_field_name("body")
        for child in node.children:
            start, end = _rows(child)
            if start > row:
                # Do not split between a head and a body that starts on its own line.
                inner = 2 if child == body else leading == start - 1
                for boundary in range(max(row, first) + 1, start + 1):
                    depths[boundary] = depth + inner
                leading = end if child.type in _LEADING else None
            if end > start:
                pending.append((child, depth + 2))
            row = max(row, end)
        for boundary in range(max(row, first) + 1, last + 1):
            depths[boundary] = depth
    return depths


def _rows(node: Node) -> tuple[int, int]:
    """First and last row of the node; the line feed that ends it does not count."""
    first, (last, column) = node.start_point[0], node.end_point
    return first, last - 1 if column == 0 and last > first else last


def _definitions(root: Node, query: Query, source: str) -> list[Definition]:
    # The first pattern that matches a node is the most precise one.
    matches = sorted(_matches(root, query), key=lambda match: match[0])
    definitions = [_definition(captures, source) for _, captures in matches]
    return list({(found.start, found.end): found for found in reversed(definitions)}.values())


def _matches(root: Node, query: Query) -> Iterator[tuple[int, dict[str, list[Node]]]]:
    """All matches of the query, run node by node where the code has syntax errors.

    A query over an error node takes time quadratic in its children.
    """
    whole, single = QueryCursor(query), QueryCursor(query)
    whole.set_max_start_depth(MAX_DEPTH)
    single.set_max_start_depth(0)
    pending = [root]
    while pending:
        node = pending.pop()
        if node.has_error:
            pending.extend(child for child in node.children if child.is_named)
        if not node.is_error:
            yield from (single if node.has_error else whole).matches(node)


def _definition(captures: dict[str, list[Node]], source: str) -> Definition:
    name = _name(captures.pop("name")[0], source)
    if owner := captures.pop("owner", None):
        name = f"{_name(owner[0], source)}.{name}"
    kind, node = next((kind, nodes[0]) for kind, nodes in captures.items() if not kind.startswith("_"))
    return Definition(name, kind, node.start_point, _end(node))


def _end(node: Node) -> Point:
    """The end of a definition: in Dart the body is no part of the signature, it follows it."""
    body = node.next_named_sibling if node.type.endswith("_signature") else None
    return body.end_point if body and body.type == "function_body" else node.end_point


def _name(node: Node, source: str) -> str:
    """A name as one dotted word, without SQL's quotes, template arguments, `.prototype` and C++'s `::`."""
    text = " ".join(source[node.start_byte : node.end_byte].split())
    plain = text if "operator" in text else _NOT_A_NAME.sub("", text) or text
    return plain.replace("::", ".").replace(".prototype.", ".")[:_MAX_NAME]
