"""The documented definitions of a file: what their docstring or the comment before them says, and where."""

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from code_rag.rag_server.chunking import uses_of
from code_rag.rag_server.model import SourceFile

_COMMENT = re.compile(r"\s*(?:///?|//!|#(?!\[|!|include|define|if|end|el|pragma)|\*|/\*|--)")
_BETWEEN = re.compile(r"\s*(?:@\w|#\[|\[\w)")
"""Decorators, attributes and annotations, which stand between a comment and its definition."""
_MARKS = re.compile(r"^\s*(?:/\*+!?|\*+/|\*+|//[/!]?|#+|--+)?\s?|\s*\*+/\s*$")
MAX_COMMENT_LINES = 100

Named = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True, slots=True)
class Documented:
    """A definition with its documentation, which is in rows `[first, last)`."""

    symbol: str
    text: str
    first: int
    last: int


def documented(file: SourceFile) -> list[Documented]:
    """The documented definitions of a file, in order; none in a language without grammar."""
    starts = uses_of(file)[0].starts()
    if file.language == "python":
        names = {row: symbol for symbol, row in starts}
        return [each for each in _docstrings(file.text) if each.symbol in names.values()]
    return list(_comments(file.lines, starts))


def _docstrings(text: str) -> Iterator[Documented]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # of the file, such as an unknown escape
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    pending: list[tuple[ast.AST, str]] = [(tree, "")]
    while pending:
        parent, prefix = pending.pop()
        for node in ast.iter_child_nodes(parent):
            name = prefix
            if isinstance(node, Named):
                name = f"{prefix}.{node.name}" if prefix else node.name
                if (doc := ast.get_docstring(node)) and len(node.body) > 1:
                    string = node.body[0]
                    yield Documented(name, doc, string.lineno - 1, string.end_lineno or string.lineno)
            if not isinstance(node, ast.expr):
                pending.append((node, name))


def _comments(lines: Sequence[str], starts: Sequence[tuple[str, int]]) -> Iterator[Documented]:
    for symbol, row in starts:
        last = row
        while last and _BETWEEN.match(lines[last - 1]):
            last -= 1
        first = last
        while first and last - first < MAX_COMMENT_LINES and _COMMENT.match(lines[first - 1]):
            first -= 1
        if first < last:
            text = "\n".join(_MARKS.sub("", _MARKS.sub("", line, count=1)) for line in lines[first:last])
            yield Documented(symbol, text.strip(), first, last)
