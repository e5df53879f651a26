"""The result of an evaluation: means with intervals for each kind of question, and what they say in words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean

from code_rag.rag_server.evaluation.metrics import bootstrap_interval, ndcg, recall, reciprocal_rank
from code_rag.rag_server.evaluation.questions import Kind, Question

DEPTH = 10
GOOD, FAIR = 0.7, 0.5
"""nDCG@10 from which search is called good, and fair, for questions with one right file."""
FEW = 20
"""Below this many questions an interval is wider than most differences that matter."""

Measure = Callable[[list[float], int], float]

MEASURES: dict[str, Measure] = {
    "ndcg@10": lambda grades, relevant: ndcg(grades, [1.0] * relevant, DEPTH),
    "mrr@10": lambda grades, _: reciprocal_rank(grades, DEPTH),
    "recall@1": lambda grades, relevant: recall(grades, relevant, 1),
    "recall@5": lambda grades, relevant: recall(grades, relevant, 5),
    "recall@10": lambda grades, relevant: recall(grades, relevant, DEPTH),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and the files that search found for it, best first, each once."""

    question: Question
    files: tuple[str, ...]

    @property
    def grades(self) -> list[float]:
        """1 for each file that is right, in the order of the files."""
        return [float(file in self.question.answers) for file in self.files]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean, and the interval that holds it with 95 % probability."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class KindResult:
    """How well the questions of one kind were answered."""

    kind: Kind
    questions: int
    first: int
    """How many have a right file first."""
    measures: dict[str, Estimate]
    missed: tuple[Asked, ...]
    """Those without a right file among the first ten."""


def result_of(kind: Kind, asked: Sequence[Asked], seed: int) -> KindResult:
    """Measure all questions of a kind; there must be at least one."""
    measures = {}
    for name, measure in MEASURES.items():
        values = [measure(each.grades, len(each.question.answers)) for each in asked]
        measures[name] = Estimate(fmean(values), *bootstrap_interval(values, seed))
    first = sum(any(each.grades[:1]) for each in asked)
    missed = tuple(each for each in asked if not any(each.grades[:DEPTH]))
    return KindResult(kind, len(asked), first, measures, missed)


def in_words(results: Sequence[KindResult]) -> list[str]:
    """What the results mean, a sentence or two for each kind, and what to do."""
    return [_IN_WORDS[result.kind](result) for result in results] + _advice(results)


def _documentation(result: KindResult) -> str:
    score = result.measures["ndcg@10"].mean
    grade = "well" if score >= GOOD else "fairly well" if score >= FAIR else "badly"
    return (
        f"Questions in words are answered {grade}: {_first(result)} made from documentation. They are "
        "harder than a person's: one file is right, and these words of it are hidden from the search."
    )


def _symbol(result: KindResult) -> str:
    return f"Looking for a name, {_first(result)}."


def _history(result: KindResult) -> str:
    return (
        f"For subjects of commits, {_first(result)}; they describe a change and not the code, "
        "so compare this figure with itself and with no other."
    )


_IN_WORDS = {Kind.DOCUMENTATION: _documentation, Kind.SYMBOL: _symbol, Kind.HISTORY: _history}


def _first(result: KindResult) -> str:
    return f"search finds a right file first for {result.first} of {result.questions} questions"


def _advice(results: Sequence[KindResult]) -> list[str]:
    advice = []
    if any(result.questions < FEW for result in results):
        advice.append(
            f"With fewer than {FEW} questions the intervals are wide: judge by them, not by the means."
        )
    if any(r.kind is Kind.DOCUMENTATION and r.measures["ndcg@10"].mean < FAIR for r in results):
        advice.append(
            "Read the missed questions: where they are unclear, so are the docstrings; where they are clear, "
            "another embedding model may help (EMBEDDING_MODEL)."
        )
    return advice
