"""Writes docs/configuration.md and .env.example from the settings classes, so that neither can go stale."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from code_rag.embedding_server.settings import Settings as EmbeddingSettings
from code_rag.llm_server.settings import Settings as LlmSettings
from code_rag.rag_server.settings import Settings as RagSettings
from code_rag.servicekit.settings import ServiceSettings

ROOT = Path(__file__).parent.parent
SERVICES: dict[str, type[ServiceSettings]] = {
    "embedding-server": EmbeddingSettings,
    "llm-server": LlmSettings,
    "rag-server": RagSettings,
}


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable: what it is called, what it is when unset, what it is for."""

    name: str
    default: str
    purpose: str


AROUND = {
    "make run": [
        Variable("CODEBASE", "test-codebase", "Folder that `make run` indexes, or several separated by `:`."),
        Variable("LLM", "", "`local` sets up a model on this machine, and has it write the answers."),
        Variable(
            "EMBEDDING_SERVER_PORT", "8001", "Port of embedding-server on this machine; Compose reads it too."
        ),
        Variable("LLM_SERVER_PORT", "8002", "Port of llm-server on this machine; Compose reads it too."),
        Variable("RAG_SERVER_PORT", "8000", "Port of rag-server on this machine; Compose reads it too."),
    ],
    "Compose": [
        Variable("VECTOR_DB_PORT", "6333", "Port of Qdrant on this machine."),
        Variable("QDRANT_IMAGE", "qdrant/qdrant:v1.20.0-unprivileged", "Image of vector-db; pins a digest."),
        Variable(
            "PYTHON_IMAGE",
            "python:3.11-slim-bookworm",
            "Base image of our own images, to pin a digest or use a mirror.",
        ),
    ],
    "hot reload": [
        Variable("RELOADER", "fork", "`fork` is quick; `uvicorn` falls back to uvicorn's own reloader."),
    ],
    "coderag (the CLI)": [
        Variable("RAG_SERVER_URL", "http://127.0.0.1:8000", "Where rag-server listens."),
    ],
}


def variables(settings: type[ServiceSettings], leave_out: set[str]) -> list[Variable]:
    """The variables of a settings class, except those named in `leave_out`."""
    fields = settings.model_fields.items()
    return [_variable(name, field) for name, field in fields if name.upper() not in leave_out]


def _variable(name: str, field: FieldInfo) -> Variable:
    if not field.description:
        raise SystemExit(f"{name} has no description: give its Field one.")
    return Variable(name.upper(), _text(field), field.description)


def _text(field: FieldInfo) -> str:
    default = field.get_default()
    if field.is_required() or default is None:
        return ""
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, tuple):
        return os.pathsep.join(map(str, default))
    secret = SecretStr in (field.annotation, *get_args(field.annotation))
    return "" if secret else str(default)


def sections() -> dict[str, list[Variable]]:
    """Every variable once, under who reads it."""
    shared = variables(ServiceSettings, leave_out=set())
    known = {variable.name for variable in shared}
    groups = {"every service": shared}
    for service, settings in SERVICES.items():
        groups[service] = variables(settings, leave_out=known)
    return groups | AROUND


def configuration() -> str:
    """The text of docs/configuration.md."""
    lines = [
        "# Configuration",
        "",
        "Written by `scripts/write_docs.py` from the settings classes; edit those. Services read the",
        "environment once, at the start; a bad value stops the start and names the variable. `make run` and",
        "Compose also read `.env`; what each container gets otherwise is in `k8s/base/<name>/config.env`.",
    ]
    for title, group in sections().items():
        lines += ["", f"## {title}", "", "| variable | default | what it is for |", "|---|---|---|"]
        lines += [f"| `{v.name}` | {f'`{v.default}`' if v.default else ''} | {v.purpose} |" for v in group]
    return "\n".join(lines) + "\n"


def example() -> str:
    """The text of .env.example: every variable with its default, commented out, after one line of why."""
    lines = [
        "# Copy to .env and uncomment what you want to change: cp .env.example .env",
        "# Plain KEY=value lines: no quotes, no spaces around =. Written by scripts/write_docs.py.",
    ]
    seen: set[str] = set()
    for title, group in sections().items():
        lines += ["", f"## {title}"]
        for variable in group:
            if variable.name not in seen:
                lines += [f"# {variable.purpose}", f"#{variable.name}={variable.default}"]
            seen.add(variable.name)
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write both files; with --check only say whether they are as they should be."""
    wanted = {ROOT / "docs/configuration.md": configuration(), ROOT / ".env.example": example()}
    for path, text in wanted.items():
        if "--check" not in sys.argv:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            raise SystemExit(f"{path.relative_to(ROOT)} is out of date: run scripts/write_docs.py.")


if __name__ == "__main__":
    main()
