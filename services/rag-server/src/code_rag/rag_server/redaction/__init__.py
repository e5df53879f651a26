"""Takes secrets out of a text: each is replaced by its kind, in its line, so that line numbers stay.

Rules of three sorts find them, each by a search that costs little where there is none: tokens whose form says
who issues them (`tokens`), values after names such as `password` (`assignments`), and the places where
protocols keep credentials (`credentials`, `manifests`).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from code_rag.rag_server.model import Secret
from code_rag.rag_server.redaction.assignments import find_assigned
from code_rag.rag_server.redaction.credentials import find_credentials
from code_rag.rag_server.redaction.manifests import find_in_manifests
from code_rag.rag_server.redaction.span import MARKER, Span
from code_rag.rag_server.redaction.tokens import find_tokens

Find = Callable[[str], Iterator[Span]]

_SEARCHES: Sequence[Find] = (find_tokens, find_credentials, find_in_manifests, find_assigned)
"""The most telling first: where two find the same, the first one names it."""


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text with as many lines as the original, and what was taken out of it."""

    text: str
    secrets: tuple[Secret, ...]


def redact(text: str) -> Redacted:
    """`text` with `[redacted: kind]` in the place of each secret; redacting the result changes nothing."""
    secrets: list[Secret] = []
    # What was next to a secret may be recognised once that is gone. Each pass leaves less of the original
    # than the one before, so there is a last one.
    while spans := _apart(text, chain.from_iterable(find(text) for find in _SEARCHES)):
        secrets += _secrets(text, spans)
        text = "".join(_pieces(text, spans))
    return Redacted(text, tuple(sorted(secrets, key=lambda secret: secret.line)))


def _secrets(text: str, spans: Sequence[Span]) -> Iterator[Secret]:
    line, place = 1, 0
    for span in spans:
        line += text.count("\n", place, span.start)
        place = span.start
        if span.counts:
            yield Secret(line, span.kind)


def _apart(text: str, spans: Iterable[Span]) -> list[Span]:
    """The spans in order, those that overlap as one, without those that overlap a marker."""
    found = [span for span in spans if span.start < span.end]
    if not found:
        return []
    is_marker = bytearray(len(text))
    for match in MARKER.finditer(text):
        is_marker[match.start() : match.end()] = b"\1" * len(match[0])
    apart: list[Span] = []
    for span in sorted(found, key=lambda span: span.start):  # equal ones in the order of the searches
        if any(is_marker[span.start : span.end]):
            continue
        if apart and span.start < apart[-1].end:
            apart[-1] = apart[-1]._replace(end=max(span.end, apart[-1].end))
        else:
            apart.append(span)
    return apart


def _pieces(text: str, spans: Sequence[Span]) -> Iterator[str]:
    end = 0
    for span in spans:
        yield text[end : span.start]
        yield f"[redacted: {span.kind}]"
        end = span.end
    yield text[end:]
