"""What makes two engines the same: the settings that they read and the source that they run."""

import hashlib
from pathlib import Path

from code_rag import llm_server
from code_rag.llm_server.settings import Settings

_SETTINGS = {
    "local_model", "local_model_dir", "local_model_cache_dir", "local_context_tokens", "local_threads",
    "hf_endpoint", "hf_hub_offline",
}  # fmt: skip
_SOURCE = ("engine", "gguf")


def identity_of(settings: Settings) -> str:
    """Another value for other settings of the engine, or after one of its source files was saved."""
    digest = hashlib.sha256(settings.model_dump_json(include=_SETTINGS).encode())
    package = Path(str(llm_server.__file__)).parent
    for file in sorted(file for folder in _SOURCE for file in (package / folder).glob("*.py")):
        digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()[:16]
