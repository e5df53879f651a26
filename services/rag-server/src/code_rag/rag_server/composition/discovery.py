"""What the user has set about which files are read, in rag-server's settings and in git's."""

import os
from pathlib import Path

from code_rag.rag_server.codebase.options import Options
from code_rag.rag_server.codebase.repositories import find_user_excludes
from code_rag.rag_server.settings import Settings


def options_of(settings: Settings) -> Options:
    """Which files are read, and how; git's own variables say where the user's ignore file is."""
    home = Path(os.environ.get("HOME") or "/")
    config_home = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    git_config = os.environ.get("GIT_CONFIG_GLOBAL")
    return Options(
        nested_repositories=settings.index_nested_repositories,
        max_bytes=settings.max_file_bytes,
        legacy_encoding=settings.legacy_encoding,
        redact_secrets=settings.redact_secrets,
        user_excludes=find_user_excludes(home, config_home, Path(git_config) if git_config else None),
    )
