"""Splits a file into chunks along its structure; each non-blank line is in exactly one chunk."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from code_rag.rag_server.chunking.components import COMPONENTS, component_structure
from code_rag.rag_server.chunking.lines import indentation_depths
from code_rag.rag_server.chunking.markdown import markdown_structure
from code_rag.rag_server.chunking.outline import Outline
from code_rag.rag_server.chunking.packing import pack
from code_rag.rag_server.chunking.references import NONE, References
from code_rag.rag_server.chunking.syntax import ParseError, Structure, syntax_structure
from code_rag.rag_server.model import Chunk, SourceFile, chunk_id

_EMPTY = Outline([], "lines")

Method = Literal["syntax", "markdown", "lines"]


@dataclass(frozen=True, slots=True)
class Chunking:
    """The chunks of a file and how they were found."""

    chunks: tuple[Chunk, ...]
    method: Method
    fallback: str = ""
    """Why a file whose language has a grammar was split by lines; empty if it was not."""


def chunk_file(file: SourceFile) -> Chunking:
    """Split a file by its grammar, by its headings, or by blank lines and indentation.

    A file that cannot be parsed is split by lines and `fallback` says why.
    """
    lines = file.lines
    if file.language == "markdown":
        depths, sections = markdown_structure(lines)
        return Chunking(_chunks(file, lines, depths, Outline(sections, "section")), "markdown")
    fallback = ""
    try:
        if structure := _structure(lines, file.language):
            outline = Outline(structure.definitions, "module")
            chunks = _chunks(file, lines, structure.depths, outline, structure.references)
            return Chunking(chunks, "syntax")
    except ParseError as error:
        fallback = str(error)
    return Chunking(_chunks(file, lines, indentation_depths(lines), Outline([], "lines")), "lines", fallback)


def uses_of(file: SourceFile) -> tuple[Outline, References]:
    """The definitions, uses and imports of a file; none where it cannot be parsed."""
    try:
        structure = _structure(file.lines, file.language)
    except ParseError:
        structure = None
    return (Outline(structure.definitions, "module"), structure.references) if structure else (_EMPTY, NONE)


def _structure(lines: Sequence[str], language: str) -> Structure | None:
    return component_structure(lines) if language in COMPONENTS else syntax_structure(lines, language)


def _chunks(
    file: SourceFile,
    lines: Sequence[str],
    depths: Sequence[int],
    outline: Outline,
    references: References = NONE,
) -> tuple[Chunk, ...]:
    runs = pack(lines, depths, outline.rows)
    chunks = []
    for ordinal, (start, end) in enumerate(runs):
        text = "\n".join(lines[start:end])
        names, symbol, kind = outline.describe(start, end)
        chunk = Chunk(
            id=chunk_id(file.path, ordinal, text),
            path=file.path,
            language=file.language,
            start_line=start + 1,
            end_line=end,
            symbol=symbol,
            kind=kind,
            text=text,
            file_digest=file.digest,
            file_chunks=len(runs),
            symbols=names,
            references=references.names(start, end),
        )
        chunks.append(chunk)
    return tuple(chunks)
