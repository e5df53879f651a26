"""Terminal output: text made safe to print, colours where supported, JSON for scripts."""

import json
import os
import re
import sys
from typing import TYPE_CHECKING, TextIO

import typer

if TYPE_CHECKING:
    from pydantic import BaseModel
    from rich.console import Console

# C0 and C1 controls except tab and line feed, which can move the cursor or set the window title, and the
# marks that reorder text, which can make code look different from what it is.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: str) -> str:
    """`text` with control characters, direction marks and lone surrogates escaped, such as `\\x1b`."""
    return _UNSAFE.sub(_written_out, text.replace("\r\n", "\n"))


def visible_line(text: str) -> str:
    """The same for a name or a sentence: tabs and line feeds are escaped as well."""
    return re.sub(r"[\t\n]", _written_out, _UNSAFE.sub(_written_out, text))


def _written_out(found: re.Match[str]) -> str:
    return found.group().encode("unicode_escape").decode()


def stdout() -> "Console":
    """Console for results: styled only on a terminal, never wrapped or truncated."""
    return _console(sys.stdout)


def stderr() -> "Console":
    """Console for notes and progress."""
    return _console(sys.stderr)


def _console(file: TextIO) -> "Console":
    from rich.console import Console

    plain = bool(os.environ.get("NO_COLOR"))
    return Console(
        file=file,
        color_system=None if plain else "auto",
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=True,
    )


def print_json(model: "BaseModel") -> None:
    """Print `model` on stdout, escaped to ASCII, so that any terminal and any parser can read it."""
    typer.echo(json.dumps(model.model_dump(mode="json"), indent=2))


def note(text: str) -> None:
    """Print a remark on stderr."""
    typer.echo(f"note: {visible_line(text)}", err=True)
