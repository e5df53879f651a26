"""An engine in a process of its own: it survives the workers that use it, and never runs old source."""

import os
import py_compile
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from code_rag.embedding_server.development.engine_client import EngineClient
from code_rag.embedding_server.development.sockets import sockets
from code_rag.embedding_server.embeddings import embed_texts
from code_rag.embedding_server.engines.onnx import OnnxEngine
from code_rag.embedding_server.loading import EngineMissing
from code_rag.servicekit.private_folder import private_folder
from tests.fixtures.waiting import wait_for
from tests.unit.embedding_server.conftest import ROOT

TEXTS = ["the refund window of an order", "def f(): ...", "word " * 300]


@dataclass
class Reloader:
    """A process that stands for the reloader, and a copy of the source that its engines run."""

    process: "subprocess.Popen[bytes]"
    folder: Path
    source: Path

    def engine(self) -> EngineClient:
        """What a new worker gets."""
        return EngineClient(self.folder, self.process.pid)

    def edit(self, file: str) -> None:
        """Save a file of embedding-server with a comment more."""
        path = self.source / "code_rag/embedding_server" / file
        path.write_text(path.read_text() + "# changed\n")


@pytest.fixture
def reloader(tmp_path: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reloader]:
    for package in (
        "services/embedding-server/src/code_rag/embedding_server",
        "packages/servicekit/src/code_rag/servicekit",
    ):
        shutil.copytree(ROOT / package, tmp_path / "code_rag" / Path(package).name)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("MODEL_DIR", str(model_folder))
    monkeypatch.setenv("EMBEDDING_ENGINE", "onnx")
    process = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    folder = private_folder("embedding-server", process.pid)
    yield Reloader(process, folder, tmp_path)
    process.communicate()  # closes its input, which ends it
    wait_for(lambda: not folder.exists(), "the engines to end with the reloader")


def test_it_computes_what_the_engine_does(reloader: Reloader, onnx_engine: OnnxEngine) -> None:
    """Vectors, counts and marks of truncation are those of the engine in this process."""
    remote = reloader.engine()
    theirs, ours = embed_texts(remote, TEXTS), embed_texts(onnx_engine, TEXTS)
    assert np.allclose(theirs.vectors, ours.vectors, atol=1e-6)
    assert (theirs.tokens, theirs.truncated) == (ours.tokens, ours.truncated)
    assert [remote.count(text) for text in TEXTS] == [onnx_engine.count(text) for text in TEXTS]


def test_the_next_worker_finds_it_loaded(reloader: Reloader) -> None:
    """A second worker uses the same process, also after an edit of what the engine does not import."""
    reloader.engine()
    (first,) = sockets(reloader.folder)
    reloader.edit("routes.py")
    assert reloader.engine().dimension == 384
    assert sockets(reloader.folder) == [first]


def test_an_edit_of_the_engine_gets_a_new_process(reloader: Reloader) -> None:
    """Newer source is loaded in a new process; the old one serves its users and ends when it has none."""
    old = reloader.engine()
    (first,) = sockets(reloader.folder)
    reloader.edit("engines/wordpiece.py")
    new = reloader.engine()
    assert len(sockets(reloader.folder)) == 2
    assert old.count("still here") == new.count("still here")
    del old
    wait_for(lambda: first not in sockets(reloader.folder), "the old engine to end")
    assert new.count("still here") == 4


SWAPPED = ("engine.dimension, engine.max_tokens", "engine.max_tokens, engine.dimension")


@pytest.mark.parametrize(
    ("file", "saved", "edited", "expected"),
    [
        ("engines/bert.py", "batch_tokens = 512", "batch_tokens = 256", (384, 256, 256)),
        ("development/engine_host.py", *SWAPPED, (256, 384, 512)),
    ],
)
def test_stale_byte_code_is_not_run(
    reloader: Reloader, file: str, saved: str, edited: str, expected: tuple[int, int, int]
) -> None:
    """A file edited again at the same size and time runs as it is now, whatever its .pyc holds."""
    path = reloader.source / "code_rag/embedding_server" / file
    py_compile.compile(str(path), doraise=True)
    time = path.stat().st_mtime_ns
    path.write_text(path.read_text().replace(saved, edited))
    os.utime(path, ns=(time, time))
    engine = reloader.engine()
    assert (engine.dimension, engine.max_tokens, engine.batch_tokens) == expected


def test_a_killed_process_is_replaced(reloader: Reloader) -> None:
    """A worker whose engine dies gets its answer from another."""
    remote = reloader.engine()
    (first,) = sockets(reloader.folder)
    os.kill(process_at(first), signal.SIGKILL)
    assert remote.count("still here") == 4
    assert first not in sockets(reloader.folder)


def process_at(address: Path) -> int:
    """The process that was started to listen at `address`."""
    (found,) = [
        int(command.parent.name)
        for command in Path("/proc").glob("[0-9]*/cmdline")
        if str(address).encode() in command.read_bytes()
    ]
    return found


def test_what_it_raises_is_raised_here(reloader: Reloader, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that is not installed is the same error, in the same words, as in one process."""
    monkeypatch.setenv("EMBEDDING_ENGINE", "sentence-transformers")
    with pytest.raises(EngineMissing, match="the package torch is missing"):
        reloader.engine()


def test_a_folder_that_others_may_enter_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who could write there could run code here: pickles come from a folder of our own alone."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    private_folder("embedding-server", 1).chmod(0o755)
    with pytest.raises(PermissionError, match="others may enter"):
        private_folder("embedding-server", 1)
