"""Which fault comes to which service in which round, all by a seed."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

FAULTS = ("kill", "stop", "pause", "disconnect", "slow", "fill")
"""kill: it ends without notice, and comes back by itself. stop: it is asked to leave, and started later.
pause: it stands still. disconnect: its network loses everything. slow: each piece of data is late. fill: its
disk is full."""


@dataclass(frozen=True)
class Round:
    """One fault: `seconds` long, and with a file saved before it or during it."""

    number: int
    service: str
    fault: str
    seconds: float
    saves_before: bool

    def __str__(self) -> str:
        return f"{self.number:03}-{self.fault}-{self.service}"


def plan(services: Sequence[str], rounds: int, seed: int) -> list[Round]:
    """So many rounds: every service in turn, and each of its faults once before one comes again."""
    rng = random.Random(seed)  # noqa: S311 – repeatable is what it must be
    services, faults = rng.sample(services, len(services)), rng.sample(FAULTS, len(FAULTS))
    meeting = math.lcm(len(services), len(faults))
    return [
        Round(
            number,
            services[number % len(services)],
            faults[(number + number // meeting) % len(faults)],
            round(rng.uniform(1.0, 4.0), 1),
            rng.random() < 0.5,
        )
        for number in range(rounds)
    ]
