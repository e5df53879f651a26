"""Request and response models of questions and answers in rag-server's HTTP API."""

from dataclasses import asdict
from datetime import datetime
from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field

from code_rag.rag_server.answer import Answer, AnswerState, Asked, Citation, CitationState, Stage, Turn, Usage
from code_rag.rag_server.wire import CodebaseName, InnerPath, LanguageName, Said, SearchHit
from code_rag.servicekit.wire.constraints import WholeNumber

MAX_QUESTION_CHARS = 100_000
"""Enough for what people paste; what is searched for is its telling part."""
MAX_TURNS = 50
MAX_ANSWER_CHARS = 100_000


class AskTurn(BaseModel):
    """An earlier question of the conversation and its answer."""

    question: str = Field(max_length=MAX_QUESTION_CHARS)
    answer: str = Field("", max_length=MAX_ANSWER_CHARS)


class AskRequest(BaseModel):
    """A question about the codebase; with `stream` the answer comes as server-sent events."""

    model_config = ConfigDict(strict=True)

    question: Said = Field(max_length=MAX_QUESTION_CHARS)
    history: list[AskTurn] = Field([], max_length=MAX_TURNS, description="Earlier turns, oldest first.")
    stream: bool = False
    again: bool = Field(False, description="Ask the model, even if its answer to this question is kept.")
    limit: WholeNumber = Field(8, ge=1, le=30, description="How many chunks the answer may use.")
    path: InnerPath | None = None
    language: LanguageName | None = None
    codebase: CodebaseName | None = None

    def asked(self) -> Asked:
        """The question as the use cases take it."""
        return Asked(self.question, tuple(Turn(turn.question, turn.answer) for turn in self.history))


class AnswerCitation(BaseModel):
    """A place the answer cites, and what its check found.

    `supported`: it says so, the words of the claim stand in the lines; `exists`: the lines are there,
    unchanged, but do not clearly say so; `missing`: they are not there. `reason` says why it is not
    `supported`; `verified` is true if it is.
    """

    marker: str
    path: str
    start_line: int
    end_line: int
    state: CitationState
    verified: bool
    reason: str = ""

    @classmethod
    def of(cls, citation: Citation) -> Self:
        """Convert from the domain object."""
        return cls(**asdict(citation), verified=citation.state == "supported")


class AnswerUsage(BaseModel):
    """The tokens that the model read and wrote, and what they cost in US dollars, where that is known."""

    prompt_tokens: int
    completion_tokens: int
    cost: float | None = None

    @classmethod
    def of(cls, usage: Usage) -> Self:
        """Convert from the domain object."""
        return cls(
            prompt_tokens=usage.prompt_tokens, completion_tokens=usage.completion_tokens, cost=usage.cost
        )


class AskResponse(BaseModel):
    """The answer with its citations and hits; `timings` are seconds by step.

    `state` is `answered`, `unsure` (the nearest places are shown), `not_found`, or `unsupported`: the model
    cites nothing. `understood` is the question as it was searched for, if that is not how it was asked.
    `kept_since` is when the answer was written, if it was kept from an earlier time. `usage` is there if a
    model wrote it for this question and its server counts.
    """

    answer: str
    state: AnswerState
    understood: str = ""
    citations: list[AnswerCitation]
    hits: list[SearchHit]
    model: str
    degraded: list[str]
    timings: dict[str, float]
    kept_since: datetime | None = None
    usage: AnswerUsage | None = None

    @classmethod
    def of(cls, answer: Answer) -> Self:
        """Convert from the domain object."""
        return cls(
            answer=answer.text,
            state=answer.state,
            understood=answer.understood,
            citations=[AnswerCitation.of(citation) for citation in answer.citations],
            hits=[SearchHit.of(hit) for hit in answer.hits],
            model=answer.model,
            degraded=list(answer.degraded),
            timings=dict(answer.timings),
            kept_since=answer.kept_since,
            usage=answer.usage and AnswerUsage.of(answer.usage),
        )


class HitsEvent(BaseModel):
    """The first event of a streamed answer: the chunks it uses, and what the search was missing."""

    NAME: ClassVar[str] = "hits"

    hits: list[SearchHit]
    degraded: list[str]


class ProgressEvent(BaseModel):
    """For how many seconds nothing of the answer has come; sent each second while nothing does.

    `stage` is `search`, before the hits, while it words the question for search, and then `answer`.
    Of a model that reads slowly also how many places it reads and in about how many seconds, then how many
    words it has written of a sentence that is sent once it is checked; else these are 0.
    """

    NAME: ClassVar[str] = "progress"

    model: str
    seconds: int
    stage: Stage = "answer"
    places: int = 0
    about_seconds: int = 0
    words: int = 0


class TokenEvent(BaseModel):
    """A piece of a streamed answer, as the model writes it."""

    NAME: ClassVar[str] = "token"

    text: str


class AnswerEvent(AskResponse):
    """The last event of a streamed answer: the same fields as an answer that is not streamed."""

    NAME: ClassVar[str] = "answer"


class Suggestions(BaseModel):
    """Questions that the index answers; none while nothing is indexed."""

    questions: list[str]
