"""Stack traces: their frames, the one in which it was raised first, whatever order they were printed in."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from code_rag.rag_server.pasted.frames import Frame, leaf

_LATER_FIRST = re.compile(r"Traceback \(most recent call last\)|Caused by: |^\d+ -{10,}$")
_LATER_LAST = re.compile(r"Suppressed: |--- End of inner exception|goroutine \d+ \[")
_IS_CAUSE = re.compile(r"The above exception was the direct cause")
_CALLED = re.compile(
    r"(?:created by |\d+: (?:0x[0-9a-f]+ - )?)?(?P<symbol>[\w./:<>()*{}\[\]@&' -]{1,400}?)(?:\([^()]*\))?"
)
NUMBERED = re.compile(r"(\d{1,7})\s{0,5}\|\s?(.*)")
"""A line of source as compilers print it: `12 |     return total`."""
WITHOUT_SYMBOL = (".go", ".rs")
"""Files of languages that print the function on the line before its place."""


@dataclass(slots=True)
class _Stack:
    deepest_last: bool = False
    frames: list[Frame] = field(default_factory=list)


@dataclass(slots=True)
class Stacks:
    """The stack traces of a text, gathered line by line; the one with the cause comes first."""

    _stacks: list[_Stack] = field(default_factory=lambda: [_Stack()])
    _at: int = 0
    _cause_is_above: bool = False

    def starts(self, line: str) -> bool:
        """Whether the line starts a trace, or says how two belong together."""
        if _IS_CAUSE.match(line):
            self._cause_is_above = True
            return True
        if match := _LATER_FIRST.search(line) or _LATER_LAST.search(line):
            self._start(first=match.re is _LATER_FIRST and not self._cause_is_above)
            self._cause_is_above = False
            return True
        return False

    def add(self, frame: Frame, before: str, after: str, *, deepest_last: bool) -> bool:
        """Add a frame between two other lines; whether the line after it is its source."""
        if not frame.symbol and frame.path.endswith(WITHOUT_SYMBOL) and (called := _CALLED.fullmatch(before)):
            frame = replace(frame, symbol=leaf(called["symbol"]))
        source = source_of(frame.line, after) if not deepest_last else after
        stack = self._stacks[self._at]
        if stack.frames and stack.deepest_last != deepest_last:
            self._start(first=True)
            stack = self._stacks[self._at]
        stack.deepest_last = deepest_last
        stack.frames.append(replace(frame, source=source))
        return bool(source)

    def found(self) -> tuple[tuple[Frame, ...], ...]:
        """The traces with frames, deepest frame first, each frame once."""
        ordered = (stack.frames[::-1] if stack.deepest_last else stack.frames for stack in self._stacks)
        return tuple(tuple(_once(frames)) for frames in ordered if frames)

    def _start(self, *, first: bool) -> None:
        if not self._stacks[self._at].frames:
            return
        self._at = 0 if first else len(self._stacks)
        self._stacks.insert(self._at, _Stack())


def source_of(line: int, after: str) -> str:
    """The source of a line if `after`, below it, shows that line; else empty."""
    match = NUMBERED.match(after)
    return match[2].strip() if match and int(match[1]) == line else ""


def _once(frames: Sequence[Frame]) -> list[Frame]:
    return list({(frame.path, frame.line): frame for frame in frames}.values())
