"""A model as the alias file describes it."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars for a million tokens."""

    input: float
    output: float


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """The name that callers use, and the server and model behind it."""

    name: str
    base_url: str
    model: str
    """The name that the server knows."""
    key: str | None = field(default=None, repr=False)
    key_header: str = "authorization"
    """The header that holds the key: by itself, or in `authorization` after `Bearer`."""
    context_tokens: int | None = None
    prices: Prices | None = None
    fallbacks: tuple[str, ...] = ()
    """Names to try in turn when this one fails before its answer starts."""
