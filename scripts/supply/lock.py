"""Reads requirements/*.txt: which packages are locked, in which version, for which platform."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.markers import Marker
from packaging.utils import canonicalize_name

FOLDER = Path(__file__).parents[2] / "requirements"
IMAGE = {
    "python_version": "3.11",
    "python_full_version": "3.11.0",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
    "os_name": "posix",
    "sys_platform": "linux",
    "platform_system": "Linux",
}
"""The platform of our images, in the words of markers."""
_LINE = re.compile(
    r"^(?P<name>[\w.-]+)==(?P<version>[^\s;\\]+)(?: ; (?P<marker>[^\\]+?))?\s*\\?$", re.MULTILINE
)


@dataclass(frozen=True, slots=True, order=True)
class Locked:
    """A package in one version."""

    name: str
    version: str


def locked(*files: Path, everywhere: bool = False) -> list[Locked]:
    """The packages of these locks, each once, by name: those of our images, or `everywhere` all."""
    return sorted({each for file in files for each in _read(file.read_text(), everywhere)})


def locks_of(*names: str) -> list[Path]:
    """The locks of these names, such as `rag-server`; all of them without any."""
    return [FOLDER / f"{name}.txt" for name in names] or sorted(FOLDER.glob("*.txt"))


def shipped() -> list[Path]:
    """The locks of what is in our images."""
    return locks_of("embedding-server-openvino", "llm-server", "rag-server")


def _read(text: str, everywhere: bool) -> Iterator[Locked]:
    for found in _LINE.finditer(text):
        if everywhere or not found["marker"] or Marker(found["marker"]).evaluate(IMAGE):
            yield Locked(canonicalize_name(found["name"]), found["version"])
