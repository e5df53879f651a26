"""Request and events of `POST /eval`; the CLI reads the same ones."""

from dataclasses import asdict
from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field

from code_rag.rag_server.evaluating import Evaluation, EvaluationProgress
from code_rag.rag_server.evaluation.questions import Kind
from code_rag.rag_server.evaluation.result import Asked, KindResult
from code_rag.rag_server.wire import CodebaseName, InnerPath, LanguageName
from code_rag.servicekit.wire.constraints import WholeNumber

MAX_COMMITS = 1_000


class CommitQuestion(BaseModel):
    """A commit's subject, and the paths that it changed, relative to the codebase."""

    subject: str = Field(max_length=1000)
    paths: list[str] = Field(max_length=100)


class EvaluationRequest(BaseModel):
    """How many questions of each kind to ask, and the commits that some are made from."""

    model_config = ConfigDict(strict=True)

    questions: WholeNumber = Field(50, ge=1, le=500)
    seed: WholeNumber = 0
    commits: list[CommitQuestion] = Field([], max_length=MAX_COMMITS)
    path: InnerPath | None = None
    language: LanguageName | None = None
    codebase: CodebaseName | None = None


class EvaluationProgressEvent(BaseModel):
    """How many questions have been asked; `total` is 0 while they are being made."""

    NAME: ClassVar[str] = "progress"

    done: int
    total: int


class MeanWithInterval(BaseModel):
    """A mean, and the interval that holds it with 95 % probability."""

    mean: float
    low: float
    high: float


class MissedQuestion(BaseModel):
    """A question without a right file among the first ten, and the file that came first."""

    question: str
    right: list[str]
    first: str | None

    @classmethod
    def of(cls, asked: Asked) -> Self:
        """Convert from the domain object."""
        first = asked.files[0] if asked.files else None
        return cls(question=asked.question.text, right=sorted(asked.question.answers), first=first)


class KindMeasures(BaseModel):
    """How well the questions of one kind were answered; `first`: how many have a right file first."""

    kind: Kind
    questions: int
    first: int
    measures: dict[str, MeanWithInterval]
    missed: list[MissedQuestion]

    @classmethod
    def of(cls, result: KindResult) -> Self:
        """Convert from the domain object."""
        return cls(
            kind=result.kind,
            questions=result.questions,
            first=result.first,
            measures={name: MeanWithInterval(**asdict(mean)) for name, mean in result.measures.items()},
            missed=[MissedQuestion.of(asked) for asked in result.missed],
        )


class EvaluationEvent(BaseModel):
    """The last event: the results, what they mean in words, and what could not be asked."""

    NAME: ClassVar[str] = "evaluation"

    results: list[KindMeasures]
    words: list[str]
    notes: list[str]
    degraded: list[str]
    seconds: float

    @classmethod
    def of(cls, evaluation: Evaluation) -> Self:
        """Convert from the domain object."""
        return cls(
            results=[KindMeasures.of(result) for result in evaluation.results],
            words=list(evaluation.words),
            notes=list(evaluation.notes),
            degraded=list(evaluation.degraded),
            seconds=evaluation.seconds,
        )


def event_of(happened: EvaluationProgress | Evaluation) -> EvaluationProgressEvent | EvaluationEvent:
    """The event that reports what happened."""
    if isinstance(happened, EvaluationProgress):
        return EvaluationProgressEvent(done=happened.done, total=happened.total)
    return EvaluationEvent.of(happened)
