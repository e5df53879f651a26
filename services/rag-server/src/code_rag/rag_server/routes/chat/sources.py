"""What a chat shows below an answer, so that it stands by itself: its sources, and what is in doubt."""

import re
from collections.abc import Iterator, Sequence

from code_rag.rag_server.answer import Answer, AnswerState, Citation
from code_rag.rag_server.model import Hit
from code_rag.rag_server.routes.chat.links import link
from code_rag.servicekit.wire.evidence import visible
from code_rag.servicekit.wire.markers import Reference, parse

_STATES: dict[AnswerState, str] = {
    "unsure": "Unsure: these are the nearest places, and they may not answer the question.",
    "not_found": "Not found in the indexed code.",
    "unsupported": "Not supported by any source: the answer cites no line of the code.",
}
_FENCE = re.compile(r"^ {0,3}(`{3,}(?=[^`\n]*$)|~{3,})", re.MULTILINE)


def appendix(answer: Answer, shown: str, page: str) -> str:
    """The sources of what is `shown`, the answer's state in words, and what was unavailable, each once."""
    sources = "\n".join(dict.fromkeys(_sources(answer, shown, page)))
    state = _STATES.get(answer.state, "")
    notes = [
        f"Sources:\n{sources}" if sources else "",
        "" if state.partition(":")[0].rstrip(".").lower() in shown.lower() else state,
        f"Searched for: {visible(answer.understood)}" if answer.understood else "",
        *(f"Note: {visible(reason)}" for reason in dict.fromkeys(answer.degraded) if reason not in shown),
    ]
    below = "".join(f"\n\n{note}" for note in notes if note)
    return closing(shown) + below if below else ""


def closing(text: str) -> str:
    """What ends the code block that `text` leaves open, so that what follows is not part of it."""
    open_fence = ""
    for match in _FENCE.finditer(text):
        fence = match[1]
        if not open_fence:
            open_fence = fence
        elif fence.startswith(open_fence):
            open_fence = ""
    return f"\n{open_fence}" if open_fence else ""


def _sources(answer: Answer, shown: str, page: str) -> Iterator[str]:
    """A line for each place that is cited, with the number that its markers have."""
    checked = dict(zip(parse(answer.text), answer.citations, strict=False))
    for reference in parse(shown):
        if citation := checked.get(reference):
            yield f"- {_source(reference, citation, answer.hits, page)}"


def _source(reference: Reference, citation: Citation, hits: Sequence[Hit], page: str) -> str:
    if not citation.path:
        return f"[{reference.block}] does not exist: {citation.reason}"
    start, end = citation.start_line, citation.end_line
    place = _code(f"{citation.path}:{start}-{end}")
    if citation.state == "missing":
        return f"[{reference.block}] {place} does not exist: {citation.reason}"
    linked = f"[{place}]({link(page, citation.path, start, end)})" if page else place
    symbol = _symbol(citation, hits)
    doubt = f" ({citation.reason})" if citation.reason else ""
    return f"[{reference.block}] {linked}" + (f" {_code(symbol)}" if symbol else "") + doubt


def _symbol(citation: Citation, hits: Sequence[Hit]) -> str:
    """What the chunk is called in which the place begins."""
    chunks = (hit.chunk for hit in hits if hit.chunk.path == citation.path)
    names = (chunk.symbol for chunk in chunks if chunk.start_line <= citation.start_line <= chunk.end_line)
    return next(names, "")


def _code(name: str) -> str:
    """As inline code, in which no character of a name is read as Markdown."""
    return f"`{visible(name).replace('`', chr(39))}`"
