"""What the services keep in memory after 20,000 mixed requests, and after a night of saved files.

Over the three services as processes, on a copy of the shared packages. The requests are of all kinds, some
refused, some whose caller disconnects; the files are saved faster than at night, so that it takes minutes.
Writes results/soak.json.
"""

import asyncio
import json
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2

from benchmarks.machine import RESULTS, describe
from code_rag.localstack.ports import free_ports
from code_rag.localstack.processes import LocalStack

PACKAGES = Path(__file__).parent.parent / "packages"
WARM_UP, REQUESTS, AT_ONCE = 2_000, 20_000, 4
SAVES, SAVES_PER_SECOND = 4_800, 20
"""Eight hours with a file saved every six seconds."""
GOAL_PERCENT = 10.0
WORDS = ("store", "index", "vector", "answer", "stream", "chunk", "path", "rank", "limit", "model", "watch")
FILE = "servicekit/src/code_rag/servicekit/health.py"
Send = Callable[[httpx2.AsyncClient, random.Random], Any]


def words(dice: random.Random) -> str:
    """Some words and a number, so that few questions are alike."""
    return f"{' '.join(dice.sample(WORDS, 3))} {dice.randrange(500)}"


async def give_up(http: httpx2.AsyncClient, dice: random.Random) -> httpx2.Response:
    """A caller that disconnects after the first event."""
    async with http.stream("POST", "/ask", json={"question": words(dice), "stream": True}) as answer:
        async for _ in answer.aiter_lines():
            break
    return answer


KINDS: dict[str, Send] = {
    "search": lambda http, dice: http.post("/search", json={"query": words(dice)}),
    "callers": lambda http, dice: http.post("/search", json={"callers_of": "Health"}),
    "similar": lambda http, dice: http.post("/search", json={"similar_to": {"path": FILE, "line": 20}}),
    "ask": lambda http, dice: http.post("/ask", json={"question": words(dice)}),
    "ask, streamed": lambda http, dice: http.post("/ask", json={"question": words(dice), "stream": True}),
    "ask, given up": give_up,
    "chat": lambda http, dice: http.post(
        "/v1/chat/completions", json={"messages": [{"role": "user", "content": words(dice)}]}
    ),
    "file": lambda http, dice: http.get(f"/files/{FILE}"),
    "no file": lambda http, dice: http.get(f"/files/{words(dice)}"),
    "why-not": lambda http, dice: http.get("/index/why-not", params={"path": FILE}),
    "state": lambda http, dice: http.get(dice.choice(("/index", "/health", "/metrics", "/suggestions", "/"))),
    "refused": lambda http, dice: http.post("/search", json={"query": "", "limit": -1}),
}


def memory(stack: LocalStack) -> dict[str, float]:
    """What each service keeps in memory, in megabytes; without mapped files, which the system may drop."""
    return {
        name: round(_anonymous_kb(service.process.pid) * 1024 / 1e6, 1)
        for name, service in stack.services.items()
        if service.process
    }


def _anonymous_kb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon:"))


async def requests(url: str, count: int, seed: int) -> dict[str, int]:
    """Send so many of all kinds; how many of each status came back."""
    dice, statuses = random.Random(seed), Counter[str]()  # noqa: S311 – no secret
    chosen: Iterator[str] = iter(dice.choices(list(KINDS), k=count))
    async with httpx2.AsyncClient(base_url=url, trust_env=False, timeout=60) as http:

        async def one_after_the_other() -> None:
            for kind in chosen:
                answer = await KINDS[kind](http, dice)
                statuses[str(answer.status_code)] += 1

        await asyncio.gather(*(one_after_the_other() for _ in range(AT_ONCE)))
    return dict(statuses)


def save(root: Path, url: str, count: int) -> int:
    """Save so many files, one in ten of them new or deleted; how many index runs that made."""
    dice, runs = random.Random(count), set[str]()  # noqa: S311 – no secret
    files = sorted(root.rglob("*.py"))
    for number in range(count):
        file = dice.choice(files)
        if number % 20 == 9:
            file = root / f"new{number % 7}.py"
            file.unlink(missing_ok=True)
        if number % 20 != 19:
            text = file.read_text() if file.exists() else ""
            file.write_text(f"# saved {number}\n" + text.removeprefix(text[: text.find("\n") + 1]))
        time.sleep(1 / SAVES_PER_SECOND)
        if number % 5 == 0:
            runs.add(status(url)["started_at"])
    return len(runs)


def status(url: str) -> dict[str, Any]:
    """The state of indexing."""
    found: dict[str, Any] = httpx2.get(f"{url}/index", trust_env=False, timeout=30).json()
    return found


def settle(url: str) -> None:
    """Wait until nothing is left to index."""
    while (found := status(url))["state"] != "idle" or not found["finished_at"] or found["changed"]:
        time.sleep(0.5)


def measure(root: Path, folder: Path) -> dict[str, Any]:
    stack = LocalStack(root, folder / "index", folder / "logs", free_ports(), {"VECTOR_DB_URL": ""})
    with stack:
        stack.wait_ready(120)
        settle(stack.rag_url)
        asyncio.run(requests(stack.rag_url, WARM_UP, seed=1))
        before = memory(stack)
        statuses = asyncio.run(requests(stack.rag_url, REQUESTS, seed=2))
        after_requests = memory(stack)
        save(root, stack.rag_url, SAVES // 10)
        settle(stack.rag_url)
        before_saves = memory(stack)
        runs = save(root, stack.rag_url, SAVES)
        settle(stack.rag_url)
        return {
            "requests": {"count": REQUESTS, "statuses": statuses, "before": before, "after": after_requests},
            "saves": {"count": SAVES, "runs seen": runs, "before": before_saves, "after": memory(stack)},
        }


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "packages"
        shutil.copytree(PACKAGES, root, ignore=shutil.ignore_patterns("__pycache__"))
        result = {"machine": describe(), **measure(root, Path(folder))}
    (RESULTS / "soak.json").write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result))
    for what in ("requests", "saves"):
        for name, before in result[what]["before"].items():
            grown = 100 * (result[what]["after"][name] / before - 1)
            outcome = "reached" if grown <= GOAL_PERCENT else "missed"
            print(f"{name} grows by {grown:.1f} % over the {what} (goal {GOAL_PERCENT:g} %): {outcome}")


if __name__ == "__main__":
    main()
