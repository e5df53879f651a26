"""Nothing phones home."""

import os
import subprocess
import sys


def test_the_engine_is_imported_with_telemetry_off() -> None:
    """A fresh process shows that ONNX Runtime is told not to report usage before it is imported."""
    script = """
import sys, os
class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "onnxruntime":
            print(os.environ.get("ORT_DISABLE_TELEMETRY"))
sys.meta_path.insert(0, Watch())
import code_rag.embedding_server.engines.onnx
"""
    environment = {
        name: value for name, value in os.environ.items() if name not in ("CI", "ORT_DISABLE_TELEMETRY")
    }
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["1"]
