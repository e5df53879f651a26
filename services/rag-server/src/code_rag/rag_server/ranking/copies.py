"""One text once: chunks with the same text become one hit that names the other places."""

from collections.abc import Sequence
from dataclasses import replace

from code_rag.rag_server.model import Chunk, Hit, Place


def collapse(hits: Sequence[Hit]) -> list[Hit]:
    """The first hit of each text, with the places of the others; `hits` come best first.

    Texts are the same if they differ only in white space at the ends of lines.
    """
    groups: dict[str, list[Hit]] = {}
    for hit in hits:
        groups.setdefault(_text(hit.chunk), []).append(hit)
    return [
        replace(first, copies=tuple(_place(other.chunk) for other in others))
        for first, *others in groups.values()
    ]


def _text(chunk: Chunk) -> str:
    return "\n".join(line.rstrip() for line in chunk.text.split("\n")).strip("\n")


def _place(chunk: Chunk) -> Place:
    return Place(chunk.path, chunk.start_line, chunk.end_line)
