"""How many searches and answers are under way: shown in `/metrics`, and why a request is sent back early."""

from functools import partial

from prometheus_client import Gauge

from code_rag.rag_server.composition.use_cases import UseCases
from code_rag.servicekit.metrics import Metrics
from code_rag.servicekit.middleware import Precheck

SEARCHING_PATHS = frozenset({"/search", "/ask", "/v1/chat/completions"})
"""What takes a slot among the searches."""


def search_precheck(use_cases: UseCases) -> Precheck:
    """Sends back a request that would find no slot, before its body is read."""

    def check(path: str) -> None:
        if path in SEARCHING_PATHS:
            use_cases.searches.require_room()

    return check


def count_under_way(use_cases: UseCases, metrics: Metrics) -> None:
    """Add gauges of what runs or waits."""
    for admission, what in ((use_cases.searches, "searches"), (use_cases.answerer.opened, "answers")):
        gauge = Gauge(f"{what}_open", f"How many {what} run or wait", registry=metrics.registry)
        gauge.set_function(partial(getattr, admission, "inside"))
