"""Nothing phones home."""

import os
import subprocess
import sys
from pathlib import Path

from code_rag.embedding_server.pinned_model import MINILM
from tests.unit.embedding_server.conftest import ROOT

ONNX_IS_TOLD = """
import sys, os
class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "onnxruntime":
            print(os.environ.get("ORT_DISABLE_TELEMETRY"))
sys.meta_path.insert(0, Watch())
import code_rag.embedding_server.engines.onnx
"""
EMBEDS = """
import os, sys
from importlib.util import find_spec
connected = []
sys.addaudithook(lambda event, _: connected.append(event) if event.startswith("socket.") else None)
from code_rag.embedding_server.embeddings import embed_texts
from code_rag.embedding_server.engines import ENGINES
for name in ("onnx", "openvino"):
    if name == "onnx" or find_spec("openvino"):
        embed_texts(ENGINES[name].load()(sys.argv[1], sys.argv[2], 1), ["def add(a, b): return a + b"])
files = [f"/proc/self/fd/{file}" for file in os.listdir("/proc/self/fd")]
links = [os.readlink(file) for file in files if os.path.islink(file)]
print(connected, [link for link in links if link.startswith("socket:")], find_spec("openvino_telemetry"))
"""


def output_of(script: str, *arguments: str) -> str:
    """What a fresh process prints, with telemetry not yet switched off."""
    environment = {
        name: value for name, value in os.environ.items() if name not in ("CI", "ORT_DISABLE_TELEMETRY")
    }
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_the_engine_is_imported_with_telemetry_off() -> None:
    """A fresh process shows that ONNX Runtime is told not to report usage before it is imported."""
    assert output_of(ONNX_IS_TOLD) == "1"


def test_no_engine_opens_a_connection(model_folder: Path) -> None:
    """Loading and embedding open no socket, and what reports usage to OpenVINO's maker is not installed."""
    assert output_of(EMBEDS, MINILM.name, str(model_folder)) == "[] [] None"


def test_no_lock_installs_what_reports_usage() -> None:
    """OpenVINO's telemetry package is in none of the locks."""
    locks = [lock.read_text() for lock in (ROOT / "requirements").glob("*.txt")]
    assert locks
    assert not any(line.startswith("openvino-telemetry") for lock in locks for line in lock.splitlines())
