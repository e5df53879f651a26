"""The form in which vectors are exported and imported."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from code_rag.rag_server import vector_table
from code_rag.rag_server.vectors import as_kept

KEYS = st.binary(min_size=16, max_size=16).map(lambda data: str(UUID(bytes=data)))
VECTORS = st.lists(st.floats(-1, 1), min_size=3, max_size=3).map(as_kept)


@given(st.dictionaries(KEYS, VECTORS))
def test_what_is_written_is_read(vectors: dict[str, tuple[float, ...]]) -> None:
    """Every key and every number comes back as it was."""
    assert vector_table.read(vector_table.written(vectors), 3) == vectors


@given(st.lists(KEYS))
def test_keys_come_back_in_order(keys: list[str]) -> None:
    """Keys are read as they were written."""
    assert vector_table.read_keys(vector_table.written_keys(keys)) == keys


@given(st.binary())
def test_any_bytes_are_rows_or_refused(data: bytes) -> None:
    """Bytes of any content are read as whole rows, or refused with their number."""
    if len(data) % vector_table.row_bytes(3):
        with pytest.raises(vector_table.DamagedTable, match=str(len(data))):
            vector_table.read(data, 3)
    else:
        assert len(vector_table.read(data, 3)) <= len(data) // vector_table.row_bytes(3)
