"""Writes the golden vectors, what sentence-transformers computes for some texts: engines are held to them.

`make test-reference` installs sentence-transformers; then, with the folder that holds the model:
.venv-reference/bin/python scripts/make_golden_vectors.py .data/models/all-MiniLM-L6-v2-1110a243fdf4
"""

import base64
import json
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
from sentence_transformers import SentenceTransformer

ROOT = Path(__file__).parent.parent
GOLDEN = ROOT / "tests/golden/vectors.json"
SELF_TEST = ROOT / "services/embedding-server/src/code_rag/embedding_server/golden.json"
IN_SELF_TEST = ("sentence", "python", "go", "unicode", "long prose")

Case = dict[str, str | int]

PYTHON = '''def total(lines: list[Line], *, tax_rate: float = 0.19) -> Decimal:
    """The sum of all lines, tax included, rounded to cents."""
    net = sum((line.price * line.quantity for line in lines), Decimal(0))
    return (net * Decimal(1 + tax_rate)).quantize(Decimal("0.01"), ROUND_HALF_UP)
'''
GO = """func (c *Client) Do(ctx context.Context, req *Request) (*Response, error) {
	for attempt := 0; attempt <= c.maxRetries; attempt++ {
		resp, err := c.send(ctx, req)
		if err == nil || !isTemporary(err) {
			return resp, err
		}
		select {
		case <-time.After(c.backoff(attempt)):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return nil, ErrTooManyRetries
}
"""
RUST = """impl<K: Hash + Eq, V> Lru<K, V> {
    pub fn get(&mut self, key: &K) -> Option<&V> {
        let index = *self.index.get(key)?;
        self.entries.move_to_front(index);
        Some(&self.entries[index].value)
    }
}
"""
TYPESCRIPT = """export async function fetchOrders(userId: string, signal?: AbortSignal): Promise<Order[]> {
  const response = await fetch(`/api/users/${encodeURIComponent(userId)}/orders`, { signal });
  if (!response.ok) throw new HttpError(response.status, await response.text());
  return (await response.json()) as Order[];
}
"""
JAVA = """@Transactional(readOnly = true)
public Optional<Invoice> findByNumber(@NonNull String number) {
    return repository.findOne(Specification.where(hasNumber(number)).and(notDeleted()));
}
"""
C = """static int ring_push(struct ring *r, const void *item) {
    size_t next = (r->head + 1) & r->mask;
    if (next == atomic_load_explicit(&r->tail, memory_order_acquire))
        return -ENOSPC;
    memcpy(r->data + r->head * r->size, item, r->size);
    atomic_store_explicit(&r->head, next, memory_order_release);
    return 0;
}
"""
SQL = """SELECT c.id, c.name, COALESCE(SUM(o.total), 0) AS revenue
FROM customers AS c LEFT JOIN orders AS o ON o.customer_id = c.id AND o.paid_at >= :since
GROUP BY c.id, c.name HAVING COUNT(o.id) > 3 ORDER BY revenue DESC LIMIT 20;
"""
SHELL = """#!/usr/bin/env bash
set -euo pipefail
for file in "$@"; do
  sha256sum --check --status <<<"$(cat "$file.sha256")" || { echo "bad: $file" >&2; exit 1; }
done
"""
YAML = """apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  strategy: {type: RollingUpdate}
"""
PROSE = (
    "The scheduler keeps one queue per tenant and serves them in turn, so that a tenant with ten thousand "
    "jobs cannot hold up one with three. A job that fails is put back with a delay that doubles each time. "
)
UNICODE = """größe = {'naïve': 'café', '日本語': 'テキスト', 'Ελληνικά': 'кириллица',
         'emoji': '🚀👩‍💻', 'עברית': 'العربية'}"""

TEXTS = {
    "sentence": "That is a happy person",
    "question": "where is the retry policy of the HTTP client defined?",
    "one word": "idempotency",
    "identifiers": "parseHTTPResponse parse_http_response ParseHttpResponse PARSE_HTTP_RESPONSE",
    "python": PYTHON,
    "go": GO,
    "rust": RUST,
    "typescript": TYPESCRIPT,
    "java": JAVA,
    "c": C,
    "sql": SQL,
    "shell": SHELL,
    "yaml": YAML,
    "space": " ",
    "newline": "\n",
    "dot": ".",
    "punctuation": "}\n);\n});\n",
    "indentation": "\n" + " " * 400 + "return None\n" + "\t" * 60,
    "unicode": UNICODE,
    "cjk without spaces": "支付网关在三次失败后打开断路器，并在三十秒后重试。" * 40,
    "combining and control": "cafe\u0301 a\x00b \u202eright to left\u202c \ufeff\u200bzero\u200dwidth \r\n",
    "word of 100": "a" * 100,
    "word of 101": "a" * 101,
    "long words": f"key = '{'Zm9vYmFyYmF6' * 20}' + '{'deadbeef' * 16}'",
    "254 tokens": "word " * 252,
    "256 tokens": "word " * 254,
    "257 tokens": "word " * 255,
    "truncated inside a word": "word " * 253 + "antidisestablishmentarianism",
    "long prose": PROSE * 8,
    "long code": (PYTHON + GO) * 6,
    "minified": "!function(e,t){var n=e.a[0]||{};return t(n,e)};" * 250,
    "far too long": "x = compute(1, 2, 3)\n" * 1000,
}  # fmt: skip


def main() -> None:
    """Embed the texts and write both files."""
    model = SentenceTransformer(sys.argv[1], device="cpu")
    vectors = model.encode(list(TEXTS.values()), normalize_embeddings=True)
    cases: list[Case] = [
        {"name": name, "text": text, "tokens": _tokens(model, text), "vector": _base64(vector)}
        for (name, text), vector in zip(TEXTS.items(), vectors, strict=True)
    ]
    _write(GOLDEN, cases)
    _write(SELF_TEST, [case for case in cases if case["name"] in IN_SELF_TEST])


def _tokens(model: SentenceTransformer, text: str) -> int:
    """Tokens of the whole text; more than the model's limit are truncated."""
    return len(model.tokenizer(text, truncation=False, verbose=False)["input_ids"])


def _base64(vector: np.ndarray) -> str:
    return base64.b64encode(vector.astype("<f4").tobytes()).decode()


def _write(path: Path, cases: list[Case]) -> None:
    made_with = {name: version(name) for name in ("sentence-transformers", "torch", "transformers")}
    path.write_text(json.dumps({"made_with": made_with, "cases": cases}, ensure_ascii=True, indent=1) + "\n")
    print(f"{len(cases)} cases in {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
