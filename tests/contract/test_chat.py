"""llm-server: OpenAI's chat API, and answers that stay with the context they are given."""

import httpx2
import pytest
from openai import NotFoundError, OpenAI
from openai.types.chat import ChatCompletionContentPartTextParam, ChatCompletionMessageParam

INSTRUCTIONS = (
    "Answer only from the numbered blocks. Cite each claim as [n] or [n:a-b]. "
    'If nothing fits, say "not found in the indexed code".'
)
BLOCKS = """Context, as numbered blocks of source code:

[1] shop/refunds.py:40-43 (refund_window)
40| def refund_window(order):
41|     # A customer may ask for a refund within 30 days of delivery.
42|     window = timedelta(days=30)
43|     return order.delivered + window

[2] shop/stock.py:7-9 (reserve)
 7| def reserve(sku, quantity):
 8|     # Stock is reserved for fifteen minutes.
 9|     return Reservation(sku, quantity, minutes=15)

Question: """


def messages(question: str) -> list[ChatCompletionMessageParam]:
    return [{"role": "system", "content": INSTRUCTIONS}, {"role": "user", "content": BLOCKS + question}]


def test_an_answer_cites_the_block_it_comes_from(openai_llm: OpenAI) -> None:
    """A question that one block answers is answered from it, with its number."""
    answer = openai_llm.chat.completions.create(
        model=served(openai_llm), messages=messages("Within how many days may a customer ask for a refund?")
    )
    text = answer.choices[0].message.content
    assert text is not None
    assert "30" in text
    assert "[1" in text
    assert answer.choices[0].finish_reason == "stop"
    assert answer.object == "chat.completion"


def test_the_other_question_cites_the_other_block(openai_llm: OpenAI) -> None:
    """The answer depends on the question, not on the order of the blocks."""
    answer = openai_llm.chat.completions.create(
        model=served(openai_llm), messages=messages("For how many minutes is stock reserved?")
    )
    assert "[2" in (answer.choices[0].message.content or "")


def test_nothing_fits(openai_llm: OpenAI) -> None:
    """A question the blocks do not answer gets no invented one."""
    answer = openai_llm.chat.completions.create(
        model=served(openai_llm), messages=messages("Which telescope photographed the Horsehead nebula?")
    )
    assert "not found in the indexed code" in (answer.choices[0].message.content or "").lower()


def test_a_stream_adds_up_to_the_answer(openai_llm: OpenAI) -> None:
    """A streamed answer comes in several pieces, starts with the role and ends with `stop`."""
    stream = openai_llm.chat.completions.create(
        model=served(openai_llm), messages=messages("Within how many days may a customer ask for a refund?"),
        stream=True,
    )  # fmt: skip
    chunks = list(stream)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert "30" in text
    assert "[1" in text
    assert len(chunks) > 2
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert len({chunk.id for chunk in chunks}) == 1


def test_a_stream_may_end_with_the_usage(openai_llm: OpenAI) -> None:
    """With `include_usage` the last piece has no choices but the tokens used."""
    stream = openai_llm.chat.completions.create(
        model=served(openai_llm), messages=messages("For how many minutes is stock reserved?"),
        stream=True, stream_options={"include_usage": True},
    )  # fmt: skip
    last = list(stream)[-1]
    assert last.choices == []
    assert last.usage is not None
    assert last.usage.total_tokens == last.usage.prompt_tokens + last.usage.completion_tokens > 0


def test_a_stream_is_server_sent_events(llm: httpx2.Client) -> None:
    """On the wire a stream is `data:` lines that end with [DONE]."""
    body = {"messages": messages("For how many minutes is stock reserved?"), "stream": True}
    response = llm.post("/v1/chat/completions", json=body)
    lines = [line for line in response.text.splitlines() if line]
    assert response.headers["content-type"].startswith("text/event-stream")
    assert all(line.startswith(("data: ", ":")) for line in lines)
    assert lines[-1] == "data: [DONE]"


def test_both_paths_and_no_model(llm: httpx2.Client) -> None:
    """`/chat/completions` is `/v1/chat/completions`, and a request may leave the model out."""
    for path in ("/chat/completions", "/v1/chat/completions"):
        response = llm.post(path, json={"messages": messages("For how many minutes is stock reserved?")})
        assert response.status_code == 200, response.text
        assert "[2" in response.json()["choices"][0]["message"]["content"]


def test_content_parts_are_read(openai_llm: OpenAI) -> None:
    """A message whose content is a list of text parts is read like plain text."""
    parts: list[ChatCompletionContentPartTextParam] = [
        {"type": "text", "text": BLOCKS + "For how many minutes is stock reserved?"}
    ]
    answer = openai_llm.chat.completions.create(
        model=served(openai_llm),
        messages=[{"role": "system", "content": INSTRUCTIONS}, {"role": "user", "content": parts}],
    )
    assert "[2" in (answer.choices[0].message.content or "")


def test_half_a_character_is_answered(llm: httpx2.Client) -> None:
    """A lone surrogate, which no UTF-8 can hold, goes on to the model as it is and breaks nothing."""
    body = b'{"messages": [{"role": "user", "content": "refund \\ud800"}]}'
    response = llm.post("/v1/chat/completions", content=body, headers={"content-type": "application/json"})
    assert response.status_code in {200, 400}, response.text
    assert response.headers["content-type"].startswith("application/json")


def test_an_unknown_model_is_not_found(openai_llm: OpenAI) -> None:
    """OpenAI's client raises NotFoundError with code model_not_found for a model that is not served."""
    with pytest.raises(NotFoundError) as raised:
        openai_llm.chat.completions.create(model="no-such-model", messages=messages("Why?"))
    assert raised.value.code == "model_not_found"


def served(client: OpenAI) -> str:
    """The name of the model behind the server."""
    return next(iter(client.models.list())).id
