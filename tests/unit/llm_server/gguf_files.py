"""A small model's file, as a hub and as packages have it."""

import hashlib
import io
import zipfile
from pathlib import Path

from code_rag.llm_server.gguf.pinned import Part, PinnedFile

CONTENT = b"GGUF" + bytes(range(256)) * 1000
PART = 100_000


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def wheel(number: int, content: bytes) -> bytes:
    """A package with one part; importing it would end the process."""
    buffer, name = io.BytesIO(), f"tiny_part{number}"
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{name}/__init__.py", "raise SystemExit('never import this')")
        archive.writestr(f"{name}/data/part{number:02}.bin", content)
        head = f"Metadata-Version: 2.1\nName: tiny-part{number}\nVersion: 1.0\n"
        archive.writestr(f"{name}-1.0.dist-info/METADATA", head)
        archive.writestr(
            f"{name}-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{name}-1.0.dist-info/RECORD", "")
    return buffer.getvalue()


SLICES = [CONTENT[start : start + PART] for start in range(0, len(CONTENT), PART)]
WHEELS = [wheel(number, content) for number, content in enumerate(SLICES, start=1)]
PINNED = PinnedFile(
    id="tiny",
    repository="somebody/tiny",
    name="tiny.gguf",
    bytes=len(CONTENT),
    sha256=sha256(CONTENT),
    parts=tuple(
        Part(
            f"tiny-part{n}==1.0",
            len(WHEELS[n - 1]),
            sha256(WHEELS[n - 1]),
            f"tiny_part{n}/data/part{n:02}.bin",
            len(SLICES[n - 1]),
        )
        for n in range(1, len(SLICES) + 1)
    ),
)
PATH = f"/{PINNED.repository}/resolve/{PINNED.revision}/{PINNED.name}"


def publish(index: Path, *numbers: int) -> None:
    for number in numbers or range(1, len(WHEELS) + 1):
        (index / f"tiny_part{number}-1.0-py3-none-any.whl").write_bytes(WHEELS[number - 1])


def unseen(step: str, done: int, total: int) -> None: ...
