"""How much room a disk has left: the embedded engine maps its files, so a full disk ends the process."""

import shutil
from pathlib import Path

RESERVE_BYTES = 128 * 1024 * 1024
"""What stays free: the engine's files have holes, which take room only as they are filled."""


def too_little_room(folder: Path, reserve: int = RESERVE_BYTES) -> str:
    """A sentence where the disk of `folder` has less than the reserve, else ""; raises OSError."""
    free = shutil.disk_usage(folder).free
    if free >= reserve:
        return ""
    return (
        f"the disk of {folder} has {free / 2**20:,.0f} MiB left, and {reserve / 2**20:,.0f} are needed. "
        "Make room there, or set another DATA_DIR."
    )
