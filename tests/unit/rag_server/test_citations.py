"""Checking an answer's citation markers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from code_rag.rag_server.answer import Citation
from code_rag.rag_server.citations import cite
from code_rag.servicekit.wire.evidence import Block

BLOCKS = (
    Block(1, "shop/orders.py", 10, ("def cancel(order):", "    order.open = False", "    return order")),
    Block(2, "docs/runbook.md", 1, ("# Runbook",)),
)
DISK = {
    "shop/orders.py": [*("" for _ in range(9)), *BLOCKS[0].lines],
    "docs/runbook.md": ["# Runbook", "", "Call someone."],
}
MARKER = st.from_regex(r"\[[0-9]{1,3}(:[0-9]{1,3}(-[0-9]{1,3})?)?(, ?[0-9]{1,3})?\]", fullmatch=True)
ANSWER = st.lists(
    st.one_of(MARKER, st.text(max_size=10), st.sampled_from(["```", "~~~\n", "`", "\n", "x[", "]"]))
).map("".join)


def test_lines_of_the_evidence_that_still_stand_are_verified() -> None:
    """A marker with lines cites those, one without cites the whole block."""
    assert cite("A [1:11-12]. B [2].", BLOCKS, DISK.get) == (
        Citation("[1:11-12]", "shop/orders.py", 11, 12, "supported"),
        Citation("[2]", "docs/runbook.md", 1, 1, "supported"),
    )


@pytest.mark.parametrize(
    ("marker", "reason"),
    [
        ("[3]", "there is no block 3"),
        ("[0]", "there is no block 0"),
        ("[1:9-10]", "block 1 contains only lines 10-12"),
        ("[1:12-13]", "block 1 contains only lines 10-12"),
        ("[1:12-11]", "line range 12-11 ends before it starts"),
    ],
)
def test_a_marker_outside_the_evidence_is_not_verified(marker: str, reason: str) -> None:
    """Citing what was not shown fails, with the reason."""
    (citation,) = cite(f"So it is {marker}.", BLOCKS, DISK.get)

    assert (citation.state, citation.reason) == ("missing", reason)


def test_a_file_that_changed_or_went_is_not_verified() -> None:
    """The cited lines are compared with the disk; lines outside them may change."""
    changed = {"shop/orders.py": [*DISK["shop/orders.py"][:-1], "    return None"]}

    kept, broken, gone = cite("[1:10-11] [1:12] [2]", BLOCKS, changed.get)

    assert kept.state == "supported"
    assert (broken.state, broken.reason) == ("missing", "the file has changed since it was indexed")
    assert (gone.state, gone.reason) == ("missing", "the file no longer exists")


def test_each_cited_file_is_read_once() -> None:
    """Three citations of one file cost one read."""
    reads: list[str] = []

    cite("[1] [1:10] [1:11]", BLOCKS, lambda path: reads.append(path))

    assert reads == ["shop/orders.py"]


@given(ANSWER)
def test_verified_means_inside_the_evidence(answer: str) -> None:
    """No answer makes the parser raise, and a verified citation always lies within a block of its path."""
    for citation in cite(answer, BLOCKS, DISK.get):
        assert citation.marker in answer
        if citation.state != "missing":
            assert any(
                block.path == citation.path
                and block.start_line <= citation.start_line <= citation.end_line <= block.end_line
                for block in BLOCKS
            )
