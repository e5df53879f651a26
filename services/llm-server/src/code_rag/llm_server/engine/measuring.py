"""How fast the engine reads and writes on this machine."""

from dataclasses import dataclass
from pathlib import Path

import httpx2

_PROMPT = "\n".join(f"def area_{n}(width, height): return width * height + {n}" for n in range(6))
_WRITTEN = 8
_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Speed:
    """Tokens a second."""

    reading: float
    writing: float


def measure(socket: Path) -> Speed:
    """Have the engine at `socket` read some hundred tokens of code and write eight; takes a few seconds."""
    body = {"prompt": _PROMPT, "n_predict": _WRITTEN, "temperature": 0, "cache_prompt": False}
    transport = httpx2.HTTPTransport(uds=str(socket))
    with httpx2.Client(transport=transport, base_url="http://engine", timeout=_SECONDS) as client:
        timings = client.post("/completion", json=body).raise_for_status().json()["timings"]
    return Speed(round(timings["prompt_per_second"], 1), round(timings["predicted_per_second"], 1))
