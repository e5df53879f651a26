"""Reads and decodes a file of the codebase: only regular files, up to a size limit."""

import codecs
import hashlib
import os
import stat
from pathlib import Path

from code_rag.rag_server.codebase.languages import detect_language
from code_rag.rag_server.codebase.skipping import MAX_BYTES, Reason, text_reason
from code_rag.rag_server.model import SkippedFile, SourceFile

_UTF16_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_source(root: Path, path: str) -> SourceFile | SkippedFile:
    """Read and decode the file at `path` under `root`, or say why its content is left out."""
    try:
        data = read_regular_file(root / path)
    except OSError:
        return SkippedFile(path, Reason.UNREADABLE)
    if len(data) > MAX_BYTES:
        return SkippedFile(path, Reason.TOO_LARGE)
    text = _decode(data)
    if text is None:
        return SkippedFile(path, Reason.BINARY)
    language = detect_language(path, text)
    if reason := text_reason(text, language):
        return SkippedFile(path, reason)
    return SourceFile(path, text, language, hashlib.sha256(data).hexdigest())


def read_regular_file(path: Path) -> bytes:
    """The first `MAX_BYTES` + 1 bytes of a file; raises OSError for a link, a pipe or a device."""
    # O_NONBLOCK: a file that was replaced by a pipe after it was listed must not block the reader.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(f"{path} is not a regular file")
        return file.read(MAX_BYTES + 1)


def _decode(data: bytes) -> str | None:
    """The text of a file in UTF-8, or UTF-16 with a byte order mark; None for anything else."""
    encoding = "utf-16" if data.startswith(_UTF16_BOMS) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text
