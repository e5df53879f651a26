"""What an answer came to: its cost, and what the metrics and the log say of it."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from code_rag.llm_server.backends.base import Call, Json
from code_rag.llm_server.metrics import ChatMetrics
from code_rag.llm_server.model_entry import ModelEntry, Prices
from code_rag.llm_server.model_names import MOST_VERSIONS, ModelNames
from code_rag.llm_server.usage import Usage, priced
from code_rag.servicekit.errors import UpstreamTimeout

CHEAP = ModelEntry("cheap", "http://models.example:8000/v1", "m", prices=Prices(input=0.15, output=0.60))
COUNTED: Json = {
    "model": "m",
    "usage": {"prompt_tokens": 1_000, "completion_tokens": 100, "total_tokens": 1_100},
}

ABOUT = {
    "gen_ai_operation_name": "chat",
    "gen_ai_provider_name": "openai",
    "gen_ai_request_model": "cheap",
    "gen_ai_response_model": "m",
    "server_address": "models.example",
}


async def chunks(*said: Json, failure: Exception | None = None) -> AsyncGenerator[Json]:
    """A stream of what is said, and then a failure."""
    for each in said:
        yield each
    if failure:
        raise failure


def a_call(entry: ModelEntry | None = CHEAP, **request: Any) -> Call:
    """A call that was answered by that model."""
    return Call(request, answered_by=entry)


def test_an_answer_has_its_cost() -> None:
    """Tokens read and written times their prices, beside what the server counted."""
    body = priced(COUNTED, CHEAP)
    assert body["usage"]["cost"] == pytest.approx(0.00021)
    assert body["usage"] | {"cost": 0} == COUNTED["usage"] | {"cost": 0}
    assert "cost" not in COUNTED["usage"]


@pytest.mark.parametrize(
    ("body", "entry"),
    [
        (COUNTED, None),
        (COUNTED, ModelEntry("free", "http://h/v1", "m")),
        ({"model": "m"}, CHEAP),
        ({"usage": None}, CHEAP),
        ({"usage": {"prompt_tokens": 1, "cost": 0.5}}, CHEAP),
        ({"usage": {"prompt_tokens": 1, "cost": 0}}, CHEAP),
    ],
)
def test_a_cost_that_is_not_known_or_is_said_stays(body: Json, entry: ModelEntry | None) -> None:
    """Without prices or counts nothing is added; what the server says it costs is kept."""
    assert priced(body, entry) == body


@pytest.mark.parametrize(
    ("said", "usage"),
    [
        ({"prompt_tokens": 7, "completion_tokens": 2, "cost": 0.5}, Usage(7, 2, 0.5)),
        ({"prompt_tokens": "7", "completion_tokens": None, "cost": "free"}, Usage(0, 0)),
        ({"prompt_tokens": -7, "cost": -1}, Usage(0, 0)),
        ([], None),
        (None, None),
    ],
)
def test_counts_that_are_none_count_nothing(said: object, usage: Usage | None) -> None:
    """A server's usage is read as far as it makes sense."""
    assert Usage.of({"usage": said}) == usage


async def test_the_metrics_are_those_of_opentelemetry() -> None:
    """A stream gives its duration, first chunk, pace, tokens and cost, by the names of the conventions."""
    registry = CollectorRegistry()
    metrics = ChatMetrics(registry, ModelNames("m", ["cheap"]), "default.example")
    said: list[Json] = [{"model": "m"}, {"model": "m"}, COUNTED]

    _ = [chunk async for chunk in metrics.watch_stream(chunks(*said), a_call(model="cheap"))]

    def value(name: str, **more: str) -> float | None:
        return registry.get_sample_value(f"gen_ai_client_{name}", ABOUT | more)

    assert value("operation_duration_seconds_count", error_type="") == 1
    assert value("operation_time_to_first_chunk_seconds_count") == 1
    assert value("operation_time_per_output_chunk_seconds_count") == 2
    assert value("token_usage_sum", gen_ai_token_type="input") == 1_000
    assert value("token_usage_bucket", gen_ai_token_type="input", le="1024.0") == 1
    assert value("token_usage_sum", gen_ai_token_type="output") == 100
    assert value("cost_dollars_total") == pytest.approx(0.00021)


async def test_the_cost_is_in_the_answer_and_in_the_log() -> None:
    """A whole answer and the chunk that counts have it; the log's line has what it came to."""
    metrics = ChatMetrics(CollectorRegistry(), ModelNames("m", ["cheap"]), "")
    call = a_call(model="cheap")

    *_, streamed = [chunk async for chunk in metrics.watch_stream(chunks({"model": "m"}, COUNTED), call)]
    whole = await metrics.watch_answer(anext(chunks(COUNTED)), a_call(model="cheap"))

    assert [body["usage"]["cost"] for body in (streamed, whole)] == [pytest.approx(0.00021)] * 2
    counted = {"outcome": "ok", "attempts": 0, "input_tokens": 1_000, "output_tokens": 100}
    assert call.notes == counted | {"cost": pytest.approx(0.00021)}


async def test_a_usage_in_each_chunk_counts_once() -> None:
    """Where a server counts in each chunk what came so far, the last one holds."""
    registry = CollectorRegistry()
    metrics = ChatMetrics(registry, ModelNames("m"), "h")
    growing = [{"model": "m", "usage": {"prompt_tokens": 7, "completion_tokens": n}} for n in (1, 2, 3)]

    _ = [chunk async for chunk in metrics.watch_stream(chunks(*growing), a_call(None))]

    sums = {
        sample.labels["gen_ai_token_type"]: sample.value
        for metric in registry.collect()
        for sample in metric.samples
        if sample.name == "gen_ai_client_token_usage_sum"
    }
    assert sums == {"input": 7, "output": 3}


async def test_a_failure_has_its_status_and_the_tokens_so_far() -> None:
    """An answer that breaks off counts as its error; what was counted before counts."""
    registry = CollectorRegistry()
    metrics = ChatMetrics(registry, ModelNames("m"), "h")

    with pytest.raises(UpstreamTimeout):
        _ = [
            c
            async for c in metrics.watch_stream(
                chunks(COUNTED, failure=UpstreamTimeout("late")), a_call(None)
            )
        ]

    counts = [
        (sample.labels["error_type"], sample.labels["gen_ai_request_model"], sample.labels["server_address"])
        for metric in registry.collect()
        for sample in metric.samples
        if sample.name == "gen_ai_client_operation_duration_seconds_count"
    ]
    assert counts == [("504", "m", "h")]


def test_a_name_that_nobody_knows_has_no_label_of_its_own() -> None:
    """Callers may send any name: what is configured or listed is a label, the rest is other."""
    names = ModelNames("m-1", ["cheap"])
    assert [names.requested({"model": name}) for name in (None, "cheap", "listed", "x")] == [
        "m-1", "cheap", "other", "other",
    ]  # fmt: skip
    names.learn([{"id": "listed"}])
    assert names.requested({"model": "listed"}) == "listed"


def test_versions_of_known_models_are_labels_up_to_a_bound() -> None:
    """An answer names the version that wrote it; a server that makes names up fills no more than a bound."""
    names = ModelNames("gpt-4o-mini")
    made_up = {names.answered(f"gpt-4o-mini-{number}") for number in range(2 * MOST_VERSIONS)}
    assert len(made_up) == MOST_VERSIONS + 1
    assert names.answered("gpt-4o-mini-0") == "gpt-4o-mini-0"
    assert [names.answered(name) for name in ("gpt-4o-mini", "claude", "", None, 5)] == [
        "gpt-4o-mini", "other", "", "", "",
    ]  # fmt: skip
