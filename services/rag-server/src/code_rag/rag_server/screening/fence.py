"""Code blocks of an answer, written so that every Markdown reader sees the same lines as code.

A fence inside a list or behind spaces may be a code block or not, depending on what surrounds it, and end
where its list ends. At the start of a line there is no doubt, so that is where each is moved.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from code_rag.servicekit.wire.evidence import Block
from code_rag.servicekit.wire.markers import marker

_OPENING = re.compile(r"(?P<indent>[ \t]*)(?P<marks>`{3,}|~{3,})[ \t]*(?P<info>[^`]*)")
_WORD = re.compile(r"[\w+#.-]{0,30}")
_HEADER = re.compile(r"\W{0,4}\[([0-9]{1,9})\] +(\S+?)(?::([0-9]{1,9})(?:-([0-9]{1,9}))?)?(?: .*)?")
_WHOLE_ANSWER = {"markdown", "md"}


@dataclass(slots=True)
class Fence:
    """An open code block."""

    indent: int
    marks: str
    language: str
    blocks: Mapping[int, Block]
    _cited: list[str] = field(default_factory=list)

    @property
    def opening(self) -> str:
        """Its first line."""
        return f"{self.marks}{self.language}"

    @property
    def holds_the_answer(self) -> bool:
        """Whether it is no code but the answer itself, which some models put in a block."""
        return self.language.lower() in _WHOLE_ANSWER

    def is_left_by(self, line: str) -> bool:
        """Whether the line belongs to what surrounds the list that the fence is in."""
        return bool(line.strip()) and _indent(line) < self.indent

    def is_closed_by(self, line: str) -> bool:
        """Whether the line is its last."""
        line = line[min(self.indent, _indent(line)) :]
        mark = re.escape(self.marks[0])
        return re.fullmatch(rf" {{0,3}}{mark}{{{len(self.marks)},}}[ \t]*", line) is not None

    def code(self, line: str) -> str | None:
        """The line as it is shown; None for the header of a block, which is a citation and not code."""
        found = _HEADER.fullmatch(line)
        block = self.blocks.get(int(found[1])) if found else None
        if found is None or block is None or found[2] != block.path:
            return line[min(self.indent, _indent(line)) :]
        start, end = (int(found[3]), int(found[4] or found[3])) if found[3] else (None, None)
        self._cited.append(marker(block.number, start, end))
        return None

    def close(self) -> str:
        """Its last line, and the citations that stood inside."""
        cited = " ".join(dict.fromkeys(self._cited))
        return f"{self.marks}\n" + (f"\n{cited}\n" if cited else "")


def opened(line: str, blocks: Mapping[int, Block]) -> Fence | None:
    """The code block that a line opens."""
    found = _OPENING.fullmatch(line)
    if found is None:
        return None
    word = _WORD.match(found["info"])
    return Fence(len(found["indent"]), found["marks"], word[0] if word else "", blocks)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))
