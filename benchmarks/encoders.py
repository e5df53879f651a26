"""Embeds 512 functions of the standard library with the default engine and sentence-transformers in turns.

Prints and writes results/encoders.json. The reference runs in .venv-reference, made by `make test-reference`;
where that is missing, the file says that it was not measured.
"""

import ast
import json
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.machine import RESULTS, describe
from benchmarks.percentiles import milliseconds

ROOT = Path(__file__).parent.parent
SOURCES = (ROOT, ROOT / "packages/servicekit/src", ROOT / "services/embedding-server/src")
PYTHONS = {
    "ONNX Runtime": Path(sys.executable),
    "sentence-transformers": ROOT / ".venv-reference/bin/python",
}
TEXTS = 512
ROUNDS = 3
QUERY = "where is the retry policy of the HTTP client defined?"
QUERIES = 100

Embed = Callable[[Sequence[str]], Any]


def functions() -> list[str]:
    """Functions of this Python's standard library, spread evenly over its modules."""
    found: list[str] = []
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
        source = path.read_text()
        nodes = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef))
        found += [ast.get_source_segment(source, node) or "" for node in nodes]
    return found[:: len(found) // TEXTS][:TEXTS]


class Engine:
    """A process of its own that has loaded one engine and measures when it is asked to."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.started = self._answer()
        self.rounds: list[dict[str, float]] = []

    def measure(self) -> None:
        """Embed all texts once."""
        self.rounds.append(self.ask("round"))

    def ask(self, what: str) -> dict[str, Any]:
        """The answer to a command."""
        assert self._process.stdin
        self._process.stdin.write(what + "\n")
        self._process.stdin.flush()
        return self._answer()

    def figures(self) -> dict[str, float]:
        """What was measured; the median of the rounds."""
        seconds = median(each["seconds"] for each in self.rounds)
        processor = median(each["cpu_seconds"] for each in self.rounds)
        return {
            "texts_per_second": round(TEXTS / seconds, 1),
            "cpu_ms_per_text": round(1000 * processor / TEXTS, 2),
            "query_p50_ms": self.ask("queries")["p50_ms"],
            "memory_mb": self.ask("memory")["memory_mb"],
            "load_seconds": round(self.started["load_seconds"], 2),
        }

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("An engine's process ended; its message is above.")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def engine(name: str) -> Iterator[Engine]:
    """A running engine that has embedded everything once, to warm up."""
    path = ":".join(map(str, SOURCES))
    process = subprocess.Popen(
        [PYTHONS[name], "-m", "benchmarks.encoders", name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": path, "HF_HUB_OFFLINE": "1"},
    )
    with process:
        try:
            started = Engine(process)
            started.ask("round")
            yield started
        finally:
            process.kill()


def compare() -> dict[str, Any]:
    """Both engines in turns, so that whatever else the machine does hits both."""
    missing = {name: f"{python.relative_to(ROOT)} is missing: run `make test-reference`"
               for name, python in PYTHONS.items() if not python.exists()}  # fmt: skip
    with ExitStack() as stack:
        running = {name: stack.enter_context(engine(name)) for name in PYTHONS if name not in missing}
        for _ in range(ROUNDS):
            for each in running.values():
                each.measure()
        figures = {name: each.figures() for name, each in running.items()}
    rates = [each["texts_per_second"] for each in figures.values()]
    ratio = None if missing else round(rates[0] / rates[1], 2)
    return {"texts": TEXTS, "engines": figures, "ratio": ratio, "not_measured": missing}


def serve(name: str) -> None:
    """The engine's side: load it, then do what each line on standard input says."""
    texts, started = functions(), time.perf_counter()
    embed = load(name)
    say({"load_seconds": time.perf_counter() - started})
    for line in sys.stdin:
        match line.strip():
            case "round":
                say(timed(embed, texts))
            case "queries":
                say(milliseconds([timed(embed, [QUERY])["seconds"] for _ in range(QUERIES)]))
            case "memory":
                pages = int(Path("/proc/self/statm").read_text().split()[1])
                say({"memory_mb": pages * 4096 // 1_000_000})


def load(name: str) -> Embed:
    """What embeds texts: the library's own call for sentence-transformers, our engine otherwise."""
    from code_rag.embedding_server.model_files import resolve, sources_of
    from code_rag.embedding_server.pinned_model import MINILM
    from code_rag.embedding_server.settings import Settings
    from code_rag.servicekit.cpu_quota import usable_cpus

    folder = resolve(MINILM, sources_of(Settings(model_cache_dir=ROOT / ".data/models"))).path
    if name == "sentence-transformers":
        from sentence_transformers import SentenceTransformer

        reference: Embed = SentenceTransformer(str(folder), device="cpu").encode
        return reference
    from code_rag.embedding_server.embeddings import embed_texts
    from code_rag.embedding_server.engines.onnx import OnnxEngine

    onnx = OnnxEngine(MINILM.name, str(folder), usable_cpus())
    return lambda texts: embed_texts(onnx, texts)


def timed(embed: Embed, texts: Sequence[str]) -> dict[str, float]:
    """Seconds by the clock and of the processors."""
    clock, processor = time.perf_counter(), time.process_time()
    embed(texts)
    return {"seconds": time.perf_counter() - clock, "cpu_seconds": time.process_time() - processor}


def say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def main() -> None:
    text = json.dumps({"machine": describe(), **compare()}, indent=2)
    (RESULTS / "encoders.json").write_text(text + "\n")
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    serve(sys.argv[1]) if len(sys.argv) > 1 else main()
