"""A provoked fault where several models may answer."""

from pathlib import Path

import pytest

from tests.fixtures.gateway import Gateway
from tests.fixtures.scripted_upstream import ScriptedUpstream, whole

MODELS = """
[models.main]
base_url = "URL"
fallbacks = ["spare"]

[models.spare]
base_url = "URL"
input_price = 0.5
output_price = 4.0
"""


def test_a_fallback_answers_for_a_provoked_fault(
    start: Gateway, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    """A fault meets the server whose turn it is: the model's fallback answers, at its own price."""
    file = tmp_path / "models.toml"
    file.write_text(MODELS.replace("URL", f"{upstream.url}/v1"))
    client = start(environment="development", llm_faults="all", llm_models=file, model_name="main")
    upstream.replies = [whole(usage={"prompt_tokens": 2_000, "completion_tokens": 100})]
    client.post("/faults", json={"fault": "garbled"}).raise_for_status()
    answer = client.post("/v1/chat/completions", json={"messages": [{"role": "user", "content": "hello"}]})
    assert answer.headers["x-llm-fallback"] == "true"
    assert (answer.json()["model"], answer.json()["usage"]["cost"]) == ("spare", pytest.approx(0.0014))
    assert 'gen_ai_request_model="main",gen_ai_response_model="spare"' in client.get("/metrics").text
