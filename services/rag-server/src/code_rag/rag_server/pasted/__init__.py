"""Reads what people paste into a question: stack traces, compilers' messages, log lines and code."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from code_rag.rag_server.pasted.frames import MAX_LINE_CHARS, Frame, bare, places, stack_frame
from code_rag.rag_server.pasted.stacks import NUMBERED, WITHOUT_SYMBOL, Stacks, source_of

MAX_FRAMES = 100
MAX_MESSAGES = 5
QUOTED_WORDS = 3
"""Quoted text with fewer words is a name or a value rather than a message."""

_FENCE = re.compile(r"(?:`{3,}|~{3,})[^`]{0,100}$")
_ERROR = re.compile(
    r"""
      [\w.$\\:]{0,200} \b (?: [A-Z]\w* )? (?:Error|Exception|Warning|Exit|Interrupt|Failure|Fault|Panic)
        (?: \s \[ \w+ \] )? (?: : \s | $ )
    | (?: fatal \s )? (?:error|panic|warning) (?: \[\w+\] | \s [A-Z]+\d+ )? : \s
    | Exception \s in \s | Caused \s by: | Uncaught \s | Unhandled \s | Suppressed: | E \s{2,}
    | (?:PHP \s)? Fatal \s error: | (?: thread \s '[^']{0,100}' \s )? panicked \s at | FAILED \s | npm \s ERR!
    """,
    re.VERBOSE,
)
_BELOW_TRACE = re.compile(r"[A-Za-z_][\w.]{0,200}(?::\s.*)?$")
"""The line below a Python traceback, whatever the exception is named."""
_NAMED_MESSAGE = re.compile(r"[A-Z]\w{2,100}: \S")
"""What may be an exception of any name, or the beginning of a sentence."""
_LOGGED = re.compile(
    r"""
      \W? (?: \d{4}[-/]\d\d[-/]\d\d | \d\d:\d\d:\d\d | (?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \s
        | [A-Z][a-z]{2} \s{1,2} \d{1,2} \s \d\d: )
    | \W? (?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL|CRITICAL) \b
    | \{ " | (?:time|ts|level|lvl)=
    """,
    re.VERBOSE,
)
_LINTED = re.compile(r"(?P<line>\d{1,7}):\d{1,7}\s+(?:error|warning)\s+(?P<message>.*)")
_PATH_ONLY = re.compile(r"\S{0,500}[\w-]\.[A-Za-z]\w{0,9}")
_QUOTED = re.compile(r'"([^"\n]{8,300})"|“([^”\n]{8,300})”|`([^`\n]{8,300})`')
_CODE = re.compile(
    r"(?:\s{4}|\t)\s*\S"
    r"|\s*(?:def|class|if|for|while|with|try|else)\b[^?]*:$|\s*(?:import|from) [\w.]+$|\s*(?://|/\*|\#include)"
    r"|.*[;{]$|\s*[})\]]+[;,]?$"
)
_DECORATION = re.compile(
    r"[\W\d_]*$|\d+ passed|stack backtrace:|Stack trace:|During handling of the above"
    r"|\.\.\. \d+ (?:common )?(?:more|frames)|\[Previous line repeated|note: run with|\#\d+ \{main\}"
)
_BEFORE_PLACE = re.compile(r"(?:at |from |in )?")


@dataclass(slots=True)
class Pasted:
    """A question taken apart."""

    stacks: tuple[tuple[Frame, ...], ...] = ()
    """Stack traces, the deepest frame of each first, the trace of the cause first."""
    places: list[Frame] = field(default_factory=list)
    """Places named otherwise, in order."""
    messages: list[str] = field(default_factory=list)
    """Errors, lines of a log and longer quotations, in order."""
    prose: list[str] = field(default_factory=list)
    """The other lines."""
    code: list[str] = field(default_factory=list)


def read(text: str) -> Pasted:
    """Take a question apart; one without anything pasted is nothing but prose."""
    lines = text.splitlines()
    reader = _Reader(lines, [bare(line) for line in lines])
    for number in range(len(lines)):
        reader.take(number)
    found = reader.found
    found.stacks = reader.stacks.found()
    quoted = (next(filter(None, groups)) for groups in _QUOTED.findall("\n".join(found.prose)))
    found.messages += [quote for quote in quoted if len(quote.split()) >= QUOTED_WORDS]
    found.messages += [line for line in found.prose if _NAMED_MESSAGE.match(line)]
    found.messages = list(dict.fromkeys(found.messages))[-MAX_MESSAGES:]
    return found


@dataclass(slots=True)
class _Reader:
    """Reads line by line; `bare` has each without margins."""

    lines: Sequence[str]
    bare: Sequence[str]
    stacks: Stacks = field(default_factory=Stacks)
    found: Pasted = field(default_factory=Pasted)
    _is_fenced: bool = False
    _is_trace: bool = False
    """The line before belongs to a stack trace."""
    _frames: int = 0
    _read_to: int = 0
    """Lines with lower numbers are read."""
    _path: str = ""
    """The file that the lines below are about."""

    def take(self, number: int) -> None:
        """Read a line."""
        line = self.bare[number]
        if number < self._read_to:
            return
        if _FENCE.match(line):
            self._is_fenced = not self._is_fenced
        elif self.stacks.starts(line):
            self._is_trace = True
            if _ERROR.match(line):
                self._message(line)
        elif stacked := stack_frame(line):
            self._stack_frame(number, *stacked)
        elif not self._is_decoration(number) and not self._pasted(number):
            raw = self.lines[number][:MAX_LINE_CHARS]
            is_code = self._is_fenced or (len(self.lines) > 1 and _CODE.match(raw))
            if is_code:
                self.found.code.append(line)
            else:
                self.found.prose.append(self.lines[number].strip())

    def _is_decoration(self, number: int) -> bool:
        line = self.bare[number]
        if _DECORATION.match(line) or NUMBERED.match(line) or (self._is_trace and line.startswith("at ")):
            return True
        following = stack_frame(self.bare[number + 1]) if number + 1 < len(self.bare) else None
        return bool(following and following[0].path.endswith(WITHOUT_SYMBOL) and not _ERROR.match(line))

    def _stack_frame(self, number: int, frame: Frame, deepest_last: bool) -> None:
        self._is_trace = True
        self._frames += 1
        line = self.bare[number]
        if ":in " in line:  # Ruby says what went wrong on the line of the first frame
            self._message(line.partition("': ")[2])
        if self._frames <= MAX_FRAMES:
            before = self.bare[number - 1] if number else ""
            if self.stacks.add(frame, before, self._after(number), deepest_last=deepest_last):
                self._read_to = number + 2

    def _after(self, number: int) -> str:
        """The next line, if it is indented and no frame."""
        if number + 1 == len(self.lines):
            return ""
        raw, line = self.lines[number + 1].lstrip(" |+"), self.bare[number + 1]
        is_indented = len(raw) + 2 < len(self.lines[number + 1])
        return line if is_indented and not stack_frame(line) else ""

    def _pasted(self, number: int) -> bool:
        """Read a line that is a message, or begins with a place; whether it was one."""
        is_trace, self._is_trace = self._is_trace, False
        line = self.bare[number]
        if self._path and (linted := _LINTED.match(line)):
            self.found.places.append(Frame(self._path, int(linted["line"])))
            self._message(linted["message"])
            return True
        self._path = line if _PATH_ONLY.fullmatch(line) else self._path
        is_error = bool(_ERROR.match(line)) or (is_trace and bool(_BELOW_TRACE.match(line)))
        begins = self._places(number, is_error=is_error)
        if is_error or _LOGGED.match(line):
            self._message(line)
            if "panicked at" in line and line.endswith(":"):  # Rust says why on the next line
                self._message(" ".join(self.bare[number + 1 : number + 2]))
                self._read_to = number + 2
            return True
        return begins

    def _places(self, number: int, *, is_error: bool) -> bool:
        """Read the places that a line names; whether it begins with one, as a compiler's message does."""
        line = self.bare[number]
        named = places(line)
        for frame, _ in named[: max(0, MAX_FRAMES - len(self.found.places))]:
            if is_error:  # where it was raised, of which the stack trace below has the callers
                self.stacks.add(frame, "", "", deepest_last=False)
            else:
                self.found.places.append(self._with_source(frame, number))
        match = _BEFORE_PLACE.match(line)
        if not named or not match or match.end() != line.find(named[0][0].path):
            return False
        rest = line[named[0][1] :]
        if len(self.lines) == 1 and not rest.startswith(":"):
            return False
        self._message(rest.lstrip(":0123456789, "))
        return True

    def _with_source(self, frame: Frame, number: int) -> Frame:
        following = self.bare[number + 1 : number + 4]
        source = next(filter(None, (source_of(frame.line, after) for after in following)), "")
        is_header = self.bare[number] == f"{frame.path}:{frame.line}"  # as Node prints it, with carets below
        if not source and is_header and len(following) > 1 and not following[1].strip("^~ "):
            source, self._read_to = following[0], number + 2
        return Frame(frame.path, frame.line, frame.symbol, source)

    def _message(self, text: str) -> None:
        if any(map(str.isalpha, text)):
            self.found.messages.append(text)
