"""The index follows the codebase, a folder of the node that the pod mounts."""

import uuid

import httpx2

from tests.fixtures.kind_cluster import ROOT
from tests.fixtures.waiting import wait_for
from tests.kind.conftest import whole


def finds(rag: httpx2.Client, word: str, path: str) -> bool:
    """Whether a search for the word finds the file."""
    hits = rag.post("/search", json={"query": word}).raise_for_status().json()["hits"]
    return path in [hit["path"] for hit in hits]


def test_a_saved_file_is_found_and_a_deleted_one_is_not(rag: httpx2.Client) -> None:
    """Without any command a new file is found by its words, and no longer once it is deleted."""
    indexed = wait_for(lambda: whole(rag), "a complete index")
    word = f"saved_{uuid.uuid4().hex}"
    file = ROOT / "test-codebase" / f"{word}.py"
    file.write_text(f"def {word}():\n    return 1\n")
    try:
        wait_for(lambda: finds(rag, word, file.name), "the saved file to be found")
    finally:
        file.unlink()
    wait_for(lambda: not finds(rag, word, file.name), "the deleted file to be gone")
    assert wait_for(lambda: whole(rag), "a complete index") == indexed
