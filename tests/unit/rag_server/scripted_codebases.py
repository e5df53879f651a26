"""Codebases with scripted files, whatever is on disk."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from code_rag.rag_server.codebase.codebases import Codebases
from code_rag.rag_server.codebase.explaining import Exclusion
from code_rag.rag_server.model import SourceFile


class ScriptedFiles(Protocol):
    """What a script says about files."""

    @property
    def codebases(self) -> Sequence[str]:
        """The names of the codebases."""

    @property
    def files(self) -> Mapping[str, str]:
        """Texts by path."""

    @property
    def exclusions(self) -> Mapping[str, Exclusion]:
        """Why files are left out, by path."""


class ScriptedCodebases(Codebases):
    """Codebases with the files of the script."""

    def __init__(self, script: ScriptedFiles) -> None:
        super().__init__([Path(f"/nowhere/{name}") for name in script.codebases])
        self.script = script

    def exclusion(self, path: str) -> Exclusion | None:
        """What the script says about the path."""
        if path not in self.script.files.keys() | self.script.exclusions.keys():
            raise FileNotFoundError
        return self.script.exclusions.get(path)

    def source(self, path: str) -> SourceFile | None:
        """A file of the script."""
        text = self.script.files.get(path)
        return None if text is None else SourceFile(path, text, "python", "digest")
