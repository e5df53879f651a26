"""Where the line of a frame is in the file as it is indexed, which may have changed since."""

from collections.abc import Sequence
from dataclasses import dataclass

from code_rag.rag_server.chunking.outline import Outline
from code_rag.rag_server.pasted.frames import Frame

MIN_SOURCE_CHARS = 8
"""A shorter line, such as `pass`, may stand anywhere."""


@dataclass(frozen=True, slots=True)
class Placed:
    """The line of a frame, and whether the file confirms that it is that line."""

    line: int
    is_confirmed: bool


def place(frame: Frame, lines: Sequence[str], outline: Outline) -> Placed | None:
    """The line by its printed text, else by the function, else by its number; None where it cannot be.

    Of several lines with the text the nearest is meant, inside the function where it stands there.
    """
    names = [(name.rpartition(".")[2], row + 1) for name, row in outline.starts()]
    starts = [line for name, line in names if name == frame.symbol]
    same = [number for number, line in enumerate(lines, 1) if frame.source and line.strip() == frame.source]
    if same:
        inside = [number for number in same if _is_inside(outline, number, frame.symbol)]
        nearest = min(inside or same, key=lambda number: abs(number - frame.line))
        return Placed(nearest, len(frame.source) >= MIN_SOURCE_CHARS)
    if frame.line <= len(lines) and _is_inside(outline, frame.line, frame.symbol):
        return Placed(frame.line, is_confirmed=True)
    if starts:
        return Placed(min(starts, key=lambda line: abs(line - frame.line)), is_confirmed=False)
    return Placed(frame.line, is_confirmed=False) if 0 < frame.line <= len(lines) else None


def _is_inside(outline: Outline, line: int, symbol: str) -> bool:
    return bool(symbol) and symbol in outline.enclosing(line - 1).split(".")
