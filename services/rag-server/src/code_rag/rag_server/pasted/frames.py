"""A frame: one line of a stack trace, a compiler's message or a log that names a file and a line."""

import re
from dataclasses import dataclass

MAX_LINE_CHARS = 2000
"""The rest of a longer line is not read."""

_PREFIX = re.compile(
    r"""
      (?: (?=[\d.-]{0,20}[A-Za-z]) [\w.-]{1,60} \s{0,20} \| \s )?    # the container, in the logs of several
      [\s|+>-]{0,80}                        # the margin of an exception group, the mark of a failing test
    """,
    re.VERBOSE,
)
_COLOUR = re.compile("\x1b\\[[0-9;]{0,20}m")
_PATH = r"(?P<path>(?:[A-Za-z]:)?[\w./\\@+~\[\]-]{0,500}\.[A-Za-z]\w{0,9})"
_LINE = r"(?P<line>\d{1,7})"
_STACK = (
    re.compile(rf'File "(?P<path>[^"]{{1,500}})", line {_LINE}(?:, in (?P<symbol>[^\s,]{{1,200}}))?'),
    re.compile(
        rf"at (?:[\w.$@-]{{1,100}}/)*(?P<owner>[\w.$]{{1,300}})\.(?P<symbol>[\w$<>-]{{1,200}})"
        rf"\((?P<path>[\w$-]{{1,200}}\.[a-z]{{1,10}}):{_LINE}\)"
    ),
    re.compile(rf"at (?P<symbol>[^()]{{1,400}})\([^()]{{0,400}}\) in (?P<path>.{{1,500}}):line {_LINE}"),
    re.compile(
        r"(?:at (?:async )?(?:new )?(?:(?P<symbol>[^\s()]{1,200}) (?:\[as \w+\] )?\()?"
        r"|(?P<at>[\w$.<>/]{0,200})@)"
        rf"(?P<path>[^()]{{1,500}}):{_LINE}:\d{{1,7}}\)?$"
    ),
    re.compile(
        rf"(?:\d+: )?(?:from )?(?P<path>(?:[A-Za-z]:)?[^\s:]{{1,500}}):{_LINE}"
        r":in [`'](?P<symbol>[^`']{1,200})'"
    ),
    re.compile(rf"\#\d+ (?P<path>[^()]{{1,500}})\({_LINE}\): "),
    re.compile(
        rf"\#\d+\s+(?:0x[0-9a-f]+ )?(?:in )?(?P<symbol>[^\s()]{{1,200}})(?: ?\(.{{0,300}}\))? (?:at )?"
        rf"(?P<path>\S{{1,500}}?):{_LINE}(?::\d+)?$"
    ),
    re.compile(rf"(?P<path>\S{{1,500}}\.go):{_LINE}(?: \+0x[0-9a-f]+)?$"),
    re.compile(rf"{_PATH}:{_LINE}: (?:in (?P<symbol>\w{{1,200}})|[A-Z]\w*(?:Error|Exception|Failed)?)$"),
)
_DEEPEST_LAST = (_STACK[0], _STACK[-1])
_PLACE = re.compile(
    rf"(?<![\w./\\@+~\[\]-]){_PATH}(?::{_LINE}(?!\d)|\((?P<row>\d{{1,7}})(?:,\d+)?\)|"
    r'"?,? (?:on |at )?line (?P<at>\d{1,7}))'
)
_LEAF = re.compile(r"\b[A-Za-z_]\w*")
_NOT_NAMES = frozenset({"module", "lambda", "anonymous", "genexpr", "listcomp", "dictcomp"})


@dataclass(frozen=True, slots=True)
class Frame:
    """A place as it was printed."""

    path: str
    line: int
    symbol: str = ""
    """The function's own name; empty if it was not printed."""
    source: str = ""
    """The text of the line; empty if it was not printed."""


def bare(line: str) -> str:
    """A pasted line without colours, margins and what a tool wrote before it."""
    line = _COLOUR.sub("", line[:MAX_LINE_CHARS])
    prefix = _PREFIX.match(line)
    return line[prefix.end() :].strip() if prefix else line.strip()


def stack_frame(line: str) -> tuple[Frame, bool] | None:
    """The frame of a stack trace that a bare line is, and whether its trace has the deepest frame last."""
    for pattern in _STACK:
        if match := pattern.match(line):
            groups = match.groupdict()
            path = groups["path"]
            if owner := groups.get("owner"):
                path = "/".join([*owner.split(".")[:-1], path])
            symbol = leaf(groups.get("symbol") or groups.get("at") or "")
            return Frame(path, int(groups["line"]), symbol), pattern in _DEEPEST_LAST
    return None


def places(line: str) -> list[tuple[Frame, int]]:
    """The places that a line names otherwise, such as `src/a.c:12`, and where in the line each ends."""
    found = _PLACE.finditer(line[:MAX_LINE_CHARS])
    return [(Frame(m["path"], int(m["line"] or m["row"] or m["at"])), m.end()) for m in found]


def leaf(symbol: str) -> str:
    """The last name in a symbol as a stack trace prints it: `(*Server).Handle.func1` gives `Handle`."""
    symbol = re.sub(r"::h[0-9a-f]{16}$|\[.{0,200}\]|\.func\d+(?:\.\d+)*|\$\d+$", "", symbol)
    names = [name for name in _LEAF.findall(symbol.replace("$", " ")) if name not in _NOT_NAMES]
    if "MoveNext" in names or "lambda" in symbol:  # the compiler's names around that of the function
        names = [name for name in names if name != "MoveNext" and not re.fullmatch(r"[db]__\w+", name)]
    return names[-1] if names else ""
