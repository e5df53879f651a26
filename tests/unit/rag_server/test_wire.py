"""The shapes of rag-server's own answers."""

import json

import pytest

from code_rag.rag_server.model import Explanation, Hit
from code_rag.rag_server.progress import NEVER_RAN, Searchable
from code_rag.rag_server.wire import IndexStatus, SearchHit
from tests.unit.rag_server.answer_fakes import a_chunk


@pytest.mark.parametrize(
    ("explanation", "text"),
    [
        (Explanation(0.5, 0.9, 1), '{"alpha":0.5,"dense":0.9,"dense_rank":1}'),
        (Explanation(0.0, lexical=3.0, lexical_rank=2), '{"alpha":0.0,"lexical":3.0,"lexical_rank":2}'),
    ],
)
def test_an_explanation_leaves_out_what_no_search_gave(explanation: Explanation, text: str) -> None:
    """A search that did not find the chunk is absent from the JSON, and reads back as absent."""
    sent = SearchHit.of(Hit(a_chunk(), 1.0, explanation)).model_dump_json()

    assert sent.endswith(f'"explanation":{text}}}')
    assert SearchHit.model_validate_json(sent).explanation == explanation


def test_a_status_reads_back_as_it_was_sent() -> None:
    """What the index endpoint sends is what its reader gets, counts and all."""
    sent = IndexStatus.of(NEVER_RAN, Searchable(files=1, chunks=2))

    assert IndexStatus.model_validate_json(sent.model_dump_json()) == sent
    assert json.loads(sent.model_dump_json())["searchable"] == {"files": 1, "chunks": 2}
