"""Which texts share an inference."""

from collections.abc import Sequence

INFERENCE_TOKENS = 32
"""Fixed cost of an inference on a CPU, in tokens; with more padding than that, two inferences are cheaper."""


def plan_batches(
    lengths: Sequence[int], batch_tokens: int, inference_tokens: int = INFERENCE_TOKENS
) -> list[list[int]]:
    """Indices grouped by similar length, shortest first, as `worth_joining` says."""
    batches: list[list[int]] = []
    longest = 0
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        group = len(batches[-1]) if batches else 0
        if not group or not worth_joining(group, longest, 1, lengths[index], batch_tokens, inference_tokens):
            batches.append([])
        batches[-1].append(index)
        longest = lengths[index]
    return batches


def worth_joining(
    rows: int,
    longest: int,
    other_rows: int,
    other_longest: int,
    batch_tokens: int,
    inference_tokens: int = INFERENCE_TOKENS,
) -> bool:
    """Whether one inference over two groups of rows stays within the budget and is cheaper than two."""
    both = max(longest, other_longest)
    padding = rows * (both - longest) + other_rows * (both - other_longest)
    return both * (rows + other_rows) <= batch_tokens and padding <= inference_tokens
