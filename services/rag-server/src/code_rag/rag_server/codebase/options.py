"""What the user decides about which files are read, and how."""

from dataclasses import dataclass
from pathlib import Path

from code_rag.rag_server.codebase.skipping import MAX_BYTES


@dataclass(frozen=True, slots=True)
class Options:
    """Settings of a codebase; the defaults are those of the service."""

    nested_repositories: bool = False
    """Whether submodules, linked work trees and clones below the root are part of the codebase."""
    max_bytes: int = MAX_BYTES
    legacy_encoding: str = ""
    """Of files that are neither UTF-8 nor UTF-16; empty: recognised for each file."""
    user_excludes: Path | None = None
    """The user's own ignore file for all repositories."""
    redact_secrets: bool = True
    """Whether what looks like a secret is taken out of every text that is read."""


DEFAULTS = Options()
