"""What setting an agent up changes on disk: shown first, then written so that no file is left half done."""

import difflib
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from code_rag.rag_server.agents.agent import Agent, Machine
from code_rag.rag_server.agents.config_format import Unreadable
from code_rag.rag_server.agents.editing import with_entry, without_entry
from code_rag.rag_server.agents.instructions import TEXT, with_part, without_part

NAME = "coderag"
UNENDED = "\n\\ No newline at end of file\n"


@dataclass(frozen=True, slots=True)
class Change:
    """A file before and after; an empty text is a file that is not there."""

    path: Path
    before: str
    after: str

    def diff(self) -> str:
        """The change as a unified diff; empty where nothing changes."""
        old, new = self.before.splitlines(keepends=True), self.after.splitlines(keepends=True)
        name = str(self.path)
        lines = difflib.unified_diff(old, new, name if old else os.devnull, name if new else os.devnull)
        return "".join(line if line.endswith("\n") else f"{line}{UNENDED}" for line in lines)

    def write(self) -> None:
        """Replace the file at once, keeping its mode; through a link, the file that it points to."""
        path = self.path.resolve()
        if not self.after:
            path.unlink(missing_ok=True)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(self.after)
            Path(scratch).chmod(path.stat().st_mode if path.exists() else 0o600)
            Path(scratch).replace(path)
        except BaseException:
            Path(scratch).unlink(missing_ok=True)
            raise


def adding(agent: Agent, machine: Machine, command: str, arguments: Sequence[str]) -> list[Change]:
    """What makes the agent use coderag; raises Unreadable, which names the file, and OSError."""
    entry, path = agent.entry(command, arguments), agent.path(machine)
    if not agent.makes_file and not path.exists():
        raise Unreadable(f"There is no {path}: start {agent.title} once, which makes it.")
    changes = [_change(path, lambda text: with_entry(text, agent.form, agent.container, NAME, entry))]
    if its := agent.instructions:
        new = with_part if its.heading is None else lambda _: f"{its.heading}{TEXT}"
        changes.append(_change(its.path(machine), new))
    return [each for each in changes if each.before != each.after]


def removing(agent: Agent, machine: Machine) -> list[Change]:
    """What takes coderag out of the agent; raises as `adding` does."""
    changes = [
        _change(path, lambda text: _left_of(without_entry(text, agent.form, agent.container, NAME), text))
        for path in agent.paths(machine)
    ]
    if its := agent.instructions:
        new = without_part if its.heading is None else lambda _: ""
        changes.append(_change(its.path(machine), new))
    return [each for each in changes if each.before != each.after]


def _change(path: Path, edit: Callable[[str], str]) -> Change:
    try:
        before = _text(path)
        return Change(path, before, edit(before))
    except Unreadable as error:
        raise Unreadable(f"{path} was left as it is: {error}.") from error


def _left_of(after: str, before: str) -> str:
    """What is left, nothing where that says nothing: then there is no file."""
    return "" if after != before and _says_nothing(after) else after


def _says_nothing(text: str) -> bool:
    return text.strip("\ufeff \t\r\n{}") == ""


def _text(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return file.read()
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError:
        raise Unreadable("it is not UTF-8") from None
