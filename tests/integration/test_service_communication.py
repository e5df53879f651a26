"""The services find one another by name, see the mounted codebase, and keep what they stored."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from tests.fixtures.checkout import Checkout, wait_served
from tests.fixtures.docker_compose import OWN_SERVICES, ComposeStack, chunks, compose_stack
from tests.fixtures.test_data import ANSWER_PATH, FIRST, QUESTION, SECOND
from tests.fixtures.waiting import wait_for

RELOAD_SECONDS = 30.0
FETCH = "import sys, urllib.request as r; print(r.urlopen(sys.argv[1], timeout=5).status)"


@pytest.mark.parametrize(
    ("caller", "url"),
    [
        ("rag-server", "http://embedding-server:8001/health"),
        ("rag-server", "http://llm-server:8002/health"),
        ("rag-server", "http://vector-db:6333/readyz"),
    ],
)
def test_a_service_reaches_the_next_by_its_name(
    docker_compose_up: ComposeStack, caller: str, url: str
) -> None:
    """The network resolves the names of the design."""
    assert docker_compose_up.execute(caller, "python", "-c", FETCH, url).stdout.strip() == "200"


def test_rag_server_sees_all_its_neighbours(rag: httpx2.Client) -> None:
    """Its health names each of them, well."""
    checks = rag.get("/health").json()["checks"]
    assert {name: checks[name]["status"] for name in ("vector-db", "embedding-server", "llm-server")} == {
        "vector-db": "ok",
        "embedding-server": "ok",
        "llm-server": "ok",
    }


def test_a_question_goes_through_all_four(rag: httpx2.Client) -> None:
    """The answer cites the right file, checked, and nothing was missing."""
    body = rag.post("/ask", json={"question": QUESTION}).raise_for_status().json()
    assert body["degraded"] == []
    assert (ANSWER_PATH, True) in {(each["path"], each["verified"]) for each in body["citations"]}


def test_a_request_id_is_in_the_log_of_every_service_it_crossed(
    docker_compose_up: ComposeStack, rag: httpx2.Client
) -> None:
    """One id leads through three logs."""
    rag.post("/ask", json={"question": QUESTION}, headers={"x-request-id": "follow-me-7"}).raise_for_status()

    def crossed() -> bool:
        logs = docker_compose_up.run("logs", "--no-color").stdout
        services = {line.split("-1 ", 1)[0] for line in logs.splitlines() if "follow-me-7" in line}
        return {"rag-server", "embedding-server", "llm-server"} <= {name.strip() for name in services}

    wait_for(crossed, "the request id in three logs", 10)


def test_a_file_changed_in_the_codebase_is_found_after_an_index_run(
    docker_compose_up: ComposeStack, rag: httpx2.Client, reindex: Callable[[], dict[str, Any]]
) -> None:
    """New text is found, changed text replaces the old, and a removed file is gone.

    Which run reads a change, this one or one of the watcher, is left to chance.
    """
    codebase, before = docker_compose_up.folder / "test-codebase", chunks(docker_compose_up.target)
    FIRST.write(codebase)
    reindex()
    assert symbols(rag, FIRST.symbol) == [FIRST.symbol]
    SECOND.write(codebase)
    reindex()
    assert symbols(rag, SECOND.symbol) == [SECOND.symbol]
    (codebase / FIRST.path).unlink()
    reindex()
    assert symbols(rag, SECOND.symbol) == []
    assert chunks(docker_compose_up.target) == before


def symbols(rag: httpx2.Client, query: str) -> list[str]:
    """The symbols found in the file that the test writes."""
    hits = rag.post("/search", json={"query": query, "limit": 20}).raise_for_status().json()["hits"]
    return [hit["symbol"] for hit in hits if hit["path"] == FIRST.path]


def test_data_survives_down_and_up_and_clean_removes_it(
    docker_compose_up: ComposeStack, rag: httpx2.Client
) -> None:
    """The volume outlives its containers; `down --volumes`, which `make clean` runs, does not leave it."""
    before = chunks(docker_compose_up.target)
    docker_compose_up.down(volumes=False)
    docker_compose_up.up()
    assert chunks(docker_compose_up.target) == before
    docker_compose_up.down(volumes=True)
    docker_compose_up.up()
    status = wait_for(lambda: first_run(docker_compose_up), "the index to be made anew", 90)
    assert status["files"]["indexed"] == status["files"]["total"] > 0
    assert chunks(docker_compose_up.target) == before


def first_run(stack: ComposeStack) -> dict[str, dict[str, int]] | None:
    status = httpx2.get(f"{stack.target.rag_url}/index", timeout=10, trust_env=False).json()
    return status if status["state"] == "idle" and status["finished_at"] else None


@pytest.fixture(scope="module")
def dev_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComposeStack]:
    """The development file alone: source mounted and hot reload, from a copy of the project."""
    with compose_stack(tmp_path_factory.mktemp("dev"), "docker-compose.dev.yml") as stack:
        yield stack


@pytest.mark.parametrize("service", ["embedding-server", "llm-server", "rag-server"])
def test_saved_source_is_served_by_the_same_container(dev_stack: ComposeStack, service: str) -> None:
    """A saved file is served soon, in a container that did not restart."""
    urls = {"embedding-server": dev_stack.target.embedding_url, "llm-server": dev_stack.target.llm_url}
    started = dev_stack.inspect(service)["State"]["StartedAt"]
    mark = Checkout(dev_stack.folder).app(service).mark()
    wait_served(urls.get(service, dev_stack.target.rag_url), mark, RELOAD_SECONDS)
    assert dev_stack.inspect(service)["State"]["StartedAt"] == started


@pytest.mark.parametrize("service", OWN_SERVICES)
def test_the_development_stack_mounts_the_source_at_app(dev_stack: ComposeStack, service: str) -> None:
    """`/app` is the service's own source, read-only, and HOST, PORT and RELOAD are in the environment."""
    found = dev_stack.inspect(service)
    mounts = {each["Destination"]: each for each in found["Mounts"]}
    assert mounts["/app"]["Source"] == str(dev_stack.folder / "services" / service / "src")
    assert (mounts["/app"]["Type"], mounts["/app"]["RW"]) == ("bind", False)
    assert {"HOST=0.0.0.0", "RELOAD=1"} < set(found["Config"]["Env"])
    assert any(variable.startswith("PORT=") for variable in found["Config"]["Env"])


def test_a_virtual_environment_does_not_reach_the_container(dev_stack: ComposeStack) -> None:
    """A .venv in the checkout or beside a service's source is not in the container."""
    for place in (".venv", "services/rag-server/.venv"):
        (dev_stack.folder / place).mkdir()
        (dev_stack.folder / place / "marker").touch()
    found = dev_stack.execute("rag-server", "find", "/app", "/opt/servicekit", "-name", "marker")
    assert (found.returncode, found.stdout) == (0, "")


def test_both_files_together_are_the_development_file(dev_stack: ComposeStack) -> None:
    """`-f docker-compose.yml -f docker-compose.dev.yml`, as it was before, gives the same services."""
    both = replace(dev_stack, files=("docker-compose.yml", "docker-compose.dev.yml"))
    assert both.config()["services"] == dev_stack.config()["services"]


def test_the_project_is_not_named_after_the_folder(dev_stack: ComposeStack) -> None:
    """Volumes and containers are code-rag's wherever the checkout is."""
    for files in (("docker-compose.yml",), ("docker-compose.dev.yml",)):
        assert replace(dev_stack, files=files, project="").config()["name"] == "code-rag"
