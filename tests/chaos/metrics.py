"""What /metrics of a service says."""

import httpx2


def scrape(url: str) -> str:
    """The text of a service's metrics, or why there is none."""
    try:
        return httpx2.get(f"{url}/metrics", timeout=5, trust_env=False).text
    except httpx2.TransportError as error:
        return f"# {error!r}\n"


def total(text: str, name: str) -> float:
    """The sum of a metric over all its labels."""
    lines = [line for line in text.splitlines() if line.startswith((f"{name} ", f"{name}{{"))]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)
