"""What an agent is asked to do, and its place in a file that the user may have written."""

import re

from code_rag.rag_server.agents.config_format import Unreadable

START = "<!-- coderag: begin -->"
END = "<!-- coderag: end -->"
_PART = re.compile(rf"{START}.*?{END}(?:\r?\n)?", re.DOTALL)
TEXT = """\
When the tools of the MCP server `coderag` are there, use them for code that it has indexed:

- `search` to find where something is done when you do not know the exact words; it returns the code.
- `callers` before you change or remove a function, method or class.
- `overview` first in a codebase that you do not know, `ask` for how and why over several files.
- grep for every occurrence of an exact text, and for code that `index_status` does not list.
"""


def with_part(text: str) -> str:
    """A text with our part in it: in place of an older one, or at the end after an empty line.

    Raises Unreadable where an older part has no end.
    """
    newline = "\r\n" if "\r\n" in text else "\n"
    part = f"{START}\n{TEXT}{END}\n".replace("\n", newline)
    if found := _part(text):
        return f"{text[: found.start()]}{part}{text[found.end() :]}"
    gap = "" if not text else newline if text.endswith("\n") else newline * 2
    return f"{text}{gap}{part}"


def without_part(text: str) -> str:
    """A text without our part and the empty line before it; raises Unreadable where the part has no end."""
    found = _part(text)
    if not found:
        return text
    before = text[: found.start()]
    kept = before.removesuffix("\n").removesuffix("\r")
    return f"{kept if kept.endswith(chr(10)) else before}{text[found.end() :]}"


def _part(text: str) -> re.Match[str] | None:
    found = _PART.search(text)
    if not found and START in text:
        raise Unreadable(f"the part of it that begins with {START} has no end")
    return found
