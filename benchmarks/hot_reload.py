"""Saves a source file of each service twenty times under Compose dev, and times until the change is served.

Writes results/hot_reload.json: p50 and p95 from save to the first answer of the new version and to health,
and how much of it is the import of the service's own source, as the reloader's log says. Needs Docker.
"""

import json
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx2

sys.path.insert(0, str(Path(__file__).parent.parent))

from machine import RESULTS, describe
from percentiles import milliseconds

from tests.fixtures.docker_compose import OWN_SERVICES, ComposeStack, compose_stack

EDITS = 20
DEADLINE_SECONDS = 60.0
IMPORTED = re.compile(r"reload: imported in ([\d.]+) s")


def wait_for_version(client: httpx2.Client, version: str, *, healthy: bool) -> None:
    """Return when `/health` answers with `version`, and with 200 where `healthy` is asked for."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        try:
            response = client.get("/health")
        except httpx2.TransportError:  # a connection of the old worker's, closed while it drains
            continue
        if response.json().get("version") == version and (response.is_success or not healthy):
            return
        time.sleep(0.01)
    raise SystemExit(f"Version {version} was not served within {DEADLINE_SECONDS:g} s.")


def measure(stack: ComposeStack, service: str) -> dict[str, Any]:
    """Twenty edits of one service, in the same container throughout."""
    source = stack.folder / "services" / service / "src" / service.replace("-", "_") / "__init__.py"
    url = f"http://127.0.0.1:{stack.ports[service.upper().replace('-', '_') + '_PORT']}"
    before = stack.inspect(service)["State"]
    served, healthy = [], []
    with httpx2.Client(base_url=url, timeout=30, trust_env=False) as client:
        for edit in range(EDITS):
            version = f"0.0.{edit}"
            text = re.sub(r'__version__ = ".*"', f'__version__ = "{version}"', source.read_text())
            started = time.perf_counter()
            source.write_text(text)
            wait_for_version(client, version, healthy=False)
            served.append(time.perf_counter() - started)
            wait_for_version(client, version, healthy=True)
            healthy.append(time.perf_counter() - started)
    after = stack.inspect(service)["State"]
    if before["StartedAt"] != after["StartedAt"]:
        raise SystemExit(f"{service} was started again: that is no hot reload.")
    imports = [
        float(each) for each in IMPORTED.findall(stack.run("logs", "--no-color", service).stdout)[-EDITS:]
    ]
    return {
        "served": milliseconds(served),
        "healthy": milliseconds(healthy),
        "import_p50_ms": round(statistics.median(imports) * 1000, 1),
    }


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        compose_stack(Path(folder), "docker-compose.dev.yml") as stack,
    ):
        services = {service: measure(stack, service) for service in OWN_SERVICES}
    result = {"machine": describe(), "edits": EDITS, "services": services}
    text = json.dumps(result, indent=2)
    (RESULTS / "hot_reload.json").write_text(text + "\n")
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
