"""Bad requests get a sentence; good ones are counted."""

from typing import Any

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.fixtures.gateway import Gateway
from tests.fixtures.scripted_upstream import ScriptedUpstream, chunk, failure, stream, whole

HELLO = {"messages": [{"role": "user", "content": "hello"}]}


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": "hello"}, "messages"),
        ({"messages": [{"content": "no role"}]}, "messages.0.role"),
        ({"messages": [{"role": 5, "content": "x"}]}, "messages.0.role"),
        (HELLO | {"model": 5}, "model"),
        (HELLO | {"stream": "perhaps"}, "stream"),
        (HELLO | {"stream_options": "usage"}, "stream_options"),
    ],
)
def test_a_bad_field_is_named(
    gateway: httpx2.Client, upstream: ScriptedUpstream, body: Any, param: str
) -> None:
    """A request of the wrong shape is refused with the field's name, and never sent on."""
    answer = gateway.post("/v1/chat/completions", json=body)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)
    assert upstream.seen == []


@pytest.mark.parametrize(
    "body", ["{", '{"messages": [{"role": "user", "content": "x"}], "temperature": NaN}']
)
def test_what_is_no_json_is_refused(gateway: httpx2.Client, upstream: ScriptedUpstream, body: str) -> None:
    """Broken JSON, and the NaN that Python reads but JSON does not have, are the caller's to mend."""
    answer = gateway.post("/chat/completions", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_json")
    assert upstream.seen == []


@pytest.mark.parametrize("path", ["/models", "/v1/models"])
def test_the_default_model_is_listed(gateway: httpx2.Client, path: str) -> None:
    """The list holds the model that answers where none is named."""
    models = gateway.get(path).json()
    assert models["object"] == "list"
    assert [(model["id"], model["object"]) for model in models["data"]] == [("house-model", "model")]


def test_outcomes_tokens_and_the_first_chunk_are_counted(start: Gateway, upstream: ScriptedUpstream) -> None:
    """A whole answer, a refusal and a broken stream are told apart; tokens count where they are told."""
    client = start(openai_base_url=f"{upstream.url}/v1", model_name="counted")
    upstream.replies = [whole(usage={"prompt_tokens": 7, "completion_tokens": 2})]
    client.post("/chat/completions", json=HELLO)
    upstream.replies = [failure(400, message="no")]
    client.post("/chat/completions", json=HELLO)
    upstream.replies = [stream(chunk({"content": "a"}))]
    client.post("/chat/completions", json=HELLO | {"stream": True})
    families = text_string_to_metric_families(client.get("/metrics").text)
    samples = {family.name: family.samples for family in families}
    duration = "gen_ai_client_operation_duration_seconds"
    outcomes = [each for each in samples[duration] if each.name == f"{duration}_count"]
    assert {each.labels["error_type"]: each.value for each in outcomes} == {"": 1, "400": 1, "502": 1}
    assert {each.labels["server_address"] for each in outcomes} == {"127.0.0.1"}
    used = [each for each in samples["gen_ai_client_token_usage"] if each.name.endswith("_sum")]
    assert {each.labels["gen_ai_token_type"]: each.value for each in used} == {"input": 7, "output": 2}
    first = [
        each.value
        for each in samples["gen_ai_client_operation_time_to_first_chunk_seconds"]
        if each.name.endswith("_count")
    ]
    assert first == [1]
