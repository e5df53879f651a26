"""Keeps paths inside the codebase."""

import os
from pathlib import Path, PurePosixPath


class PathOutsideError(ValueError):
    """A path outside the codebase root, or one that cannot name a file."""


def resolve_inside(root: Path, relative: str) -> Path:
    """Turn a path given by a client into a real path under `root`, symbolic links resolved.

    The file need not exist. Raises `PathOutsideError` for an absolute path, a `..`, a NUL,
    and a symbolic link that points outside the root.
    """
    parts = PurePosixPath(relative).parts
    if "\0" in relative:
        raise PathOutsideError("The path contains a NUL character.")
    if relative.startswith("/") or ".." in parts:
        raise PathOutsideError(f"The path {relative!r} must be relative and may not contain '..'.")
    # realpath, unlike Path.resolve, does not fail on a loop of links.
    base = Path(os.path.realpath(root))
    target = Path(os.path.realpath(base / relative))
    if not target.is_relative_to(base):
        raise PathOutsideError(f"The path {relative!r} is outside the codebase.")
    return target
