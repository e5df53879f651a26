"""A folder for sockets that no other user can enter."""

import os
import tempfile
from pathlib import Path


def private_folder(service: str, owner: int) -> Path:
    """The folder of one process of a service; raises PermissionError if another user owns or can enter it."""
    folder = Path(tempfile.gettempdir(), f"{service}-{os.getuid()}-{owner}")
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if found.st_uid != os.getuid() or found.st_mode & 0o077 or folder.is_symlink():
        raise PermissionError(f"{folder} belongs to another user, or others may enter it: remove it.")
    return folder
