"""A question about refunds, and everything that rag-server could answer it with."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from code_rag.rag_server.answer import Citation
from code_rag.rag_server.callers import Caller, Callers, Use
from code_rag.rag_server.evaluating import Evaluation
from code_rag.rag_server.evaluation.questions import Kind, Question
from code_rag.rag_server.evaluation.result import Asked, Estimate, KindResult
from code_rag.rag_server.model import Chunk, Hit, VectorCounts
from code_rag.rag_server.progress import FileCounts, IndexReport, Searchable, State
from code_rag.rag_server.resolution import Resolution, Target
from code_rag.rag_server.similarity import Similar, SimilarTo
from code_rag.servicekit.health import Check, CheckResult
from code_rag.servicekit.wire.health import CheckStatus

REFUNDS = '''"""Who may have their money back, and until when."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from orders.order import Order

WINDOW = timedelta(days=30)
PERISHABLE_WINDOW = timedelta(hours=48)


@dataclass(frozen=True)
class RefundPolicy:
    """Decides on a refund from the order alone; the payment worker carries it out."""

    window: timedelta = WINDOW

    def allows(self, order: Order, now: datetime) -> bool:
        if order.delivered_at is None:
            return order.is_paid
        limit = PERISHABLE_WINDOW if order.is_perishable else self.window
        return now - order.delivered_at <= limit
'''
RUNBOOK = """# Refunds

Support may extend the window once, by 14 days.
Every extension is written to the audit log.
"""


def hit(path: str, start: int, end: int, symbol: str, text: str, score: float) -> Hit:
    """A hit by meaning and by words."""
    language = "python" if path.endswith(".py") else "markdown"
    chunk = Chunk(path, path, language, start, end, symbol, "method", text, "digest", 1)
    return Hit(chunk, score, {"meaning": score / 2, "words": score / 2}, cosine=0.61, bm25=7.214)


def lines(text: str, start: int, end: int) -> str:
    """Lines `start` to `end` of `text`, both included."""
    return "\n".join(text.splitlines()[start - 1 : end])


HITS = (
    hit("orders/refunds.py", 12, 22, "RefundPolicy.allows", lines(REFUNDS, 12, 22), 0.8312),
    hit("docs/refunds.md", 1, 4, "Refunds", lines(RUNBOOK, 1, 4), 0.5104),
)
ANSWER = """A customer may ask for a refund **within 30 days of delivery** [1:8-8];
perishable goods have 48 hours [1:9].

The decision is made by `RefundPolicy.allows` [1:18-22]:

- an order that was *never delivered* is refunded as soon as it is paid,
- otherwise the window counts from `delivered_at`.

```python
limit = PERISHABLE_WINDOW if order.is_perishable else self.window
return now - order.delivered_at <= limit
```

Support can extend the window once, by 14 days [2].
"""
CITATIONS = (
    Citation("[1:8-8]", "orders/refunds.py", 8, 8, "supported", ""),
    Citation("[1:9]", "orders/refunds.py", 9, 9, "supported", ""),
    Citation("[1:18-22]", "orders/refunds.py", 18, 22, "exists", "it does not mention 14"),
    Citation("[2]", "docs/refunds.md", 1, 4, "missing", "the file changed after it was indexed"),
)
CALLERS = Callers(
    "RefundPolicy.allows",
    (Target("orders/refunds.py", "RefundPolicy.allows", "python", 18),),
    (
        Caller(
            HITS[0].chunk,
            (
                Use(12, "policy.allows(order, now)", "refund", Resolution.IMPORT),
                Use(15, "other.allows(order, now)", "refund", Resolution.NAME_ONLY),
            ),
        ),
    ),
    ("1 place uses something named allows without an import that says which.",),
    (),
    {"search": 0.002, "resolve": 0.005},
)
SIMILAR = SimilarTo(
    HITS[0].chunk,
    (Similar(HITS[0].chunk, 0.5, 0.5, True), Similar(HITS[1].chunk, 0.31, 0.125, False)),
    (),
    {"search": 0.003},
)
EVALUATION = Evaluation(
    (
        KindResult(
            Kind.DOCUMENTATION,
            10,
            7,
            {"ndcg@10": Estimate(0.81, 0.7, 0.9), "recall@1": Estimate(0.7, 0.5, 0.9)},
            (Asked(Question(Kind.DOCUMENTATION, "decides on a refund", frozenset(["a.py"])), ("b.py",)),),
        ),
    ),
    ("Questions in words are answered well.",),
    ("No commits were given.",),
    (),
    1.5,
)
INDEXED = FileCounts(total=120, unchanged=96, indexed=24, removed=1)


def index_status(
    state: State = "idle",
    files: FileCounts = INDEXED,
    searchable: Searchable = Searchable(120, 840, VectorCounts(whole=840)),  # noqa: B008 – frozen
    **changes: Any,
) -> tuple[IndexReport, Searchable]:
    """A run over the shop, and what the store holds."""
    ended = datetime(2026, 1, 5, 10, 0, 3, tzinfo=UTC) if state in ("idle", "failed") else None
    report = IndexReport(
        state=state,
        detail="",
        path="",
        started_at=datetime(2026, 1, 5, 10, tzinfo=UTC),
        finished_at=ended,
        seconds=3.2,
        files=files,
        chunks=840,
        skipped={"binary": 12, "ignored": 310, "too large": 2},
        errors=(),
        watching="events",
    )
    return replace(report, **changes), searchable


def verdict(status: CheckStatus, detail: str) -> Check:
    """A check of /health that always comes to this."""

    async def check() -> CheckResult:
        return CheckResult(status, detail)

    return check


def checks() -> dict[str, Check]:
    """The checks of a rag-server where all is well."""
    details = {
        "vector-db": "",
        "embedding-server": "sentence-transformers/all-MiniLM-L6-v2",
        "llm-server": "gpt-4o-mini",
        "index": "",
    }
    return {name: verdict("ok", detail) for name, detail in details.items()}
