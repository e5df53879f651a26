"""Replies to what chat programs ask for themselves: the model's, or one made of the chat's own words."""

import json
import re
from collections.abc import Sequence
from contextlib import aclosing

from code_rag.rag_server.answer import Finish, Sampling
from code_rag.rag_server.lexical import stems
from code_rag.rag_server.ports import ChatModel
from code_rag.rag_server.routes.chat.length import shortened
from code_rag.rag_server.routes.chat.messages import texts_of
from code_rag.rag_server.routes.chat.parts import Ended, Parts
from code_rag.rag_server.routes.chat.tasks import Task
from code_rag.servicekit.errors import ServiceError
from code_rag.servicekit.wire.chat import ChatMessage

UNTITLED = "Questions about the code"
TITLE_WORDS, TITLE_CHARS = 7, 60
TAGS = 3

_FLAGS = re.IGNORECASE | re.DOTALL
_SAID = re.compile(
    r"^[^\w\n]{0,4}(?:user|human|follow[- ]?up (?:input|question))[^\w\n]{0,3}:\s*"
    r"(.+?)(?=\n[^\w\n]{0,6}[\w ]{2,24}[^\w\n]{0,3}:|\n?</|\Z)",  # until the next speaker
    _FLAGS | re.MULTILINE,
)
_FRAMED = re.compile(r"^(-{4,}|\"\"\"|```)\s*\n(.+?)\n\1", re.MULTILINE | re.DOTALL)
_AFTER = re.compile(r"\b(?:message|conversation|query|question|prompt|input)s?[\s*]{0,3}:(.+)\Z", _FLAGS)
_OPENING = re.compile(
    r"(?:(?:please|hi|hello|hey|(?:can|could|would) you|explain|describe|show me|find|"
    r"how (?:do|does|can|should|is|are)|what (?:is|are|does|do)|where (?:is|are|does|do)|"
    r"(?:why|when) (?:is|are|does|do)|which|i|we|you|the|a|an)\b[\s,]*)+",
    re.IGNORECASE,
)
_LOOSE_END = re.compile(
    r"(?:[\s,]+(?:the|a|an|of|for|to|in|on|at|by|and|or|with|is|are|be))+$", re.IGNORECASE
)
_LONG = re.compile(r"\w{4,}")
_NAME = re.compile(r"`([^`\s]{2,60})`|\b([a-z]\w*_\w+|[a-z]+[A-Z]\w*|\w+(?=\(\)))")


async def reply_parts(
    model: ChatModel, messages: Sequence[ChatMessage], task: Task, sampling: Sampling
) -> Parts:
    """The model's reply to the chat as it is; without a model, or where it fails at once, one of our own."""
    finish: Finish = "stop"
    written = False
    yield ""
    try:
        if await model.writes():
            chat = [{"role": message.role, "content": message.text()} for message in messages]
            async with aclosing(model.stream(chat, sampling)) as tokens:
                async for token in tokens:
                    written = written or token.usage is None
                    finish = finish if token.usage else token.finish
                    yield token.text
    except ServiceError:
        if written:
            raise
    if not written:
        text, finish = shortened(reply(task, messages), sampling)
        yield text
    yield Ended(finish)


def reply(task: Task, messages: Sequence[ChatMessage]) -> str:
    """What can be said without a model: by the first question, and the names in what was said."""
    asked = questions(task, messages)
    match task.kind:
        case "title":
            return _formed(task, [title(asked[0]) if asked else UNTITLED])
        case "tags":
            return _formed(task, ["Code", *_tags(asked)][:TAGS])
        case "questions":
            earlier = texts_of(messages, ("user", "assistant"))[:-1]
            return _formed(task, _next_questions("\n".join(earlier) or _said(task.conversation)))
        case "queries":
            return _formed(task, asked[-1:])
        case "completion":
            return _formed(task, [""])
    return _formed(task, ["Asked so far: " + "; ".join(asked)])


def questions(task: Task, messages: Sequence[ChatMessage]) -> list[str]:
    """What people asked in the chat that the task is about, each in one line."""
    quoted = _SAID.findall(task.conversation) or _framed(task.conversation)
    if not quoted:
        quoted = _AFTER.findall(task.conversation) if task.quotes else [task.conversation]
    lines = (" ".join(text.strip(" \n\"'").split()) for text in texts_of(messages, ("user",))[:-1] or quoted)
    return [line for line in lines if line]


def title(question: str) -> str:
    """The question's first words without how it begins, such as: Refund window defined."""
    first = re.split(r"[?!\n。？]", question, maxsplit=1)[0].strip()
    telling = first[found.end() :] if (found := _OPENING.match(first)) else first
    words = (telling or first).split()
    text = _LOOSE_END.sub("", " ".join(words[:TITLE_WORDS])[:TITLE_CHARS]).strip(" ,.:;")
    return text[:1].upper() + text[1:] or UNTITLED


def _tags(asked: Sequence[str]) -> list[str]:
    words = dict.fromkeys(_LONG.findall(asked[0])) if asked else ()
    return [word[0].upper() + word[1:] for word in words if stems(word)]  # a stop word has none


def _next_questions(said: str) -> list[str]:
    names = dict.fromkeys(quoted or plain for quoted, plain in _NAME.findall(said))
    first = next(iter(names), "")
    return [f"What uses `{first}`?", f"Which tests cover `{first}`?"] if first else []


def _said(prompt: str) -> str:
    """What the prompt quotes of the conversation, without its own words before it."""
    return prompt[found.start() :] if (found := _SAID.search(prompt)) else ""


def _framed(prompt: str) -> list[str]:
    return [text for _, text in _FRAMED.findall(prompt)]


def _formed(task: Task, values: Sequence[str]) -> str:
    """The values in the form that the task wants."""
    if task.key:
        value = list(values) if task.listed else next(iter(values), "")
        return json.dumps({task.key: value}, ensure_ascii=False)
    return json.dumps(list(values), ensure_ascii=False) if task.listed else "\n".join(values)
