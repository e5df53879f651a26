"""The Dockerfile's stage that fetches the model, which holds a few source files alone."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.unit.embedding_server.conftest import ROOT

DOCKERFILE = ROOT / "services/embedding-server/Dockerfile"
NOT_NEEDED = (
    "numpy",
    "onnx",
    "onnxruntime",
    "tokenizers",
    "torch",
    "sentence_transformers",
    "fastapi",
    "uvicorn",
)
RUN = """
import runpy, sys
sys.modules.update(dict.fromkeys(sys.argv[1:]))  # importing any of these fails
runpy.run_module("code_rag.embedding_server.model_files", run_name="__main__")
"""


def copied() -> list[tuple[list[str], str]]:
    """Sources and destination of each COPY of the stage `model`."""
    stage = re.search(r"^FROM \S+ AS model$(.*?)^FROM ", DOCKERFILE.read_text(), re.MULTILINE | re.DOTALL)
    assert stage, "the Dockerfile has no stage `model`"
    lines = re.findall(r"^COPY (.+)$", stage[1], re.MULTILINE)
    return [(line.split()[:-1], line.split()[-1]) for line in lines]


@pytest.fixture
def stage(tmp_path: Path) -> Path:
    """A folder with what the stage copies and nothing else."""
    for sources, destination in copied():
        (tmp_path / destination).mkdir(parents=True)
        for source in sources:
            shutil.copy(ROOT / source, tmp_path / destination)
    return tmp_path


def test_it_fetches_the_model_with_what_it_copies(stage: Path) -> None:
    """Its files find the model without the packages that only serving needs."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": sysconfig.get_path("purelib"),
        "MODEL_CACHE_DIR": str(ROOT / ".data/models"),
    }
    # -S: the .pth files of an editable install would add the rest of our source.
    done = subprocess.run(
        [sys.executable, "-S", "-c", RUN, *NOT_NEEDED],
        cwd=stage, env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "all-MiniLM-L6-v2 from cache" in done.stdout


def test_it_names_each_file() -> None:
    """No pattern takes along a file whose edit would fetch the model again."""
    names = [source for sources, _ in copied() for source in sources]
    assert [name for name in names if not (ROOT / name).is_file()] == []
