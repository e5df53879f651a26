"""Where to split a component of Vue or Svelte: its scripts by syntax, the rest at tags and indentation."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from code_rag.rag_server.chunking.lines import indentation_depths
from code_rag.rag_server.chunking.syntax import Structure, syntax_structure

COMPONENTS = frozenset({"svelte", "vue"})
"""Languages whose files are markup with scripts in it."""

_OPENING = re.compile(r"^[ \t]*<script\b", re.IGNORECASE | re.MULTILINE)
_ATTRIBUTES = re.compile(r"""((?:[^>"']|"[^"]*"|'[^']*')*+)>""")
_CLOSING = re.compile(r"</script\s*>", re.IGNORECASE)
_TYPESCRIPT = re.compile(r"""\blang\s*=\s*["']?(?:ts|typescript|(tsx))\b""")
_VISIBLE = re.compile(r"[^\n]")


@dataclass(frozen=True, slots=True)
class _Script:
    attributes: str
    start: int
    stop: int
    rows: range
    """From the one after the opening tag to that of the closing tag."""


def component_structure(lines: Sequence[str]) -> Structure:
    """The depth of the boundary before each line and the definitions and uses in the scripts.

    Raises `ParseError` as `syntax_structure` does.
    """
    depths = indentation_depths(lines)
    structure = syntax_structure(*script_of(lines))
    if structure is None:
        return Structure(depths, [])
    for script in _scripts("\n".join(lines)):
        for row in script.rows:
            depths[row] = structure.depths[row] + 2
    return Structure(depths, structure.definitions, structure.references)


def script_of(lines: Sequence[str]) -> tuple[list[str], str]:
    """The lines with all but their scripts replaced by spaces, so that places stay, and their language."""
    text, language, parts, end = "\n".join(lines), "javascript", list[str](), 0
    for script in _scripts(text):
        if match := _TYPESCRIPT.search(script.attributes):
            language = match[1] or "typescript"
        parts += _VISIBLE.sub(" ", text[end : script.start]), text[script.start : script.stop]
        end = script.stop
    parts.append(_VISIBLE.sub(" ", text[end:]))
    return "".join(parts).split("\n"), language


def _scripts(text: str) -> Iterator[_Script]:
    """Every script; one that is not closed reaches to the end."""
    end = row = 0
    while (opening := _OPENING.search(text, end)) and (tag := _ATTRIBUTES.match(text, opening.end())):
        closing = _CLOSING.search(text, tag.end())
        stop = closing.start() if closing else len(text)
        first = row + text.count("\n", end, tag.end())
        row = first + text.count("\n", tag.end(), stop)
        yield _Script(tag[1], tag.end(), stop, range(first + 1, row + 1))
        end = stop
