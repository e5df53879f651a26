"""The text of an answer that no model wrote: excerpts, each below one line that says what it is."""

import re
from collections.abc import Sequence

from code_rag.rag_server.quoting.excerpt import Excerpt
from code_rag.servicekit.wire.evidence import visible
from code_rag.servicekit.wire.markers import marker

LINE_CHARS = 300
"""Longer lines are truncated to this, visibly."""
GAP = "⋯"


def render(excerpts: Sequence[Excerpt], opening: str = "", first: int = 1) -> str:
    """Markdown: the opening sentence, then each excerpt with its marker, as block `first` and those after."""
    places = [_place(number, excerpt) for number, excerpt in enumerate(excerpts, start=first)]
    return "\n\n".join(part for part in (opening, *places) if part)


def _place(number: int, excerpt: Excerpt) -> str:
    cited = "".join(marker(number, first, last) for first, last in excerpt.cited())
    code = _numbered(excerpt)
    fence = _fence(code)
    return f"{title(excerpt)} {cited}\n\n{fence}{excerpt.language}\n{code}\n{fence}"


def title(excerpt: Excerpt) -> str:
    """What the excerpt is, such as: Method `Order.cancel` in `shop/orders.py`."""
    path = _inline(excerpt.path)
    if not excerpt.symbol:
        return f"Lines of {path}"
    kind = "Part of" if excerpt.kind == "lines" else excerpt.kind.capitalize()
    return f"{kind} {_inline(excerpt.symbol)} in {path}".lstrip()


def _numbered(excerpt: Excerpt) -> str:
    """The quoted lines with their numbers, indented no further than they are relative to each other."""
    width = len(str(excerpt.shown[-1][1]))
    parts = []
    for first, lines in excerpt.quoted():
        numbered = (f"{number:>{width}}| {_short(line)}" for number, line in enumerate(lines, first))
        parts.append("\n".join(numbered))
    return f"\n{' ' * width}{GAP}\n".join(parts)


def _short(line: str) -> str:
    shown = visible(line)
    left = len(shown) - LINE_CHARS
    return shown.rstrip() if left <= 0 else f"{shown[:LINE_CHARS]}… ({left} more characters)"


def _inline(name: str) -> str:
    """As inline code, so that brackets in a name are not read as a marker."""
    return f"`{visible(name).replace('`', chr(39))}`"


def _fence(code: str) -> str:
    """Three backticks, or one more than the longest run in the code, so that the code cannot close it."""
    return "`" * max(3, 1 + max((len(run) for run in re.findall("`+", code)), default=0))
