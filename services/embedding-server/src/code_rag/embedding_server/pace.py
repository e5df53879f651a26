"""How fast the engine embeds, learnt from what it did lately."""

from code_rag.embedding_server.planning import INFERENCE_TOKENS

FIRST_GUESS = 5000.0
"""Tokens a second of one lane, until its first inferences have been timed."""
MEMORY = 0.9
"""What of the past counts beside one more inference."""


class Pace:
    """Predicts seconds by the last inferences of `lanes` at once, the long ones counting more."""

    def __init__(self, lanes: int, inference_tokens: int = INFERENCE_TOKENS) -> None:
        self._lanes, self._fixed = lanes, inference_tokens
        self._tokens, self._seconds = FIRST_GUESS / 10, 0.1

    def record(self, tokens: int, seconds: float) -> None:
        """One inference of so many tokens was timed."""
        self._tokens = MEMORY * self._tokens + tokens + self._fixed
        self._seconds = MEMORY * self._seconds + seconds

    def inference_seconds(self, tokens: int) -> float:
        """How long one inference of so many tokens takes."""
        return (tokens + self._fixed) / self._rate

    def queue_seconds(self, tokens: int) -> float:
        """How long all lanes together take for so many tokens."""
        return tokens / self._rate / self._lanes

    def tokens_in(self, seconds: float) -> int:
        """How many tokens one inference embeds in so many seconds."""
        return max(1, int(seconds * self._rate) - self._fixed)

    @property
    def _rate(self) -> float:
        return self._tokens / self._seconds
