"""The value types of an answer: what was asked, the answer's text, and the places that it cites."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from code_rag.rag_server.model import Hit

NO_MODEL = "none"
"""The `model` of an answer that no model wrote."""

AnswerState = Literal["answered", "unsure", "not_found", "unsupported"]
"""Whether the code answers the question: it does, it may, it does not, or the answer cites nothing."""

CitationState = Literal["supported", "exists", "missing"]
"""What a citation's check found: lines with the words of the claim, unchanged lines, or no such lines."""


Finish = Literal["stop", "length", "content_filter"]
"""Why an answer ends: it is complete, as long as it may be, or the model's server stopped it."""


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier question of a conversation and its answer."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a model is to write, in the terms of OpenAI's API; what is unset, the model decides."""

    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    stop: tuple[str, ...] | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    grammar: str | None = None
    """What may be written at all, for llama.cpp; our own prompts set it, callers do not."""


AS_IT_LIKES = Sampling()
"""The model decides everything."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and the conversation it continues, oldest turn first."""

    question: str
    history: tuple[Turn, ...] = ()
    instructions: str = ""
    """What the person wants of every answer; for the model, after its own rules."""
    sampling: Sampling = AS_IT_LIKES


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """A model that writes answers."""

    name: str
    context_tokens: int | None = None
    """How many tokens it reads and writes, where its server says so."""
    reading_tokens_per_second: float | None = None
    """How fast it reads on this machine, where its server has measured it; it then writes by a grammar."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What an answer came to, as the model's server counts it."""

    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int = 0
    """Of the prompt, those that it had read before."""
    cost: float | None = None
    """US dollars, where they are known."""


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of an answer, and the model that wrote it."""

    text: str
    model: str
    finish: Finish = "stop"
    """Why the answer ends, if it ends here."""
    usage: Usage | None = None
    """What the answer came to so far, where it is said."""
    is_fallback: bool = False
    """Whether that model stands in for the one that was asked and failed."""


Stage = Literal["search", "answer"]
"""What a model is at work on: the words that are searched for, or the answer."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nothing of an answer has come for so many seconds."""

    model: str
    seconds: int
    stage: Stage = "answer"
    places: int = 0
    """How many places the model reads, where it reads slowly."""
    about_seconds: int = 0
    """How long it takes to read them."""
    words: int = 0
    """How many words it has written of a sentence that is shown once it is checked."""


@dataclass(frozen=True, slots=True)
class Citation:
    """A place that an answer names, checked against the evidence it was given."""

    marker: str
    """As written in the answer, such as `[2:10-14]`."""
    path: str
    start_line: int
    end_line: int
    state: CitationState
    reason: str = ""
    """Why it is not supported; empty when it is."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The reply to a question, with its evidence."""

    text: str
    citations: tuple[Citation, ...]
    hits: tuple[Hit, ...]
    model: str
    degraded: tuple[str, ...]
    """What did not work while answering, one sentence each."""
    timings: Mapping[str, float] = field(default_factory=dict)
    """Seconds per stage."""
    state: AnswerState = "answered"
    understood: str = ""
    """The question as it was searched for, if that is not how it was asked."""
    kept_since: datetime | None = None
    """When it was written, if it was not written for this question but kept from an earlier one."""
    finish: Finish = "stop"
    usage: Usage | None = None
    """What it came to, where a model wrote it now and its server says so."""
