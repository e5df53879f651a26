"""The values of Kubernetes Secrets, whatever they look like."""

import re
from collections.abc import Iterator

from code_rag.rag_server.redaction.span import Span

_KIND = re.compile(r"^[ \t]*(?:- )?[\"']?kind[\"']?:[ \t]*[\"']?Secret[\"']?[ \t]*,?[ \t\r]*$", re.MULTILINE)
_SECTION = re.compile(r"([ \t]*)[\"']?(?:data|stringData)[\"']?:[ \t]*\{?[ \t\r]*$")
_ENTRY = re.compile(
    r"[ \t]*[\"']?[\w.-]+[\"']?[ \t]*:[ \t]*(?:[|>][+-]?\d?[ \t\r]*$|[\"']?(?P<value>[^\s\"'{}$#][^\s\"']*))"
)
_TEXT = re.compile(r"[ \t]*(?P<value>\S(?:.*\S)?)")
_EDGE = re.compile(r"^(?:---|\.\.\.)[^\n]*$", re.MULTILINE)


def find_in_manifests(text: str) -> Iterator[Span]:
    """Each value under `data` and `stringData` of a document whose kind is Secret."""
    if "Secret" not in text or "kind" not in text:
        return
    for start, end in _documents(text):
        if _KIND.search(text, start, end):
            yield from _values(text, start, end)


def _documents(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for edge in _EDGE.finditer(text):
        yield start, edge.start()
        start = edge.end()
    yield start, len(text)


def _values(text: str, start: int, end: int) -> Iterator[Span]:
    depth = -1  # how far the section is indented; negative outside of one
    entries = -1  # how far its entries are
    while start < end:
        stop = text.find("\n", start, end)
        line = text[start : stop if stop >= 0 else end]
        indent = len(line) - len(line.lstrip())
        if line.strip() and depth >= 0 and indent > depth:
            entries = indent if entries < 0 else entries
            match = _ENTRY.match(line) if indent == entries else _TEXT.match(line)
            if match and match["value"]:
                counts = indent == entries
                yield Span(
                    start + match.start("value"), start + match.end("value"), "Kubernetes secret", counts
                )
        elif line.strip():
            section = _SECTION.match(line)
            depth, entries = (indent, -1) if section else (-1, -1)
        start += len(line) + 1
