"""The command coderag, run in this process against a scripted server."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from code_rag.rag_server.cli import app
from tests.unit.rag_server.fake_rag_server import Script


@dataclass
class Coderag:
    """Runs commands against a scripted server."""

    script: Script
    url: str
    state: Path
    """Where the command keeps the last conversation."""

    def __call__(self, *arguments: str, **environment: str) -> Result:
        clean = {"RAG_SERVER_URL": self.url, "API_KEY": "", "NO_COLOR": "", "FORCE_COLOR": ""}
        clean["XDG_STATE_HOME"] = str(self.state)
        return CliRunner().invoke(app, arguments, env=clean | environment)

    def asked(self) -> tuple[str, dict[str, Any], Mapping[str, str]]:
        return self.script.requests[-1]
