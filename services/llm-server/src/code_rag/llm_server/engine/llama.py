"""llama.cpp's own server for OpenAI's API, in this process, at a Unix socket.

https://github.com/ggml-org/llama.cpp/tree/master/tools/server describes the requests that it takes.
"""

from pathlib import Path

import xllamacpp

BATCH_TOKENS = 16
"""How many tokens are read at once: between two batches it is seen that a caller has left.

With 64 it reads a tenth faster, and takes four times as long to be free.
"""
PROMPT_CACHE_MIB = 64
"""Memory for prompts before the last one: rag-server has several kinds, each with a constant beginning."""


class CannotLoad(Exception):
    """llama.cpp refuses the file; the message says what to do."""


def serve(file: Path, name: str, socket: Path, context_tokens: int, threads: int) -> object:
    """Load the model and serve it at `socket` for as long as the returned object lives; raises CannotLoad."""
    params = xllamacpp.CommonParams()
    params.model.path, params.model_alias = str(file), {name}
    params.hostnames, params.port = [str(socket)], 0
    params.n_ctx, params.n_parallel = context_tokens, 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    params.n_batch = params.n_ubatch = BATCH_TOKENS
    # Read into memory, not mapped: a mapped file would stay beside the weights rearranged for the CPU.
    params.load_mode = xllamacpp.llama_load_mode.LLAMA_LOAD_MODE_NONE
    params.cache_ram_mib = PROMPT_CACHE_MIB
    params.warmup = False  # measuring the speed warms it up
    params.ui = params.endpoint_slots = False
    params.verbosity = 1  # errors
    try:
        return xllamacpp.Server(params)
    except RuntimeError as error:
        raise CannotLoad(
            f"The model {file} cannot be loaded: it is incomplete or damaged, or this version of llama.cpp "
            "does not read its kind. The log has llama.cpp's own words; fetch the file again, or set "
            "LOCAL_MODEL to 1.5b."
        ) from error
