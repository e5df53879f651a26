"""Which server a name goes to, and how the answer says so."""

import pytest
from openai import OpenAI

from tests.faults.asking import ask, post
from tests.faults.conftest import Start
from tests.fixtures.scripted_upstream import (
    Reply,
    ScriptedUpstream,
    chunk,
    stream,
    whole,
)

WORDS = [chunk({"content": "a"}), chunk({}, "stop"), "[DONE]"]


ONE = '[models.mine]\nbase_url = "MAIN/v1"\nmodel = "theirs"\n'


def test_a_name_stands_for_a_model_at_a_server(routed: Start, upstream: ScriptedUpstream) -> None:
    """The server gets its own name for the model, the caller the name that it asked for, and a header."""
    gateway = routed(ONE)
    upstream.replies = [whole(model="theirs-2024"), stream(*WORDS)]
    answer = post(gateway, model="mine")
    assert answer.json()["model"] == "mine"
    assert (answer.headers["x-llm-model"], answer.headers["x-llm-attempts"]) == ("theirs", "1")
    assert "x-llm-fallback" not in answer.headers
    assert ask(gateway, model="mine").models == {"mine"}
    assert {seen.body["model"] for seen in upstream.seen} == {"theirs"}


def test_every_other_name_goes_to_the_server_of_the_environment(
    routed: Start, upstream: ScriptedUpstream, spare: ScriptedUpstream
) -> None:
    """It passes unchanged, as does a request without a name, for which MODEL_NAME stands."""
    gateway = routed(ONE, openai_base_url=f"{spare.url}/v1")
    spare.replies = [whole(model="m-2024")]
    assert post(gateway, model="any").json()["model"] == "m-2024"
    assert post(gateway).json()["model"] == "m-2024"
    assert [seen.body["model"] for seen in spare.seen] == ["any", "gpt-4o-mini"]
    assert upstream.seen == []


def test_without_another_server_other_names_are_unknown(routed: Start) -> None:
    """The error names those that are known."""
    answer = post(routed(ONE), model="any")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_found")
    assert answer.json()["error"]["message"] == "There is no model 'any'. There are: mine."


TWO = ONE + '[models.other]\nbase_url = "MAIN/v1"\n'


@pytest.mark.parametrize(
    ("settings", "model"), [({}, "theirs"), ({"model_name": "other"}, "other")], ids=["first", "named"]
)
def test_a_request_without_a_name(
    routed: Start, upstream: ScriptedUpstream, settings: dict[str, str], model: str
) -> None:
    """MODEL_NAME answers if the file has it, and else the file's first model; the list starts with it."""
    gateway = routed(TWO, **settings)
    upstream.replies = [whole()]
    post(gateway)
    assert upstream.seen[0].body["model"] == model
    assert gateway.get("/v1/models").json()["data"][0]["id"] == ("mine" if model == "theirs" else "other")


def test_all_models_are_in_one_list(
    routed: Start, upstream: ScriptedUpstream, spare: ScriptedUpstream
) -> None:
    """Names of the file, with their tokens as it or the server says, then what the other server lists."""
    upstream.models = Reply([b'{"data": [{"id": "theirs", "max_model_len": 4096}]}'])
    spare.models = Reply([b'{"data": [{"id": "gpt-4o-mini"}, {"id": "mine"}, {"id": "house-model"}]}'])
    gateway = routed(TWO + "context_tokens = 9000\n", openai_base_url=f"{spare.url}/v1", model_name="mine")
    with OpenAI(base_url=f"{gateway.base_url}/v1", api_key="any") as client:
        assert [model.id for model in client.models.list()] == ["mine", "other", "gpt-4o-mini", "house-model"]
        assert client.models.retrieve("mine").model_extra == {"context_window": 4096}
        assert client.models.retrieve("other").model_extra == {"context_window": 9000}
