"""Embeds the same texts with our engines and with others, each in a process of its own, in turns.

512 functions of the standard library together; 1, 8 and 64 at once; texts of 16 to 256 tokens; 1 to 32
callers. The reference runs in .venv-reference (`make test-reference`), the peers in artifacts/peers, which is
made here. What cannot run is named with its reason. Prints and writes results/embedding.json.
"""

import json
import subprocess
import sys
import venv
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.functions import functions
from benchmarks.machine import RESULTS, describe

ROOT = Path(__file__).parent.parent
SOURCES = (ROOT, ROOT / "packages/servicekit/src", ROOT / "services/embedding-server/src")
PEERS = ROOT / "artifacts/peers"
PEER_PACKAGES = ("torch==2.13.0", "infinity-emb[torch,server]==0.0.78", "fastembed==0.9.1", "onnx==1.19.1")
SERVED, REFERENCE = "embedding-server (auto)", "sentence-transformers"
PYTHONS = {
    SERVED: Path(sys.executable),
    "embedding-server (onnx)": Path(sys.executable),
    "ONNX Runtime as it comes": Path(sys.executable),
    REFERENCE: ROOT / ".venv-reference/bin/python",
    "infinity": PEERS / "bin/python",
    "fastembed": PEERS / "bin/python",
}
ALL = 512
AT_ONCE = (1, 8, 64)
LENGTHS = (16, 64, 128, 256)
CALLERS = (1, 4, 16, 32)
ROUNDS = 3
GOAL = 1.8
GOAL_IN_BFLOAT16 = 4.0


class Engine:
    """A process that has loaded one engine and embeds what it is asked to."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.seconds: dict[str, list[float]] = {}
        self.started = self._answer()

    def measure(self) -> None:
        """One round of everything."""
        texts = functions(ALL)
        self._embed("all", [texts])
        for count in AT_ONCE:
            self._embed(f"at once {count}", [texts[:count]])
        for length in LENGTHS:
            self._embed(f"tokens {length}", [[" ".join([f"a{number}"] + ["data"] * (length - 4))
                                              for number in range(10, 74)]])  # fmt: skip
        for callers in CALLERS:
            self._embed(f"callers {callers}", [texts[8 * n : 8 * n + 8] for n in range(callers)])

    def median(self, what: str) -> float:
        """Seconds."""
        return median(self.seconds[what])

    def vectors(self) -> list[list[float]]:
        """Those of the first 64 texts."""
        found: list[list[float]] = self.ask(calls=[functions(ALL)[:64]], vectors=True)["vectors"]
        return found

    def ask(self, **command: Any) -> dict[str, Any]:
        """The answer to a command."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _embed(self, what: str, calls: Sequence[Sequence[str]]) -> None:
        self.seconds.setdefault(what, []).append(self.ask(calls=calls)["seconds"])

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout
        for line in self._process.stdout:
            if line.startswith("{"):  # some libraries print while they load
                answer: dict[str, Any] = json.loads(line)
                return answer
        raise EngineFailed("its process ended; its message is above")


class EngineFailed(Exception):
    """An engine cannot be measured here; the message says why."""


