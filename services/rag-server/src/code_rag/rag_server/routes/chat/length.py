"""How long a chat's texts are, in tokens that are estimated: four characters each."""

from collections.abc import Sequence

from code_rag.rag_server.answer import Finish, Sampling
from code_rag.servicekit.wire.chat import ChatMessage

CHARS = 4


def tokens(text: str) -> int:
    """About how many tokens a text has."""
    return -(-len(text) // CHARS)


def usage(messages: Sequence[ChatMessage], answer: str) -> dict[str, int]:
    """The usage of a chat and its answer; the code that a model read for it is not counted."""
    asked, written = sum(tokens(message.text()) for message in messages), tokens(answer)
    return {"prompt_tokens": asked, "completion_tokens": written, "total_tokens": asked + written}


def shortened(text: str, sampling: Sampling) -> tuple[str, Finish]:
    """A text that no model wrote, up to the first stop and to as many tokens as are wanted."""
    for stop in sampling.stop or ():
        text = text.partition(stop)[0]
    limits = [limit for limit in (sampling.max_tokens, sampling.max_completion_tokens) if limit]
    if not limits or tokens(text) <= min(limits):
        return text, "stop"
    return text[: CHARS * min(limits)], "length"
