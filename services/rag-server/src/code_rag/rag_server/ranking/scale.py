"""Where a model's cosines lie: e5's are between 0.75 and 0.9, MiniLM's between 0 and 0.6.

The ranking's weights were chosen with all-MiniLM-L6-v2, so others' cosines are brought to its scale.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import mul
from statistics import fmean
from typing import Self

from code_rag.rag_server.model import Candidates, Vector

UNRELATED = 0.021
"""The mean cosine of all-MiniLM-L6-v2 between a question below and another question's code."""
RELATED = 0.433
"""The same with the code that answers it."""

PAIRS = (
    (
        "How is a password checked when somebody logs in?",
        "def login(name, password):\n    user = users.get(name)\n"
        "    if user is None or not verify(user.hash, password):\n"
        '        raise PermissionError("wrong name or password")\n    return Session(user)',
    ),
    (
        "What happens when the connection to the database is lost?",
        "func (p *Pool) query(sql string) (Rows, error) {\n\trows, err := p.conn.Query(sql)\n"
        "\tif errors.Is(err, ErrClosed) {\n\t\tp.reconnect()\n\t\treturn p.conn.Query(sql)\n\t}\n"
        "\treturn rows, err\n}",
    ),
    (
        "Where are old log files removed?",
        'for file in folder.glob("*.log"):\n    if now - file.stat().st_mtime > KEEP_DAYS * 86400:\n'
        "        file.unlink()",
    ),
    (
        "How is the price of an order computed with tax?",
        "fn total(lines: &[Line], tax: f64) -> f64 {\n"
        "    let net: f64 = lines.iter().map(|line| line.price * line.count as f64).sum();\n"
        "    net * (1.0 + tax)\n}",
    ),
    (
        "Which languages can the page be shown in?",
        'const LOCALES = ["en", "de", "fr", "ko"];\nexport function localeOf(header) {\n'
        '  return LOCALES.find((name) => header.startsWith(name)) ?? "en";\n}',
    ),
    (
        "How are uploaded images resized?",
        "public BufferedImage thumbnail(BufferedImage image, int width) {\n"
        "    int height = image.getHeight() * width / image.getWidth();\n"
        "    return scale(image, width, height);\n}",
    ),
    (
        "How often is a failed request sent again?",
        "MAX_RETRIES = 5\n\ndef fetch(url):\n    for attempt in range(MAX_RETRIES):\n"
        "        response = get(url)\n        if response.status < 500:\n            return response\n"
        "        sleep(2 ** attempt)",
    ),
    (
        "What is written to the audit trail?",
        "CREATE TABLE audit (\n  id bigint PRIMARY KEY,\n  actor text NOT NULL,\n  action text NOT NULL,\n"
        "  at timestamptz NOT NULL DEFAULT now()\n);",
    ),
)
"""Questions, each with code that answers it, of no codebase."""
QUESTIONS, SNIPPETS = zip(*PAIRS, strict=True)


@dataclass(frozen=True, slots=True)
class Scale:
    """A model's mean cosines of code that does not answer a question, and of code that does."""

    unrelated: float = UNRELATED
    related: float = RELATED

    @classmethod
    def of(cls, questions: Sequence[Vector], snippets: Sequence[Vector]) -> Self | None:
        """The scale by the vectors of QUESTIONS and SNIPPETS; None where the model distinguishes nothing."""
        cosines = [[sum(map(mul, question, snippet)) for snippet in snippets] for question in questions]
        related = fmean(row[index] for index, row in enumerate(cosines))
        unrelated = fmean(
            cosine for index, row in enumerate(cosines) for other, cosine in enumerate(row) if other != index
        )
        return cls(unrelated, related) if related > unrelated else None

    def cosine(self, cosine: float) -> float:
        """Where all-MiniLM-L6-v2 would have it, between -1 and 1."""
        place = (cosine - self.unrelated) / (self.related - self.unrelated)
        return min(max(UNRELATED + place * (RELATED - UNRELATED), -1.0), 1.0)

    def applied(self, found: Candidates) -> Candidates:
        """The candidates with their cosines on that scale."""
        if self == Scale():
            return found
        return replace(
            found,
            found=tuple(
                each if each.cosine is None else replace(each, cosine=self.cosine(each.cosine))
                for each in found.found
            ),
        )
