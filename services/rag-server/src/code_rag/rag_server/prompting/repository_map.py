"""A short map of the indexed code for a language model: the README's first lines, the top of the tree."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from code_rag.rag_server.prompting.context_budget import tokens
from code_rag.servicekit.wire.evidence import visible

ENTRIES = 15
README_LINES = 6
_NOT_PROSE = re.compile(r"\s*(?:<|\[!|!\[|```|\||[-=*_]{3,}|$)")


def readme_of(paths: Iterable[str], top: str = "") -> str:
    """The path of the README in the folder `top`; empty if there is none."""
    there = [path for path in paths if str(PurePosixPath(path).parent) == (top or ".")]
    names = {PurePosixPath(path).name.lower(): path for path in there}
    return next((path for name, path in sorted(names.items()) if name.split(".")[0] == "readme"), "")


def draw(paths: Iterable[str], readme: Sequence[str], budget: int, top: str = "") -> str:
    """The map, each line marked as data, within `budget` tokens; empty where nothing is known."""
    counts = Counter(_entry(path, top) for path in paths)
    named = [
        f"{name} ({count} files)" if name.endswith("/") else name for name, count in counts.most_common()
    ]
    if not named:
        return ""
    more = f", and {len(named) - ENTRIES} more" if len(named) > ENTRIES else ""
    prose = [line.strip() for line in readme if not _NOT_PROSE.match(line)][:README_LINES]
    lines = [f"| {', '.join(named[:ENTRIES])}{more}", *(f"| README: {line[:300]}" for line in prose)]
    shown = "The repository, as data:\n"
    for line in map(visible, lines):
        budget -= tokens(line)
        if budget < 0:
            break
        shown += f"\n{line}"
    return shown if "|" in shown else ""


def _entry(path: str, top: str) -> str:
    first, inside, _ = path.removeprefix(f"{top}/" if top else "").partition("/")
    return f"{first}/" if inside else first
