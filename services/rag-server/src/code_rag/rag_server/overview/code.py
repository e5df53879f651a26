"""Places in source code that say something of the whole: its start, its settings, its own description."""

import re
from collections.abc import Sequence

Rows = list[tuple[int, int]]
"""The first and the last row of each run, both inclusive."""

BLOCK_ROWS = 14
OPENING_ROWS = 4
"""In how many rows of a comment a licence shows."""
LOOKED_AT = 80
"""How many rows of a file may come before its description."""

_START = re.compile(
    r"if __name__ ==|func main\(\)|(?:pub )?(?:async )?fn main\(|(?:public )?static (?:async )?(?:void|int"
    r"|Task(?:<int>)?) "
    r"[Mm]ain\(|(?:int|void|auto) main\(|fun main\(|@SpringBootApplication|object \w+ extends App\b"
    r"|\w*(?:app|server|fastify)\.listen\(|(?:await )?createServer\(|def main\(|(?:async )?function main\("
)
_SETTINGS = re.compile(
    r"(?!.*(?:Error|Exception|Warning)\b)(?:export |public |pub(?:\(\w+\))? |data |final |abstract "
    r"|default )*"
    r"(?:class|struct|type|interface|object|record|const|var|let|case class)\s+"
    r"\w*(?:settings|config|configuration|options|defaults)\b"
    r"|[A-Z_]*(?:SETTINGS|CONFIG|OPTIONS|DEFAULTS)[A-Z_]*\b\s*[:=]",
    re.IGNORECASE,
)
_CONSTANT = re.compile(r"(?:export |pub )?(?:const )?[A-Z][A-Z0-9_]{2,}\b.*=")
_VERSION = re.compile(
    r"(?i)\s*(?:export |const |var |let |public |pub )*(?:__)?version(?:__)?\b[\w: &']*=|^v?\d+\.\d+"
)
_NOT_YET = re.compile(
    r"\s*(?:import\b|from .* import|(?:(?:const|var|let)\b)?.*\brequire\(|use |#include|package "
    r"|['\"]use strict|//|#|/?\*|$)"
)
_COMMENT = re.compile(r"\s*(?://[/!]?|#(?!!|\[|include|define|if|pragma)|--|;;|\*|/\*)")
_BEFORE = re.compile(r"\s*(?:#!|package |<\?php|['\"]use strict|declare|namespace )")
"""What may stand before a description."""
_NOT_A_DESCRIPTION = re.compile(
    r"copyright|licen[cs]e|SPDX|@ts-|eslint|use strict|coding[:=]|module dependencies|module exports|vim?:"
    r"|generated|frozen_string|rubocop|-\*-|typed:",
    re.IGNORECASE,
)


def start(lines: Sequence[str], name: str = "") -> Rows | None:
    """Where a program starts: its main function, or the definition of `name`."""
    if name:
        definition = re.compile(
            rf"\s*(?:async |export |pub )*(?:def|function|class|func|fn)\s+{re.escape(name)}\b"
            rf"|{re.escape(name)}\s*="
        )
        if (row := _first(lines, definition)) is not None:
            return [_block(lines, row)]
    row = _first(lines, _START)
    return None if row is None else [_block(lines, row)]


def settings(lines: Sequence[str]) -> Rows | None:
    """The definition that holds settings, or else constants; of several the longest."""
    for pattern in (_SETTINGS, _CONSTANT):
        blocks = [_block(lines, row) for row, line in enumerate(lines) if pattern.match(line)]
        if blocks:
            return [max(blocks, key=lambda rows: (rows[1] - rows[0], -rows[0]))]
    return None


def _first(lines: Sequence[str], pattern: re.Pattern[str]) -> int | None:
    """The row of the first match at a line's start, the least indented one."""
    rows = [row for row, line in enumerate(lines) if pattern.match(line.lstrip())]
    return min(rows, key=lambda row: (len(lines[row]) - len(lines[row].lstrip()), row), default=None)


def _block(lines: Sequence[str], row: int) -> tuple[int, int]:
    """The definition or statement that starts in `row`, or its first lines."""
    indent = len(lines[row]) - len(lines[row].lstrip())
    end = row
    for at in range(row + 1, min(len(lines), row + BLOCK_ROWS)):
        line = lines[at]
        if line.strip() and len(line) - len(line.lstrip()) <= indent:
            if line.lstrip()[0] in ")]}":
                end = at
                if not line.rstrip().endswith(("{", ":", "(")):
                    break
                continue
            if line.lstrip()[0] != "{":
                break
        if line.strip():
            end = at
    return row, end


def top(lines: Sequence[str]) -> Rows | None:
    """The first lines that import nothing and are no comment."""
    row, depth = 0, 0
    while row < len(lines) and (depth > 0 or _NOT_YET.match(lines[row])):
        depth += len(re.findall(r"[({]", lines[row])) - len(re.findall(r"[)}]", lines[row]))
        row += 1
    if row == len(lines):
        return None
    last = min(len(lines), row + BLOCK_ROWS) - 1
    while last > row and not lines[last].strip():
        last -= 1
    return [(row, last)]


def version(lines: Sequence[str]) -> Rows | None:
    """The line that sets the version."""
    row = next((row for row, line in enumerate(lines) if _VERSION.match(line)), None)
    return None if row is None else [(row, row)]


def description(lines: Sequence[str]) -> Rows | None:
    """The docstring or the comment at the top that describes the file; a licence does not."""
    row, depth = 0, 0
    while row < min(len(lines), LOOKED_AT):
        ends = () if depth > 0 else (_quoted(lines, row), _commented(lines, row))
        end = next((end for end in ends if end is not None), None)
        if end is None:
            if depth <= 0 and lines[row].strip() and not _BEFORE.match(lines[row]):
                return None
            depth += len(re.findall(r"[(\[]", lines[row])) - len(re.findall(r"[)\]]", lines[row]))
            row += 1
        elif _describes(lines[row : end + 1]):
            return [(row, min(end, row + BLOCK_ROWS - 1))]
        else:
            row = end + 1
    return None


def _describes(comment: Sequence[str]) -> bool:
    """Whether a comment has a few words, and does not start as a licence or as an instruction to a tool."""
    starts = "\n".join(comment[:OPENING_ROWS])
    return not _NOT_A_DESCRIPTION.search(starts) and len(re.findall(r"[^\W\d_]{2,}", "\n".join(comment))) >= 4


def _quoted(lines: Sequence[str], row: int) -> int | None:
    """The last row of a docstring that starts in `row`."""
    quote = re.match(r"\s*[rRuU]?('''|\"\"\")", lines[row])
    if quote is None:
        return None
    if quote[1] in lines[row][quote.end() :]:
        return row
    return next((at for at in range(row + 1, len(lines)) if quote[1] in lines[at]), None)


def _commented(lines: Sequence[str], row: int) -> int | None:
    """The last row of a comment that starts in `row`."""
    if not _COMMENT.match(lines[row]):
        return None
    if lines[row].lstrip().startswith("/*"):
        return next((at for at in range(row, len(lines)) if "*/" in lines[at]), None)
    end = row
    while (
        end + 1 < len(lines)
        and _COMMENT.match(lines[end + 1])
        and not lines[end + 1].lstrip().startswith("/*")
    ):
        end += 1
    return end