@contextmanager
def running(name: str) -> Iterator[Engine]:
    """A running engine that has embedded everything once, to warm up."""
    path = ":".join(map(str, SOURCES))
    process = subprocess.Popen(
        [PYTHONS[name], "-m", "benchmarks.embedding_engines", name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": path, "HF_HUB_OFFLINE": "1", "INFINITY_ANONYMOUS_USAGE_STATS": "0"},
    )
    with process:
        try:
            started = Engine(process)
            started.ask(calls=[functions(ALL)])
            yield started
        finally:
            process.kill()


def make_peers() -> str:
    """Install the peers by themselves, once; why not, if that fails."""
    ready = PEERS / ".ready"
    if ready.exists() and ready.read_text() == str(PEER_PACKAGES):
        return ""
    venv.create(PEERS, with_pip=True, clear=True)
    for package in PEER_PACKAGES:  # torch first, so that nothing else chooses its build
        command = [str(PEERS / "bin/python"), "-m", "pip", "install", "--quiet", package]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return f"pip install {package} failed: {(done.stderr.strip().splitlines() or ['?'])[-1]}"
    ready.write_text(str(PEER_PACKAGES))
    return ""


def compare() -> dict[str, Any]:
    """All engines in turns, so that whatever else the machine does hits all of them."""
    missing = {name: "run `make test-reference` first" for name in (REFERENCE,) if not PYTHONS[name].exists()}
    if why := make_peers():
        missing |= dict.fromkeys(("infinity", "fastembed"), why)
    engines: dict[str, Engine] = {}
    with ExitStack() as stack:
        for name in PYTHONS:
            if name not in missing:
                try:
                    engines[name] = stack.enter_context(running(name))
                except EngineFailed as error:
                    missing[name] = str(error)
        for _ in range(ROUNDS):
            for each in engines.values():
                each.measure()
        expected = engines[REFERENCE].vectors() if REFERENCE in engines else None
        figures = {name: _figures(each, expected) for name, each in engines.items()}
    return {"engines": figures, "not_measured": missing, **_ratio(figures)}


def _figures(engine: Engine, expected: list[list[float]] | None) -> dict[str, Any]:
    cosine = _least_cosine(engine.vectors(), expected) if expected else None
    return {
        "why": engine.started["why"],
        "load_seconds": engine.started["load_seconds"],
        "memory_mb": engine.ask(calls=[])["memory_mb"],
        "least_cosine": cosine,
        "texts_per_second": round(ALL / engine.median("all"), 1),
        "at_once_ms": {n: round(1000 * engine.median(f"at once {n}"), 1) for n in AT_ONCE},
        "texts_per_second_by_tokens": {n: round(64 / engine.median(f"tokens {n}"), 1) for n in LENGTHS},
        "texts_per_second_by_callers": {
            n: round(8 * n / engine.median(f"callers {n}"), 1) for n in CALLERS
        },
    }  # fmt: skip


def _least_cosine(found: list[list[float]], expected: list[list[float]]) -> float:
    return round(min(sum(map(_product, a, b)) for a, b in zip(found, expected, strict=True)), 6)


def _product(a: float, b: float) -> float:
    return a * b


def _ratio(figures: dict[str, Any]) -> dict[str, Any]:
    if REFERENCE not in figures:
        return {"ratio": None}
    ratio = figures[SERVED]["texts_per_second"] / figures[REFERENCE]["texts_per_second"]
    return {
        "ratio": round(ratio, 2),
        "goal": GOAL_IN_BFLOAT16 if "bfloat16" in figures[SERVED]["why"] else GOAL,
    }


def rows(result: dict[str, Any]) -> list[tuple[str, str]]:
    """The table: one row an engine, then what growth shows."""
    table = []
    for name, each in result["engines"].items():
        once = ", ".join(f"{n}: {ms}" for n, ms in each["at_once_ms"].items())
        lengths = ", ".join(f"{n}: {rate}" for n, rate in each["texts_per_second_by_tokens"].items())
        callers = ", ".join(f"{n}: {rate}" for n, rate in each["texts_per_second_by_callers"].items())
        cosine = f"; least cosine {each['least_cosine']}" if each["least_cosine"] else ""
        table += [
            (f"**{name}**", f"{each['texts_per_second']} texts/s{cosine}; {each['memory_mb']} MB, loads in "
                            f"{each['load_seconds']} s{'; ' + each['why'] if each['why'] else ''}"),
            ("at once, ms", once),
            ("texts/s by tokens", lengths),
            ("texts/s by callers of 8 texts", callers),
        ]  # fmt: skip
    return table + [(f"{name}: not measured", why) for name, why in result["not_measured"].items()]


def main() -> None:
    found = compare()
    text = json.dumps({"machine": describe(), **found, "rows": rows(found)}, indent=2)
    (RESULTS / "embedding.json").write_text(text + "\n")
    sys.stdout.write(text + "\n")
    if found["ratio"]:
        status = "reached" if found["ratio"] >= found["goal"] else "missed"
        sys.stdout.write(
            f"EMBEDDING {found['ratio']} x sentence-transformers (goal {found['goal']}): {status}\n"
        )


if __name__ == "__main__":
    main()
