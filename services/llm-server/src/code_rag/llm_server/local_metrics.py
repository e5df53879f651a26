"""The metrics of a model on this machine."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Gauge

from code_rag.llm_server.backends.waiting_line import WaitingLine
from code_rag.llm_server.engine.keeper import EngineKeeper


def watch_local_model(registry: CollectorRegistry, keeper: EngineKeeper, line: WaitingLine) -> None:
    """Show at each scrape who waits for the model, and how often its process was started again."""
    figures: dict[tuple[str, str], Callable[[], float]] = {
        ("local_model_ready", "1 while the local model can answer"): lambda: float(keeper.is_ready),
        ("local_model_restarts", "Starts of its process after it ended"): lambda: float(keeper.restarts),
        ("local_model_waiting", "Requests that wait for their turn"): lambda: float(line.waiting),
        ("local_model_refused", "Requests refused because too many waited"): lambda: float(line.refused),
    }
    for (name, meaning), figure in figures.items():
        Gauge(name, meaning, registry=registry).set_function(figure)
