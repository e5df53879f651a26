"""Chunks, whatever JSON the events hold."""

import json
from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from code_rag.llm_server.backends.chunk_reader import ChunkReader
from code_rag.llm_server.backends.upstream_stream import Progress
from code_rag.servicekit.errors import UpstreamFailed

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["choices", "error", "index", "delta", "finish_reason", "usage", "content"]),
            inner,
        )
    ),
    max_leaves=12,
)


@given(st.lists(VALUES, max_size=5))
def test_no_event_breaks_it(values: list[Any]) -> None:
    """An event of any JSON is a chunk, nothing or an error of the model server's; chunks are JSON."""
    reader, progress = ChunkReader("secret"), Progress(1)
    stream = "".join(f"data: {json.dumps(value)}\n\n" for value in values).encode()
    with suppress(UpstreamFailed):
        for chunk in reader.feed(stream):
            progress.add(chunk)
            json.dumps(chunk, allow_nan=False)


@given(st.binary(max_size=200))
def test_no_bytes_break_it(stream: bytes) -> None:
    """Bytes of any kind give chunks or an error of the model server's."""
    reader = ChunkReader("secret")
    with suppress(UpstreamFailed):
        assert all(isinstance(chunk, dict) for chunk in [*reader.feed(stream), *reader.close()])
