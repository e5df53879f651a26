"""What becomes of an index or a cache that cannot be read: it is set aside, and a new one is made.

Nothing is lost with it: an index is made of the codebase and of vectors, which are in the cache or are
computed again.
"""

import shutil
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

SYSTEM_REASONS = (
    "No space left",
    "StorageFull",
    "ReadOnlyFilesystem",
    "Read-only file system",
    "PermissionDenied",
    "Permission denied",
    "Operation not permitted",
    "Too many open files",
    "Cannot allocate memory",
    "Input/output error",
)
"""Parts of the engine's messages where the system refused something: what is on the disk may be whole."""


def is_systems(reason: str) -> bool:
    """Whether it is the system's doing that something cannot be read, not its content's."""
    return any(part in reason for part in SYSTEM_REASONS)


def set_aside(damaged: Path, reason: str) -> None:
    """Rename a file or folder to `NAME.damaged`, in place of an earlier one; raises OSError if it cannot."""
    aside = damaged.with_name(f"{damaged.name}.damaged")
    if aside.is_dir():
        shutil.rmtree(aside)
    damaged.replace(aside)
    log.warning("damaged, and made again", what=str(damaged), kept_as=str(aside), reason=reason)
