"""Whether a file is the one that is wanted."""

import hashlib
from pathlib import Path

from code_rag.llm_server.gguf.failures import ModelMissing
from code_rag.llm_server.gguf.progress import Report
from code_rag.servicekit.model_sources import SourceFailed

_PIECE = 4 * 1024 * 1024
_MAGIC = b"GGUF"


def check(
    file: Path, size: int, sha256: str, report: Report, step: str = "checking the model's file"
) -> None:
    """Raise SourceFailed unless the file has that size and that SHA-256; reads it once."""
    try:
        found = file.stat().st_size
        if found != size:
            raise SourceFailed(f"{file.name} has {found:,} bytes, not {size:,}")
        digest = _digest(file, size, report, step)
    except OSError as error:
        raise SourceFailed(f"{file.name} cannot be read ({error.strerror})") from error
    if digest != sha256:
        raise SourceFailed(f"{file.name} has SHA-256 {digest[:12]}…, not {sha256[:12]}…")


def _digest(file: Path, size: int, report: Report, step: str) -> str:
    digest, done = hashlib.sha256(), 0
    with file.open("rb") as stream:
        while piece := stream.read(_PIECE):
            digest.update(piece)
            done += len(piece)
            report(step, done, size)
    return digest.hexdigest()


def require_gguf(file: Path) -> None:
    """Raise ModelMissing unless a user's own file can be read and begins as every GGUF file does."""
    try:
        with file.open("rb") as stream:
            start = stream.read(len(_MAGIC))
    except OSError as error:
        raise ModelMissing(
            f"LOCAL_MODEL names {file}, which cannot be read ({error.strerror}): set it to 1.5b, to 0.5b, "
            "or to the path of a .gguf file."
        ) from error
    if start != _MAGIC:
        raise ModelMissing(
            f"LOCAL_MODEL names {file}, which is no GGUF file: its first four bytes are not 'GGUF'."
        )
