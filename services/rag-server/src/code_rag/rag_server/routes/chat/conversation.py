"""Reads a chat's messages as a question and the conversation that it continues."""

from collections.abc import Sequence

from code_rag.rag_server.answer import Asked, Turn
from code_rag.rag_server.answer_wire import MAX_ANSWER_CHARS, MAX_QUESTION_CHARS, MAX_TURNS
from code_rag.rag_server.routes.inputs import clean_query
from code_rag.servicekit.errors import InvalidInput
from code_rag.servicekit.wire.chat import ChatMessage

PARAM = "messages"


def asked_of(messages: Sequence[ChatMessage]) -> Asked:
    """The last user message, and the turns before it; raises InvalidInput if there is none or it is empty."""
    said = [(message.role, message.text()) for message in messages]
    last = max((place for place, (role, _) in enumerate(said) if role == "user"), default=None)
    if last is None:
        raise InvalidInput("messages: must contain a message with the role 'user'.", param=PARAM)
    turns = list[Turn]()
    for role, text in said[:last]:
        if role == "user":
            turns.append(Turn(text[:MAX_QUESTION_CHARS], ""))
        elif role == "assistant" and turns:
            turns[-1] = Turn(turns[-1].question, f"{turns[-1].answer}\n{text}".strip()[:MAX_ANSWER_CHARS])
    return Asked(clean_query(said[last][1], PARAM, MAX_QUESTION_CHARS), tuple(turns[-MAX_TURNS:]))
