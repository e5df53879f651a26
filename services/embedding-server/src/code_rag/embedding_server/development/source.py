"""Whether Python files have changed since their digests were taken."""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path


def digests(folders: Iterable[Path]) -> dict[str, str]:
    """Each Python file below `folders`, and the digest of its content."""
    return {str(file): digest(file) for folder in folders for file in folder.rglob("*.py")}


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def up_to_date(source: Mapping[str, str]) -> bool:
    """Whether every file exists and is unchanged."""
    return all(Path(file).is_file() and digest(Path(file)) == known for file, known in source.items())
