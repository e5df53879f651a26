"""Checks the citation markers of an answer against the evidence and the code as it is now."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from code_rag.rag_server.answer import Citation, CitationState
from code_rag.rag_server.citing.claims import Claim, claims
from code_rag.rag_server.citing.support import doubt
from code_rag.servicekit.wire import markers
from code_rag.servicekit.wire.evidence import Block
from code_rag.servicekit.wire.markers import Reference

Lines = Sequence[str]
ReadLines = Callable[[str], Lines | None]
"""The current lines of a file of the codebase; None if it no longer exists."""


def cite(answer: str, blocks: Sequence[Block], read_lines: ReadLines) -> tuple[Citation, ...]:
    """Each reference as a citation.

    Its place exists if the evidence contains it and the file is unchanged there. It supports the answer if
    it supports each claim that it stands behind.
    """
    by_number = {block.number: block for block in blocks}
    references = markers.parse(answer)
    cited = {by_number[r.block].path for r in references if r.block in by_number}
    now = {path: read_lines(path) for path in cited}
    places = {r: _citation(r, by_number.get(r.block), now) for r in references}
    found = {r: _lines(r, by_number[r.block]) for r, place in places.items() if place.state != "missing"}
    for claim in claims(answer, (r.marker for r in found)):
        _doubt(claim, found, places)
    return tuple(places.values())


def _citation(reference: Reference, block: Block | None, now: Mapping[str, Lines | None]) -> Citation:
    if block is None:
        reason = f"there is no block {reference.block}"
        return Citation(reference.marker, "", 0, 0, "missing", reason)
    start = block.start_line if reference.start is None else reference.start
    end = block.end_line if reference.end is None else reference.end
    reason = _objection(block, start, end, now[block.path])
    state: CitationState = "missing" if reason else "supported"
    return Citation(reference.marker, block.path, start, end, state, reason)


def _objection(block: Block, start: int, end: int, now: Lines | None) -> str:
    """Why lines `start` to `end` of the block are not there; empty if they are."""
    if end < start:
        return f"line range {start}-{end} ends before it starts"
    if start < block.start_line or end > block.end_line:
        return f"block {block.number} contains only lines {block.start_line}-{block.end_line}"
    if now is None:
        return "the file no longer exists"
    cited = (now[start - 1 : end], block.excerpt(start, end).lines)
    # Lines of white space between two chunks are in neither, so an excerpt has them empty.
    if [line.rstrip() for line in cited[0]] != [line.rstrip() for line in cited[1]]:
        return "the file has changed since it was indexed"
    return ""


def _lines(reference: Reference, block: Block) -> Block:
    """The cited lines."""
    if reference.start is None or reference.end is None:
        return block
    return block.excerpt(reference.start, reference.end)


def _doubt(claim: Claim, found: Mapping[Reference, Block], places: dict[Reference, Citation]) -> None:
    """Mark the citations of a claim that do not clearly support it."""
    behind = [reference for reference in found if reference.marker in claim.markers]
    together = [found[reference] for reference in behind]
    for reference in behind:
        if reason := doubt(claim, found[reference], together):
            places[reference] = replace(places[reference], state="exists", reason=reason)
