"""The use case of understanding a question: one that leans on the conversation is completed from it."""

import asyncio
from contextlib import aclosing

from code_rag.rag_server.answer import Asked
from code_rag.rag_server.following_up import accepted, carrying, rewriting
from code_rag.rag_server.following_up.leaning import MAX_CHARS, leans
from code_rag.rag_server.ports import ChatModel
from code_rag.rag_server.searching import CountDegradation
from code_rag.servicekit.errors import ServiceError

REWRITE_SECONDS = 15.0
"""A model that takes longer is not waited for: the answer is what matters."""


async def understand(asked: Asked, model: ChatModel, count_degradation: CountDegradation) -> str:
    """The question as it can be understood without the conversation.

    A model that writes rewrites a question that leans on the conversation. Without one, or where it fails,
    names of the conversation are added.
    """
    if not asked.history or not leans(asked.question):
        return asked.question
    try:
        if not await model.writes():
            return carrying(asked)
        async with asyncio.timeout(REWRITE_SECONDS):
            question = accepted(await _written(asked, model), asked)
    except (ServiceError, TimeoutError):
        question = ""
    if not question:
        count_degradation("follow-up not rewritten")
    return question or carrying(asked)


async def _written(asked: Asked, model: ChatModel) -> str:
    """The first line that the model writes, or more of it than can be used."""
    written = ""
    async with aclosing(model.stream(rewriting(asked))) as tokens:
        async for token in tokens:
            written += token.text
            if "\n" in written.strip() or len(written) > 2 * MAX_CHARS:
                break
    return written
