"""The shapes of rag-server's own answers."""

import json

from code_rag.rag_server.model import Hit, Place
from code_rag.rag_server.progress import NEVER_RAN, Searchable
from code_rag.rag_server.wire import IndexStatus, SearchHit
from tests.unit.rag_server.answer_fakes import a_chunk


def test_a_hit_reads_back_as_it_was_sent() -> None:
    """A hit's score, its parts, the evidence and the copies survive the wire."""
    copies = (Place("other.py", 3, 4),)
    hit = Hit(a_chunk(), 0.5, {"meaning": 0.75, "test": -0.25}, cosine=None, bm25=2.5, copies=copies)
    sent = SearchHit.of(hit)

    back = SearchHit.model_validate_json(sent.model_dump_json())

    assert back == sent
    assert (back.explanation, back.cosine, back.bm25) == ({"meaning": 0.75, "test": -0.25}, None, 2.5)
    assert [copy.path for copy in back.copies] == ["other.py"]


def test_a_status_reads_back_as_it_was_sent() -> None:
    """What the index endpoint sends is what its reader gets, counts and all."""
    sent = IndexStatus.of(NEVER_RAN, Searchable(files=1, chunks=2))

    assert IndexStatus.model_validate_json(sent.model_dump_json()) == sent
    assert json.loads(sent.model_dump_json())["searchable"] == {
        "files": 1,
        "chunks": 2,
        "vectors": {"header": 0, "whole": 0},
    }
