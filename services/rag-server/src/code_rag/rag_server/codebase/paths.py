"""Keeps paths inside the codebase."""

import errno
import os
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from posixpath import commonpath
from unicodedata import normalize

MAX_COVER = 200
_NOTHING = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP})


class PathOutsideError(ValueError):
    """A path outside the codebase root, or one that cannot name a file."""


def resolve_inside(root: Path, relative: str) -> Path:
    """Turn a path given by a client into a real path under `root`, symbolic links resolved.

    The file need not exist. Raises `PathOutsideError` for an absolute path, a `..`, a NUL,
    and a symbolic link that points outside the root.
    """
    checked_parts(relative)
    # realpath, unlike Path.resolve, does not fail on a loop of links.
    base = Path(os.path.realpath(root))
    target = Path(os.path.realpath(base / relative))
    if not target.is_relative_to(base):
        raise PathOutsideError(f"The path {relative!r} is outside the codebase.")
    return target


def checked_parts(relative: str) -> tuple[str, ...]:
    """The parts of a path given by a client; raises `PathOutsideError` for an absolute one, a `..`, a NUL."""
    parts = PurePosixPath(relative).parts
    if "\0" in relative:
        raise PathOutsideError("The path contains a NUL character.")
    if relative.startswith("/") or ".." in parts:
        raise PathOutsideError(f"The path {relative!r} must be relative and may not contain '..'.")
    return parts


def exists(place: Path) -> bool:
    """Whether something is at `place`, or may be: a dead mount does not say that there is nothing."""
    try:
        os.stat(place)  # noqa: PTH116 – Path.exists takes some of what it cannot know for a no
    except OSError as error:
        return error.errno not in _NOTHING
    return True


def is_folder(place: Path) -> bool:
    """Whether a folder is at `place`, for any name, as `exists`."""
    return os.path.isdir(place)  # noqa: PTH112


def is_at_or_above(place: str, path: str) -> bool:
    """Whether `place`, which ends in a slash if it is a folder, is `path` or above it."""
    return place == "./" or f"{path}/".startswith(f"{place.removesuffix('/')}/")


def composed(path: str) -> str:
    """A path in Unicode's composed form (NFC), the one form in which paths are indexed and compared."""
    return path if path.isascii() else normalize("NFC", path)


def locate(root: Path, path: str) -> Path:
    """Where the file at the composed `path` is on disk, where its name may be in another form.

    The file need not exist.
    """
    direct = root / path
    if path.isascii() or os.path.lexists(direct):
        return direct
    place = root
    for part in PurePosixPath(path).parts:
        if not os.path.lexists(place / part):
            part = _spelled(place, part)
        place /= part
    return place


def _spelled(folder: Path, name: str) -> str:
    try:
        names = sorted(entry.name for entry in folder.iterdir())
    except OSError:
        names = []
    return next((other for other in names if composed(other) == name), name)


def cover(paths: Iterable[str]) -> tuple[str, ...]:
    """The paths without those inside another one, in order; one common folder where there are very many."""
    kept: set[str] = set()
    for path in sorted(paths, key=len):
        if "" not in kept and not any(str(parent) in kept for parent in (path, *PurePosixPath(path).parents)):
            kept.add(path)
    return (commonpath(kept),) if len(kept) > MAX_COVER else tuple(sorted(kept))
