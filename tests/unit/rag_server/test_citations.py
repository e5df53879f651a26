"""Checking an answer's citation markers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from code_rag.rag_server.answer import Citation
from code_rag.rag_server.citing.citations import cite
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


def test_lines_that_say_what_is_claimed_support_it() -> None:
    """A marker with lines cites those, one without cites the whole block."""
    assert cite("An order is not open [1:11-12]. The runbook [2].", BLOCKS, DISK.get) == (
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
def test_a_marker_outside_the_evidence_is_missing(marker: str, reason: str) -> None:
    """Citing what was not shown fails, with the reason."""
    (citation,) = cite(f"So it is {marker}.", BLOCKS, DISK.get)

    assert (citation.state, citation.reason) == ("missing", reason)


def test_lines_of_a_file_that_changed_or_went_are_missing() -> None:
    """The cited lines are compared with the disk; lines outside them may change."""
    changed = {"shop/orders.py": [*DISK["shop/orders.py"][:-1], "    return None"]}

    kept, broken, gone = cite("Cancel an order [1:10-11] [1:12] [2]", BLOCKS, changed.get)

    assert kept.state == "supported"
    assert (broken.state, broken.reason) == ("missing", "the file has changed since it was indexed")
    assert (gone.state, gone.reason) == ("missing", "the file no longer exists")


def test_each_cited_file_is_read_once() -> None:
    """Three citations of one file cost one read."""
    reads: list[str] = []

    cite("[1] [1:10] [1:11]", BLOCKS, lambda path: reads.append(path))

    assert reads == ["shop/orders.py"]


@pytest.mark.parametrize(
    ("claim", "reason"),
    [
        ("Cancelling sends an e-mail to the warehouse", "it has few words of the claim"),
        ("`cancel` calls `refund_all`", "it does not mention refund_all"),
        ("`cancel` closes the order for 30 days", "it does not mention 30"),
        ("So", "the claim has no words to look for"),
    ],
)
def test_lines_that_do_not_say_what_is_claimed_only_exist(claim: str, reason: str) -> None:
    """Real lines under a made-up claim are no support, and the citation says why."""
    (citation,) = cite(f"{claim} [1].", BLOCKS, DISK.get)

    assert (citation.state, citation.reason) == ("exists", reason)


def test_a_place_supports_only_what_stands_before_it() -> None:
    """A true sentence does not help the false one after it, and a marker under both is in doubt."""
    true, false = "An order is cancelled", "Invoices go to the printer"

    supported, doubtful = cite(f"{true} [1:10]. {false} [1:11].", BLOCKS, DISK.get)
    (both,) = cite(f"{true} [1]. {false} [1].", BLOCKS, DISK.get)

    assert (supported.state, doubtful.state, both.state) == ("supported", "exists", "exists")


def test_places_that_are_cited_together_support_a_claim_together() -> None:
    """What one of them does not mention may stand in the other."""
    states = [c.state for c in cite("`cancel` is in the runbook [1:10] [2].", BLOCKS, DISK.get)]

    assert states == ["supported", "supported"]


def test_a_claim_in_another_script_is_compared_by_its_names() -> None:
    """Korean words cannot stand in English code, the names and numbers in the sentence can."""
    named, wrong, wordless = cite(
        "`cancel`은 주문을 취소한다 [1:10]. `refund`는 환불한다 [1:11]. 환불한다 [1:12].", BLOCKS, DISK.get
    )

    assert (named.state, wrong.state, wordless.state) == ("supported", "exists", "exists")


@given(ANSWER)
def test_what_exists_is_inside_the_evidence(answer: str) -> None:
    """No answer makes the parser raise, and a place that exists lies within a block of its path."""
    for citation in cite(answer, BLOCKS, DISK.get):
        assert citation.marker in answer
        if citation.state != "missing":
            assert any(
                block.path == citation.path
                and block.start_line <= citation.start_line <= citation.end_line <= block.end_line
                for block in BLOCKS
            )
