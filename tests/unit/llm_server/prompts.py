"""Blocks and prompts as rag-server sends them."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from code_rag.servicekit.wire.evidence import Block, render

_LANGUAGES = {".go": "go", ".md": "markdown", ".py": "python"}


def prompt(question: str, blocks: Sequence[Block]) -> str:
    """The user message for a question about blocks."""
    return render(blocks, question)


def block(number: int, path: str, source: str, start: int = 1, symbol: str = "") -> Block:
    """A block of the lines of `source`, in the language of the path's ending."""
    language = _LANGUAGES[PurePosixPath(path).suffix]
    return Block(number, path, start, tuple(source.split("\n")), symbol, language)


REFUNDS = block(
    1,
    "orders/refunds.py",
    '''REFUND_WINDOW = timedelta(days=30)


def refund_is_due(order, today):
    """Whether the customer may still ask for a refund."""
    return today - order.delivered <= REFUND_WINDOW


def restocking_fee(line):
    return line.price * 15 // 100''',
    start=10,
)
STOCK = block(
    2,
    "warehouse/stock.go",
    """// Reserve holds stock for a basket.
func (s *Stock) Reserve(sku string, quantity int) error {
	return s.hold(sku, quantity, 15*time.Minute)
}""",
    start=7,
)
RUNBOOK = block(3, "docs/runbook.md", "# Restarting the payment worker\n\nScale it to zero first.")
SHOP = (REFUNDS, STOCK, RUNBOOK)
