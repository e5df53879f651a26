"""A model that fails leaves no less than the answer without one."""

import pytest

from code_rag.rag_server.adapters import chat_client
from code_rag.rag_server.adapters.chat_client import ChatClient
from code_rag.rag_server.answer import Answer, Asked
from code_rag.rag_server.model import Scope
from tests.unit.rag_server.loopback_llm import LoopbackLlm, completion_events, serving
from tests.unit.rag_server.test_answering import an_answerer

JSON = "application/json"
HALF = completion_events("It is kept [1]. And ")[: -len(b"data: [DONE]\n\n")]


def error(message: str) -> list[bytes]:
    """The body of an error."""
    return [b'{"error": {"message": "%s"}}' % message.encode()]


async def answer_with(llm: LoopbackLlm) -> Answer:
    """The answer to a question where llm-server behaves so."""
    async with serving(llm):
        client = ChatClient(llm.url, None, 0.2)
        answer = await an_answerer(client).answer(Asked("how to cancel"), Scope(), 8)
        await client.close()
    return answer


@pytest.mark.parametrize(
    ("llm", "reason"),
    [
        (LoopbackLlm(error("the key was refused"), status=502, content_type=JSON), "the key was refused"),
        (LoopbackLlm(error("slow down"), status=429, content_type=JSON), "slow down"),
        (LoopbackLlm(error("oops"), status=500, content_type=JSON), "oops"),
        (LoopbackLlm(error("too long"), status=400, content_type=JSON), "too long"),
        (LoopbackLlm(error("too slow"), status=504, content_type=JSON), "too slow"),
        (LoopbackLlm(hangs=True), "did not answer in time"),
        (LoopbackLlm(torn=True), "broke"),
        (LoopbackLlm([completion_events()]), "an empty answer"),
        (LoopbackLlm([completion_events(" \n ")]), "an empty answer"),
        (LoopbackLlm([b"<p>"], content_type="text/html"), "text/event-stream"),
        (LoopbackLlm(models=b"{}"), "wrong format"),
    ],
)
async def test_a_failure_before_the_first_word_leaves_the_quotes(
    monkeypatch: pytest.MonkeyPatch, llm: LoopbackLlm, reason: str
) -> None:
    """The answer is the one without a model, with one sentence on why."""
    monkeypatch.setattr(chat_client, "MARGIN_SECONDS", 0.1)

    answer = await answer_with(llm)

    assert (answer.model, answer.state) == ("none", "answered")
    assert answer.text.startswith("Function `cancel`")
    assert len(answer.degraded) == 1
    assert reason in answer.degraded[0]


@pytest.mark.parametrize(
    "llm",
    [LoopbackLlm([HALF], torn=True), LoopbackLlm([HALF], hangs=True), LoopbackLlm([HALF])],
    ids=["torn", "silent", "early end"],
)
async def test_a_failure_after_the_first_words_keeps_them(
    monkeypatch: pytest.MonkeyPatch, llm: LoopbackLlm
) -> None:
    """What was written stays, and the quotes follow."""
    monkeypatch.setattr(chat_client, "MARGIN_SECONDS", 0.1)

    answer = await answer_with(llm)

    assert answer.text.startswith("It is kept [1]. And \n\nThe places that say most about the question:")
    assert any("stopped before its answer was complete" in reason for reason in answer.degraded)


async def test_without_llm_server_the_quotes_are_the_answer() -> None:
    """A refused connection is said, and no more than that."""
    llm = LoopbackLlm()
    async with serving(llm):
        pass
    client = ChatClient(llm.url, None, 5)

    answer = await an_answerer(client).answer(Asked("how to cancel"), Scope(), 8)

    await client.close()
    assert answer.text.startswith("Function `cancel`")
    assert "llm-server does not answer at" in answer.degraded[0]
