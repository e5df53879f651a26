"""Passes a model's answer on as it is written, without foreign links, HTML or invented citations.

The text of a model is not trusted: code that it read may have asked for an image that reports to someone.
Whatever the pieces it arrives in, what comes out is the same, and any Markdown reader finds no link, image
or HTML in it. Markers come out in the one form of `wire/markers.py`, and only for blocks that are there.
"""

from collections.abc import Iterable, Sequence

from code_rag.rag_server.screening.fence import Fence, opened
from code_rag.rag_server.screening.prose import Prose
from code_rag.rag_server.screening.removals import Removals
from code_rag.rag_server.screening.urls import Urls
from code_rag.servicekit.wire.evidence import Block

OWN_QUESTION = ("Question:", "Context, as numbered blocks of source code:")
"""A line that starts so is the prompt's: the model has finished its answer and plays the user."""


class Screen:
    """Screens one answer about `blocks`; `known` are further texts whose URLs may be named."""

    def __init__(self, blocks: Sequence[Block], known: Iterable[str] = ()) -> None:
        self.removals = Removals()
        self._blocks = {block.number: block for block in blocks}
        lines = ("\n".join(block.lines) for block in blocks)
        self._urls = Urls("\n".join((*lines, *known)), self.removals)
        self._prose = Prose(self._blocks, self._urls, self.removals)
        self._fence: Fence | None = None
        self._wrapper: Fence | None = None
        self._rest = ""
        self._in_line = False
        self._over = False
        self._empty = True

    def feed(self, piece: str) -> str:
        """What may be shown now that `piece` has arrived."""
        text = self._rest + piece
        held = "\r" if text.endswith("\r") else ""  # it may be half of a line ending
        lines = text.removesuffix(held).replace("\r\n", "\n").replace("\r", "\n").split("\n")
        self._rest = lines.pop()
        shown = "".join(map(self._line, lines)) + self._start_of_line()
        self._rest += held
        return shown

    def finish(self) -> str:
        """The rest of the answer; an open code block is closed."""
        shown = self._line(self._rest.removesuffix("\r")).removesuffix("\n") if self._rest else ""
        self._rest = ""
        if self._fence:
            shown = f"{shown}\n{self._fence.close()}".removesuffix("\n")
            self._fence = None
        return shown

    def _line(self, line: str) -> str:
        """A line that is complete, or its rest if its start was shown already."""
        if self._over or (self._empty and not line.strip()):
            return ""
        if self._in_line:
            self._in_line = False
            return f"{self._prose.rest(line)}\n"
        if line.startswith(OWN_QUESTION):
            self._over = self.removals.went_on = True
            return ""
        first, self._empty = self._empty, False
        return self._code(line) if self._fence else self._no_code(line, first=first)

    def _no_code(self, line: str, *, first: bool) -> str:
        """A line outside of code blocks, or the one that opens one."""
        if self._wrapper and self._wrapper.is_closed_by(line):
            self._wrapper = None
            return ""
        fence = opened(line, self._blocks)
        if fence is None:
            return f"{self._prose.line(line)}\n"
        if first and fence.holds_the_answer:
            self._wrapper = fence
            return ""
        self._fence = fence
        return f"{fence.opening}\n"

    def _code(self, line: str) -> str:
        """A line inside a code block, or the one that ends it."""
        assert self._fence  # noqa: S101
        if self._fence.is_left_by(line):
            closing, self._fence = self._fence.close(), None
            return closing + self._line(line)
        if self._fence.is_closed_by(line):
            closing, self._fence = self._fence.close(), None
            return closing
        code = self._fence.code(line)
        return "" if code is None else f"{self._urls.in_code(code)}\n"

    def _start_of_line(self) -> str:
        """What can be shown of a line that is still being written."""
        start = self._rest.lstrip()
        may_be_fence = start[:1] in ("`", "~") and not start[:3].strip(start[0])
        undecided = not start or may_be_fence or any(own.startswith(start[:9]) for own in OWN_QUESTION)
        if self._fence or self._over or (undecided and not self._in_line):
            return ""
        shown, waiting = self._prose.start(self._rest, continues=self._in_line)
        if waiting != self._rest:
            self._in_line, self._empty = True, False
        self._rest = waiting
        return shown
