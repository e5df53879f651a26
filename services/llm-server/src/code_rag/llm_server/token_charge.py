"""What a request costs of its caller's tokens a minute: an estimate at first, then what was used."""

from collections.abc import AsyncGenerator, Awaitable, Iterator
from contextlib import aclosing, contextmanager

from code_rag.llm_server.backends.base import Json
from code_rag.servicekit.errors import ServiceError, UpstreamTimeout
from code_rag.servicekit.keys.caller import Caller

BYTES_PER_TOKEN = 4
FILE_BYTES = 1000 * BYTES_PER_TOKEN  # what an image costs has little to do with its size
ANSWER_TOKENS = 1000  # of a request that sets no maximum
MOST_ANSWER_TOKENS = 4096  # most answers are far shorter than their maximum


class TokenCharge:
    """Reserves the estimate; raises Overloaded if the caller has to wait for it.

    In the end the caller pays what the answer's usage says. Without it, as when an answer is cancelled or
    runs out of time, it pays an estimate of the prompt and of what came. A refused request costs nothing.
    """

    def __init__(self, caller: Caller, request: Json) -> None:
        self._caller = caller
        self._prompt = _bytes_of([request.get("messages"), request.get("tools")]) // BYTES_PER_TOKEN
        self._reserved = caller.reserve_tokens(self._prompt + _longest_answer(request))
        self._came = 0
        self._usage: int | None = None

    async def answer(self, answer: Awaitable[Json]) -> Json:
        """Await a whole answer."""
        with self._settling():
            whole = await answer
            self._add(whole)
        return whole

    async def stream(self, chunks: AsyncGenerator[Json]) -> AsyncGenerator[Json]:
        """The same chunks; closes them when closed."""
        with self._settling():
            async with aclosing(chunks):
                async for chunk in chunks:
                    self._add(chunk)
                    yield chunk

    @contextmanager
    def _settling(self) -> Iterator[None]:
        refused = False
        try:
            yield
        except UpstreamTimeout:
            raise
        except ServiceError:
            refused = self._came == 0
            raise
        finally:
            estimate = 0 if refused else self._prompt + self._came // BYTES_PER_TOKEN
            self._caller.settle_tokens(self._reserved, estimate if self._usage is None else self._usage)

    def _add(self, part: Json) -> None:
        self._came += _bytes_of(part.get("choices"))
        usage = part.get("usage")
        if isinstance(usage, dict):
            counts = [usage.get("prompt_tokens"), usage.get("completion_tokens")]
            known = [count for count in counts if isinstance(count, int) and count >= 0]
            self._usage = sum(known) if known else self._usage


def _longest_answer(request: Json) -> int:
    wanted = request.get("max_completion_tokens") or request.get("max_tokens")
    return min(wanted, MOST_ANSWER_TOKENS) if isinstance(wanted, int) and wanted > 0 else ANSWER_TOKENS


def _bytes_of(value: object) -> int:
    """The bytes of all text in a JSON value, however deep; an inlined file counts as FILE_BYTES."""
    total, left = 0, [value]
    while left:
        match left.pop():
            case str(text):
                total += FILE_BYTES if text.startswith("data:") else len(text.encode(errors="surrogatepass"))
            case list(items):
                left += items
            case dict(fields):
                left += fields.values()
    return total
