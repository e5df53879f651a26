"""Which fault comes when."""

from hypothesis import given
from hypothesis import strategies as st

from tests.chaos.plan import FAULTS, plan

SERVICES = ("vector-db", "embedding-server", "llm-server", "rag-server")


@given(st.integers(), st.integers(1, 4))
def test_every_fault_comes_to_every_service(seed: int, count: int) -> None:
    """As many rounds as there are pairs have each pair once, and each service in turn."""
    services = SERVICES[:count]
    rounds = plan(services, count * len(FAULTS), seed)
    pairs = {(each.service, each.fault) for each in rounds}
    assert pairs == {(service, fault) for service in services for fault in FAULTS}
    assert all(
        {each.service for each in rounds[at : at + count]} == set(services)
        for at in range(0, len(rounds), count)
    )


@given(st.integers(), st.integers(1, 30))
def test_a_seed_is_a_plan(seed: int, rounds: int) -> None:
    """The same seed gives the same rounds, and fewer of them are the first of more."""
    assert plan(SERVICES, rounds, seed) == plan(SERVICES, rounds + 5, seed)[:rounds]


def test_a_short_run_has_each_fault() -> None:
    """Six rounds of three services have every fault once."""
    assert {each.fault for each in plan(SERVICES[1:], 6, 1)} == set(FAULTS)
