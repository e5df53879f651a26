"""Reads and decodes a file of the codebase: only regular files, up to a size limit."""

import hashlib
import os
import stat
from pathlib import Path

from code_rag.rag_server.codebase.decoding import decode
from code_rag.rag_server.codebase.languages import detect_language
from code_rag.rag_server.codebase.notebooks import ENDING, render_notebook
from code_rag.rag_server.codebase.options import Options
from code_rag.rag_server.codebase.paths import locate
from code_rag.rag_server.codebase.skipping import (
    MAX_BYTES,
    MAX_WANTED_BYTES,
    OVERRULABLE,
    Reason,
    is_too_large,
    text_reason,
)
from code_rag.rag_server.model import SkippedFile, SourceFile
from code_rag.rag_server.redaction import Redacted, redact


def read_source(root: Path, path: str, options: Options, *, wanted: bool = False) -> SourceFile | SkippedFile:
    """Read and decode the file at `path` under `root`, or say why its content is left out.

    What is `wanted` by name is left out only if there is no text in it.
    """
    try:
        data = read_regular_file(locate(root, path), MAX_WANTED_BYTES)
    except OSError:
        return SkippedFile(path, Reason.UNREADABLE)
    if len(data) > MAX_WANTED_BYTES or (not wanted and is_too_large(path, len(data), options.max_bytes)):
        return SkippedFile(path, Reason.TOO_LARGE)
    decoded = decode(data, options.legacy_encoding)
    if decoded.text is None:
        return SkippedFile(path, Reason.BINARY if decoded.is_binary else Reason.ENCODING)
    text, language = decoded.text, detect_language(path, decoded.text)
    if path.lower().endswith(ENDING) and text.strip():
        notebook = render_notebook(text)
        if notebook is None:
            return SkippedFile(path, Reason.INVALID_NOTEBOOK)
        text, language = notebook.text, notebook.language
    reason = text_reason(text, language)
    if not reason and len(text) > options.max_bytes:
        reason = Reason.TOO_LARGE
    if reason and not (wanted and reason in OVERRULABLE):
        return SkippedFile(path, reason)
    redacted = redact(text) if options.redact_secrets else Redacted(text, ())
    # By its text, so that a file is indexed again when other rules find more in it, or when redaction is off.
    version = redacted.text.encode() if redacted.secrets else data
    return SourceFile(path, redacted.text, language, hashlib.sha256(version).hexdigest(), redacted.secrets)


def read_regular_file(path: Path, limit: int = MAX_BYTES) -> bytes:
    """The first `limit` + 1 bytes of a file; raises OSError for a link, a pipe or a device."""
    # O_NONBLOCK: a file that was replaced by a pipe after it was listed must not block the reader.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(f"{path} is not a regular file")
        return file.read(limit + 1)
