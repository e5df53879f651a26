"""Renders a Jupyter notebook as the source text of its cells, in the percent format that editors read.

Each cell starts with a line `# %%`; the lines of Markdown cells and of magic commands are comments. Line
numbers of a notebook are those of this text, everywhere.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from code_rag.rag_server.codebase.languages import detect_language

ENDING = ".ipynb"

_SLASHES = frozenset(
    {
        "c",
        "cpp",
        "csharp",
        "dart",
        "go",
        "groovy",
        "java",
        "javascript",
        "kotlin",
        "php",
        "rust",
        "scala",
        "swift",
        "typescript",
    }
)
_DASHES = frozenset({"haskell", "lua", "sql"})
_ALIASES = {"c++": "cpp", "c#": "csharp", "ir": "r", "ipython": "python", "python3": "python"}
_MAGIC = re.compile(r"\s*(?:[%!]|\?{1,2}\w|[\w.]+\?{1,2}\s*$)")


@dataclass(frozen=True, slots=True)
class Notebook:
    """The text of a notebook, and the language of its code."""

    text: str
    language: str


def render_notebook(content: str) -> Notebook | None:
    """The cells of a notebook in their order, without outputs; None if it is not a notebook."""
    try:
        document = json.loads(content)
        cells = _cells(document)
        language = _language(document.get("metadata") or {})
        comment = "//" if language in _SLASHES else "--" if language in _DASHES else "#"
        rendered = [_render(cell, comment) for cell in cells]
    except (ValueError, RecursionError, AttributeError, TypeError, KeyError):
        return None
    return Notebook(
        "\n\n".join(text for text in rendered if text) + ("\n" if any(rendered) else ""), language
    )


def _cells(document: dict[str, Any]) -> list[dict[str, Any]]:
    if "worksheets" in document:  # the format before version 4
        return [cell for sheet in document["worksheets"] for cell in sheet["cells"]]
    cells: list[dict[str, Any]] = document["cells"]
    return cells


def _language(metadata: dict[str, Any]) -> str:
    about = metadata.get("language_info") or {}
    ending = str(about.get("file_extension") or "")
    if ending and (language := detect_language("cell" + ending)) != "text":
        return language
    kernel = metadata.get("kernelspec") or {}
    name = str(about.get("name") or kernel.get("language") or "python").lower()
    return _ALIASES.get(name, name)


def _render(cell: dict[str, Any], comment: str) -> str:
    """One cell; empty if it has no text."""
    source = cell.get("source", cell.get("input", ""))
    text = source if isinstance(source, str) else "".join(source)
    lines = [line.rstrip("\r") for line in text.strip("\n").split("\n")]
    if not text.strip():
        return ""
    kind = str(cell["cell_type"])
    if kind != "code":
        return "\n".join([f"{comment} %% [{kind}]", *(f"{comment} {line}".rstrip() for line in lines)])
    is_foreign = lines[0].startswith("%%")
    commented = (f"{comment} {line}" if is_foreign or _MAGIC.match(line) else line for line in lines)
    return "\n".join([f"{comment} %%", *commented])
