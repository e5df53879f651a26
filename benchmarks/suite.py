"""`make bench`: runs every benchmark, one after the other, and writes docs/performance.md from them.

With LLM=local `answers` are those that a model on this machine writes.
Name some to run only those: `make bench ONLY="indexing"`.
"""

import os
import subprocess
import sys
from pathlib import Path

from benchmarks import report

ROOT = Path(__file__).parent.parent
BENCHMARKS = (
    "first_answer",
    "embedding",
    "embedding_load",
    "embedding_memory",
    "indexing",
    "secrets",
    "retrieval",
    "answers",
    "agent",
    "gateway",
    "admission",
    "soak",
    "growth",
    "freshness",
    "hot_reload",
    "clone_to_change",
)


def main() -> None:
    chosen = sys.argv[1:] or list(BENCHMARKS)
    unknown = sorted(set(chosen) - set(BENCHMARKS))
    if unknown:
        raise SystemExit(f"There is no benchmark {', '.join(unknown)}: choose from {', '.join(BENCHMARKS)}.")
    for name in chosen:
        print(f"== {name}", flush=True)
        module = "written" if name == "answers" and os.environ.get("LLM") == "local" else name
        subprocess.run([sys.executable, "-m", f"benchmarks.{module}"], cwd=ROOT, check=True)
    report.write()
    print(f"Wrote {report.PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
