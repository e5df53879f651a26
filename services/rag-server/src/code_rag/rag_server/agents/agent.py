"""A coding agent: where it keeps its MCP servers, and where it reads instructions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from code_rag.rag_server.agents.config_format import ConfigFormat, Entry


@dataclass(frozen=True, slots=True)
class Machine:
    """Whose files they are: the home folder, the environment and the system, `linux` or `darwin`."""

    home: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    system: str = "linux"

    def folder(self, variable: str, default: str) -> Path:
        """The folder that a variable of the environment names, or the default within the home folder."""
        named = self.environment.get(variable)
        return Path(named) if named else self.home / default


@dataclass(frozen=True, slots=True)
class Instructions:
    """A file that the agent reads before it works: one of our own, or a part of the user's."""

    path: Callable[[Machine], Path]
    heading: str | None = None
    """What our own file starts with; None where the file is the user's."""


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent as `coderag setup` knows it; its file may be in several places, and the first is made."""

    name: str
    title: str
    paths: Callable[[Machine], Sequence[Path]]
    form: ConfigFormat
    container: str
    entry: Callable[[str, Sequence[str]], Entry]
    """From a command and its arguments."""
    instructions: Instructions | None = None
    makes_file: bool = True
    """False where a file with nothing but our entry would hide what the user has elsewhere."""

    def path(self, machine: Machine) -> Path:
        """The file that is there, or the one to make."""
        paths = self.paths(machine)
        return next((path for path in paths if path.exists()), paths[0])
