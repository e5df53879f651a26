"""The containers are healthy, hardened, and come back by themselves."""

import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest

from tests.fixtures.docker_compose import OWN_SERVICES, PORT_VARIABLES, SERVICES, ComposeStack, chunks
from tests.fixtures.test_data import ANSWER_PATH, QUESTION
from tests.fixtures.waiting import wait_for

LIMITS = {"vector-db": 1024, "embedding-server": 1024, "llm-server": 512, "rag-server": 1024}
BACK_SECONDS = 60.0


def test_every_container_is_healthy(docker_compose_up: ComposeStack, each_service: str) -> None:
    """`up --wait` ended well, and the engine agrees."""
    assert docker_compose_up.health(each_service) == "healthy"


def test_the_health_check_script_agrees(docker_compose_up: ComposeStack) -> None:
    """scripts/health-check.sh finds all four and ends with 0."""
    ports = {name: str(docker_compose_up.ports[name]) for name in PORT_VARIABLES}
    done = subprocess.run(
        ["scripts/health-check.sh", "--wait", "30"],
        cwd=docker_compose_up.folder, env={**docker_compose_up.environment, **ports},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert [line.split()[:2] for line in done.stdout.splitlines()] == [["ok", name] for name in SERVICES]


def test_the_health_check_script_fails_when_one_is_away(docker_compose_up: ComposeStack) -> None:
    """A port where nobody listens is a FAIL line and exit code 1."""
    done = subprocess.run(
        ["scripts/health-check.sh"],
        cwd=docker_compose_up.folder, env={**docker_compose_up.environment, "LLM_SERVER_PORT": "1"},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert [line.split()[1] for line in done.stdout.splitlines() if line.startswith("FAIL")] == ["llm-server"]


def test_nothing_runs_as_root(docker_compose_up: ComposeStack, each_service: str) -> None:
    """The main process of each container has a uid of its own."""
    uid = docker_compose_up.execute(each_service, "sh", "-c", "stat -c %u /proc/1").stdout.strip()
    assert uid == ("1000" if each_service == "vector-db" else "10001")


def test_the_root_of_each_container_is_read_only(docker_compose_up: ComposeStack, each_service: str) -> None:
    """A process that is taken over can leave nothing behind in the image's folders."""
    done = docker_compose_up.execute(each_service, "sh", "-c", "touch /opt/mark /usr/mark /etc/mark")
    assert done.returncode != 0
    assert done.stderr.count("Read-only file system") == 3


def test_containers_hold_no_capability_and_may_gain_none(
    docker_compose_up: ComposeStack, each_service: str
) -> None:
    """The engine applies what the Compose file says."""
    host = docker_compose_up.inspect(each_service)["HostConfig"]
    assert (host["CapDrop"], host["SecurityOpt"], host["ReadonlyRootfs"]) == (
        ["ALL"],
        ["no-new-privileges:true"],
        True,
    )


def test_memory_is_limited(docker_compose_up: ComposeStack, each_service: str) -> None:
    """Each container has the limit that the cluster gives its pod."""
    assert docker_compose_up.inspect(each_service)["HostConfig"]["Memory"] == LIMITS[each_service] * 2**20


def test_ports_are_bound_to_loopback_alone(docker_compose_up: ComposeStack, each_service: str) -> None:
    """Nobody on the network reaches a development stack."""
    bindings = docker_compose_up.inspect(each_service)["NetworkSettings"]["Ports"].values()
    assert {each["HostIp"] for published in bindings for each in published or []} == {"127.0.0.1"}


def test_images_hold_no_build_tools_and_no_torch(docker_compose_up: ComposeStack) -> None:
    """What is not there cannot be used against us, and costs no disk."""
    for service in OWN_SERVICES:
        script = "command -v gcc cc make git; ls -d /opt/venv/lib/python3*/site-packages/torch 2>/dev/null"
        assert docker_compose_up.execute(service, "sh", "-c", script).stdout == "", service


def test_a_killed_container_comes_back_and_nothing_is_lost(
    docker_compose_up: ComposeStack, rag: httpx2.Client, each_service: str
) -> None:
    """SIGKILL to any of the four: healthy again by itself, the same chunks, and an answer with proof."""
    before = chunks(docker_compose_up.target)
    started = docker_compose_up.inspect(each_service)["State"]["StartedAt"]
    docker_compose_up.kill(each_service)
    wait_for(
        lambda: (
            docker_compose_up.inspect(each_service)["State"]["StartedAt"] != started
            and docker_compose_up.health(each_service) == "healthy"
        ),
        f"{each_service} to be healthy again",
        BACK_SECONDS,
    )
    wait_for(lambda: answers_with_proof(rag), "an answer with proof", BACK_SECONDS)
    wait_for(lambda: chunks(docker_compose_up.target) == before, f"{before} chunks again", BACK_SECONDS)


def answers_with_proof(rag: httpx2.Client) -> bool:
    try:
        response = rag.post("/ask", json={"question": QUESTION})
    except httpx2.TransportError:  # rag-server itself may be the one that was killed
        return False
    body = response.json()
    return response.is_success and not body["degraded"] and any(
        each["path"] == ANSWER_PATH and each["verified"] for each in body["citations"]
    )  # fmt: skip


def search_status(rag: httpx2.Client) -> int:
    """The status of one search, which must come within the client's 10 s."""
    status = rag.post("/search", json={"query": QUESTION}).status_code
    assert status in (200, 503, 504)
    return status


def test_a_paused_vector_db_is_a_clear_error_and_never_a_hang(
    docker_compose_up: ComposeStack, rag: httpx2.Client
) -> None:
    """For 20 s every search is answered within 10 s by an error that says so; then all is well."""
    docker_compose_up.run("pause", "vector-db")
    seen = set()
    try:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            seen.add(search_status(rag))
    finally:
        docker_compose_up.run("unpause", "vector-db")
    assert seen <= {503, 504}
    assert seen
    wait_for(lambda: search_status(rag) == 200, "search to work again", BACK_SECONDS)


@pytest.fixture
def vector_db_answers_503(docker_compose_up: ComposeStack) -> Iterator[None]:
    """In vector-db's place, a server that answers everything with 503."""
    script = (
        "import http.server as h\n"
        "class No(h.BaseHTTPRequestHandler):\n"
        "    def no(self):\n"
        "        self.send_response(503); self.send_header('content-length', '0'); self.end_headers()\n"
        "    do_GET = do_POST = do_PUT = do_DELETE = no\n"
        "h.HTTPServer(('0.0.0.0', 6333), No).serve_forever()\n"
    )
    docker_compose_up.run("stop", "vector-db")
    name, network = f"{docker_compose_up.project}-503", f"{docker_compose_up.project}_rag-network"
    subprocess.run(
        ["docker", "run", "--rm", "--detach", "--name", name, "--network", network,
         "--network-alias", "vector-db", "code-rag/llm-server", "python", "-c", script],
        check=True, capture_output=True,
    )  # fmt: skip
    yield
    subprocess.run(["docker", "rm", "--force", name], check=True, capture_output=True)
    docker_compose_up.run("start", "vector-db")


def test_a_vector_db_that_answers_503_is_a_clear_error(
    docker_compose_up: ComposeStack, rag: httpx2.Client, vector_db_answers_503: None
) -> None:
    """rag-server stays up, says `degraded` and why, and answers a search with 503 in the envelope."""
    wait_for(lambda: search_status(rag) == 503, "the 503 of the stand-in", 30)
    error = rag.post("/search", json={"query": QUESTION}).json()["error"]
    assert "vector" in error["message"].lower()
    health = wait_for(
        lambda: (h := rag.get("/health").json())["status"] == "degraded" and h, "degraded health", 30
    )
    assert health["checks"]["vector-db"]["status"] == "degraded"


def test_after_all_that_the_stack_is_whole(
    docker_compose_up: ComposeStack, rag: httpx2.Client, reindex: Callable[[], dict[str, Any]]
) -> None:
    """An index run after the faults changes nothing: no chunk was lost, none doubled."""
    wait_for(lambda: search_status(rag) == 200, "search to work again", BACK_SECONDS)
    before = chunks(docker_compose_up.target)
    status = reindex()
    assert (status["files"]["indexed"], status["files"]["removed"], status["files"]["failed"]) == (0, 0, 0)
    assert chunks(docker_compose_up.target) == before
