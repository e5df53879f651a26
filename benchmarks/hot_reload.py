"""`make bench ONLY=hot_reload`: saves a source file of each service twenty times; times until it is served.

In each mode of development: under Tilt, in hardened pods; under Compose; as processes of `make run RELOAD=1`.
Writes results/hot_reload.json with p50 and p95 from save to the first answer of the new version, and to the
first healthy one. The pod or container must be the same afterwards, not restarted, of the same image. Needs
Docker, kind and Tilt; a cluster that it makes is removed again. Name modes to measure only those.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from benchmarks.machine import RESULTS, describe
from benchmarks.percentiles import milliseconds
from tests.fixtures.checkout import Checkout, copy_project
from tests.fixtures.docker_compose import compose_stack
from tests.fixtures.kind_cluster import Cluster
from tests.fixtures.kind_tilt import URLS, tilt_up
from tests.fixtures.targets import ROOT, START_SECONDS, local_stack

SERVICES = ("embedding-server", "llm-server", "rag-server")
EDITS = 20
DEADLINE_SECONDS = 60.0
POLL_SECONDS = 0.005
BETWEEN_SECONDS = 1.0  # nobody saves twice in a second; the previous worker has ended by then


@dataclass(frozen=True, slots=True)
class Development:
    """Everything running from a checkout whose saved files are served."""

    checkout: Checkout
    urls: Mapping[str, str]
    identity: Callable[[str], object]
    """What must be the same of a service before and after, for an edit to have been served in place."""


@contextmanager
def tilt(folder: Path) -> Iterator[Development]:
    """`tilt up` on the local cluster, which is made for it, and removed, where there is none."""
    there = "code-rag" in subprocess.run(["kind", "get", "clusters"], capture_output=True, text=True).stdout
    subprocess.run([ROOT / "scripts/kind/up.sh"], check=True)
    cluster = Cluster()
    try:
        with tilt_up(folder, ROOT / "artifacts/hot-reload-tilt.log", cluster) as checkout:
            cluster.wait_ready()
            yield Development(checkout, URLS, cluster.container)
    finally:
        cluster.close()
        if not there:
            subprocess.run([ROOT / "scripts/kind/down.sh"], check=True)


@contextmanager
def compose(folder: Path) -> Iterator[Development]:
    """docker-compose.dev.yml."""
    with compose_stack(folder, "docker-compose.dev.yml") as stack:
        urls = (stack.target.embedding_url, stack.target.llm_url, stack.target.rag_url)

        def identity(service: str) -> object:
            found = stack.inspect(service)
            return found["Id"], found["Image"], found["State"]["StartedAt"]

        yield Development(Checkout(stack.folder), dict(zip(SERVICES, urls, strict=True)), identity)


@contextmanager
def processes(folder: Path) -> Iterator[Development]:
    """What `make run RELOAD=1` starts, with the embedded store."""
    root = copy_project(folder / "checkout")
    with local_stack(folder, reload=root) as stack:
        stack.wait_ready(START_SECONDS)

        def identity(service: str) -> object:
            process = stack.services[service].process
            return process and process.pid

        yield Development(
            Checkout(root), {name: service.url for name, service in stack.services.items()}, identity
        )


MODES: dict[str, Callable[[Path], AbstractContextManager[Development]]] = {
    "tilt": tilt,
    "compose": compose,
    "processes": processes,
}


def measure(running: Development, service: str) -> dict[str, Any]:
    """Twenty edits of one service, in place."""
    source, served, healthy = running.checkout.app(service), [], []
    with httpx2.Client(base_url=running.urls[service], timeout=5, trust_env=False) as client:
        wait(client, lambda answer: answer.is_success)
        before = running.identity(service)
        for _ in range(EDITS):
            time.sleep(BETWEEN_SECONDS)
            started = time.perf_counter()
            mark = source.mark()
            wait(client, lambda answer, mark=mark: version_of(answer) == mark)  # type: ignore[misc]
            served.append(time.perf_counter() - started)
            wait(client, lambda answer, mark=mark: version_of(answer) == mark and answer.is_success)  # type: ignore[misc]
            healthy.append(time.perf_counter() - started)
    source.restore()
    if running.identity(service) != before:
        raise SystemExit(
            f"{service} was {before} and is {running.identity(service)}: it was not reloaded in place."
        )
    return {"served": milliseconds(served), "healthy": milliseconds(healthy)}


def wait(client: httpx2.Client, holds: Callable[[httpx2.Response], bool]) -> None:
    """Ask for the health until an answer is as wanted."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        try:
            if holds(client.get("/health")):
                return
        except httpx2.TransportError:  # a pod that is not ready gets no traffic
            pass
        time.sleep(POLL_SECONDS)
    raise SystemExit(f"{client.base_url} did not answer as expected within {DEADLINE_SECONDS:g} s.")


def version_of(health: httpx2.Response) -> str:
    """The version in an answer; empty where source that is broken answers."""
    version: str = health.json().get("version", "")
    return version


def main() -> None:
    modes: dict[str, Any] = {}
    for mode in sys.argv[1:] or MODES:
        with tempfile.TemporaryDirectory() as folder, MODES[mode](Path(folder)) as running:
            modes[mode] = {service: measure(running, service) for service in SERVICES}
    text = json.dumps({"machine": describe(), "edits": EDITS, "modes": modes}, indent=2)
    if modes.keys() == MODES.keys():  # a table's figures come from one run
        (RESULTS / "hot_reload.json").write_text(text + "\n")
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
