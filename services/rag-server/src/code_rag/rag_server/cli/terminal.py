"""What goes to the terminal: text made safe, colours where they are wanted, JSON for machines."""

import json
import os
import re
import sys
from typing import TYPE_CHECKING, TextIO

import typer

if TYPE_CHECKING:
    from pydantic import BaseModel
    from rich.console import Console

# C0 and C1 controls but tab and line feed, which could move the cursor or retitle the window, and the marks
# that reorder text, which can make code look other than it is.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: str) -> str:
    """`text` with control characters, direction marks and lone surrogates written out, such as `\\x1b`."""
    return _UNSAFE.sub(_written_out, text.replace("\r\n", "\n"))


def visible_line(text: str) -> str:
    """The same for a name or a sentence: tabs and line feeds are written out as well."""
    return re.sub(r"[\t\n]", _written_out, _UNSAFE.sub(_written_out, text))


def _written_out(found: re.Match[str]) -> str:
    return found.group().encode("unicode_escape").decode()


def stdout() -> "Console":
    """Where results go: styled on a terminal alone, never wrapped or cut."""
    return _console(sys.stdout)


def stderr() -> "Console":
    """Where notes and progress go."""
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
    """`model` on stdout; all but ASCII escaped, so that any terminal and any parser can take it."""
    typer.echo(json.dumps(model.model_dump(mode="json"), indent=2))


def note(text: str) -> None:
    """A remark on stderr."""
    typer.echo(f"note: {visible_line(text)}", err=True)
