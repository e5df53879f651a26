"""Reads which files git tracks, from the index of a repository; no git is needed."""

import re
import struct
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from code_rag.rag_server.codebase.paths import composed

_EXTENDED = 0x4000
_NAME_LENGTH = 0xFFF
_STAT_BYTES = 40


@dataclass(frozen=True, slots=True)
class Tracked:
    """The files that git tracks, relative to the work tree's top, and all folders above them."""

    files: frozenset[str] = frozenset()
    folders: frozenset[str] = frozenset()


_NOTHING = Tracked()


def read_tracked(git_dir: Path, common_dir: Path) -> Tracked:
    """What git tracks now; nothing if the index cannot be read."""
    index = git_dir / "index"
    try:
        status = index.stat()
    except OSError:
        return _NOTHING
    return _read(index, common_dir, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=4)
def _read(index: Path, common_dir: Path, modified_ns: int, size: int) -> Tracked:
    try:
        hash_bytes = _hash_bytes(common_dir)
        data = index.read_bytes()
        paths, end = parse_index(data, hash_bytes)
        if shared := _shared_index(data, end, hash_bytes):
            paths += parse_index((index.parent / shared).read_bytes(), hash_bytes)[0]
    except (OSError, ValueError, IndexError, struct.error):
        return _NOTHING
    folders: set[str] = set()
    for path in paths:
        folder = path.rpartition("/")[0]
        while folder and folder not in folders:
            folders.add(folder)
            folder = folder.rpartition("/")[0]
    return Tracked(frozenset(paths), frozenset(folders))


def parse_index(data: bytes, hash_bytes: int = 20) -> tuple[list[str], int]:
    """The paths in an index file (versions 2 to 4), and where its entries end.

    Raises ValueError, IndexError or struct.error for anything else.
    """
    signature, version, count = struct.unpack_from(">4sII", data)
    if signature != b"DIRC" or version not in (2, 3, 4):
        raise ValueError("This is not an index of git.")
    paths: list[str] = []
    position, path = 12, b""
    for _ in range(count):
        start = position
        position += _STAT_BYTES + hash_bytes
        (flags,) = struct.unpack_from(">H", data, position)
        position += 4 if flags & _EXTENDED else 2
        if version == 4:
            removed, position = _varint(data, position)
            end = data.index(b"\0", position)
            path, position = path[: len(path) - removed] + data[position:end], end + 1
        else:
            length = flags & _NAME_LENGTH
            end = data.index(b"\0", position) if length == _NAME_LENGTH else position + length
            path, position = data[position:end], start + (end - start + 8) // 8 * 8
        paths.append(composed(path.decode(errors="surrogateescape")))
    return paths, position


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = data[position] & 0x7F
    while data[position] & 0x80:
        position += 1
        value = ((value + 1) << 7) | (data[position] & 0x7F)
    return value, position + 1


def _shared_index(data: bytes, position: int, hash_bytes: int) -> str:
    """The name of the file that a split index adds to; empty for an ordinary one."""
    while position + 8 <= len(data) - hash_bytes:
        signature, size = struct.unpack_from(">4sI", data, position)
        if signature == b"link":
            return "sharedindex." + data[position + 8 : position + 8 + hash_bytes].hex()
        position += 8 + size
    return ""


def _hash_bytes(common_dir: Path) -> int:
    try:
        config = (common_dir / "config").read_text(errors="replace")
    except OSError:
        return 20
    return 32 if re.search(r"^\s*objectformat\s*=\s*sha256\s*$", config, re.IGNORECASE | re.MULTILINE) else 20
