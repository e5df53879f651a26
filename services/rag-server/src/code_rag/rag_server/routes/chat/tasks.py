"""Recognises what chat programs ask for themselves, beside people's questions: a title, tags, ...

Each program has a prompt of its own, and administrators write others. What they share: an order to write such
a thing, about the conversation, in a stated form. Or the form is an object of JSON with a key that says what
it is, for a conversation that is quoted. A question that only mentions such things has not all of that.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from code_rag.rag_server.routes.chat.messages import INSTRUCTORS, texts_of
from code_rag.servicekit.wire.chat import ChatMessage

Kind = Literal["title", "tags", "questions", "queries", "completion", "summary"]

ENDS = 3_000
"""Orders stand at the start or at the end of a prompt; in between it quotes the conversation."""
BEFORE, AFTER = 100, 200
"""How far from the thing that is ordered the order says what it is about, and its form."""
SYSTEM_ORDER = 1_500
"""A longer system message says how to work, and does not order a title."""

KEYS: Mapping[str, Kind] = {
    "title": "title",
    "name": "title",
    "topic": "title",
    "tags": "tags",
    "keywords": "tags",
    "labels": "tags",
    "followups": "questions",
    "questions": "questions",
    "suggestions": "questions",
    "queries": "queries",
    "query": "queries",
    "text": "completion",
    "completion": "completion",
    "summary": "summary",
}

_ORDER = (
    r"(?:^|[.:!?,。：]|\d\.|[-*#])[^\S\n]*"
    r"(?:(?:please|now|then|you (?:need to|will|should|must)|your (?:task|job) is to|i want you to)\s+)*"
    r"(?:generate|create|write|provide|suggest|give|propose|produce|return|repl(?:y|ies) with|respond with|"
    r"summari[sz]e|come up with|choose|name|draft|devise|determine|analy[sz]e|rephrase|formulate)\b"
    r"(?:(?!\b(?:that|which|function|method|class|code)\b)[^.\n]){0,140}?"
)
_SUBJECTS: Mapping[Kind, str] = {
    "queries": rf"{_ORDER}(?:search (?:quer|term|keyword)|standalone question)",
    "questions": rf"{_ORDER}(?:follow[- ]?ups?\b|(?:next|related|suggested)\s+(?:questions|prompts))",
    "tags": rf"{_ORDER}\b(?:tags|keywords|labels|categories)\b|标签|標籤|태그|タグ",
    "title": rf"{_ORDER}\b(?:title|name|topic|headline)\b|\b(?:concise|short|brief) (?:\w+ )?title\b|"
    r"标题|標題|主题|제목|タイトル",
    "completion": r"auto-?complet|continue the text",
    "summary": rf"{_ORDER}\b(?:conversation|chat history|discussion|dialogue)\b",
}
_ABOUT = (
    r"conversation|\bchats?\b|dialog|\bthread\b|discussion|"
    r"\b(?:previous|following|here is the|user'?s(?: first)?) (?:query|message|request)|"
    r"会话|會話|对话|對話|这句话|聊天|대화|会話"
)
_NUMBER = r"(?:\d+|one|two|three|four|five|six|seven|eight|ten)"
_FORM = (
    rf"\b{_NUMBER}(?:\s*(?:[-–]|to)\s*{_NUMBER})?[- ](?:or[- ]less[- ])?(?:words?|characters?)\b|"
    r"\b(?:only|nothing but|exclusively)\b[^.\n]{0,40}\b(?:title|text|json|name|tags|list|array)\b|\bjson\b|"
    r"\b(?:title|text|name) only\b|standalone question|\bmax\w*\.? \d+|"
    r"\b(?:no|without|avoid)\b[^.\n]{0,40}\b(?:punctuation|quotes|quotation|lead-in|additional text)|"
    r"字|不要|글자|단어|文字"
)
_FLAGS = re.IGNORECASE | re.MULTILINE
_SUBJECT = {kind: re.compile(pattern, _FLAGS) for kind, pattern in _SUBJECTS.items()}
_TALK, _STATED = re.compile(_ABOUT, _FLAGS), re.compile(_FORM, _FLAGS)
_OBJECT = re.compile(r'\{\s{0,20}"(\w{1,40})"\s{0,20}:\s{0,20}(\[?)')
_ARRAY = re.compile(r'\[\s{0,20}"')
_HISTORY = re.compile(r"<(?:chat_history|conversation|messages)>", re.IGNORECASE)
_PERSON = re.compile(r"^[^\w\n]{0,4}(?:user|human)\s?:", _FLAGS)
_MODEL = re.compile(r"^[^\w\n]{0,4}(?:assistant|ai|response)\s?:", _FLAGS)
_TITLE = re.compile(r"\btitl(?:e|ing)\b|标题|標題|제목|タイトル", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Task:
    """What a chat program asks for, and the form of JSON that it wants it in."""

    kind: Kind
    conversation: str
    """The text that quotes the conversation, or is all of it."""
    quotes: bool = True
    key: str = ""
    """The key of an object; empty for no object."""
    listed: bool = False
    """Whether the value is an array of strings."""


def task_of(messages: Sequence[ChatMessage]) -> Task | None:
    """The task in the last user message, or a title asked for by the system message; None for a question."""
    prompts = texts_of(messages, ("user",))
    if not prompts:
        return None
    if task := _read(prompts[-1]):
        return task if task.kind != "summary" or len(prompts) > 1 else None
    orders = "\n".join(texts_of(messages, INSTRUCTORS))
    if len(prompts) > 1 or len(orders) > SYSTEM_ORDER or not _TITLE.search(orders):
        return None
    task = _read(orders)
    return replace(task, conversation=prompts[-1], quotes=False) if task and task.kind == "title" else None


def _read(orders: str) -> Task | None:
    ends = orders if len(orders) <= 2 * ENDS else f"{orders[:ENDS]}\n{orders[-ENDS:]}"
    shapes = ((key, bool(listed)) for key, listed in _OBJECT.findall(ends))
    key, listed = next((shape for shape in shapes if _kind(shape[0])), ("", False))
    kind = _kind(key)
    if not (kind and _quotes_a_chat(ends)):
        kind = _in_words(ends)
    if kind is None:
        return None
    return Task(kind, orders, key=key, listed=listed or (not key and bool(_ARRAY.search(ends))))


def _kind(key: str) -> Kind | None:
    return KEYS.get(key.lower().replace("_", ""))


def _quotes_a_chat(text: str) -> bool:
    return bool(_HISTORY.search(text) or (_PERSON.search(text) and _MODEL.search(text)))


def _in_words(text: str) -> Kind | None:
    """What is ordered where its surroundings say that it is about a conversation, and its form."""
    for kind, subject in _SUBJECT.items():
        for match in subject.finditer(text):
            around = text[max(0, match.start() - BEFORE) : match.end() + AFTER]
            if _TALK.search(around) and _STATED.search(around):
                return kind
    return None
