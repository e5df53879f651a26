"""What reaches the containers: variables, secrets, volumes, the codebase; and how a start goes wrong."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.checkout import copy_project
from tests.fixtures.docker_compose import OWN_SERVICES, ComposeStack, need_docker
from tests.fixtures.targets import ROOT

SECRET = "sk-test-a-secret-that-must-not-show"


def env_file(service: str) -> dict[str, str]:
    """The variables of a component's config.env."""
    lines = (ROOT / "k8s/base" / service / "config.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_each_container_has_what_config_env_says(docker_compose_up: ComposeStack, each_service: str) -> None:
    """The file that the cluster reads too is what the process sees."""
    lines = docker_compose_up.execute(each_service, "env").stdout.splitlines()
    seen = dict(line.split("=", 1) for line in lines if "=" in line)
    expected = env_file(each_service)
    assert {name: seen.get(name) for name in expected} == expected


def test_the_codebase_is_mounted_read_only(docker_compose_up: ComposeStack) -> None:
    """rag-server can read a source file and cannot change one."""
    read = docker_compose_up.execute("rag-server", "cat", "/test-codebase/README.md")
    assert read.stdout == (docker_compose_up.folder / "test-codebase/README.md").read_text()
    mounts = {each["Destination"]: each["RW"] for each in docker_compose_up.inspect("rag-server")["Mounts"]}
    assert mounts["/test-codebase"] is False
    write = docker_compose_up.execute("rag-server", "sh", "-c", "echo x >> /test-codebase/README.md")
    assert write.returncode != 0


@pytest.mark.parametrize(
    ("service", "volume", "target"),
    [
        ("vector-db", "qdrant-data", "/qdrant/storage"),
        ("vector-db", "qdrant-snapshots", "/qdrant/snapshots"),
        ("embedding-server", "embedding-cache", "/app/cache"),
    ],
)
def test_volumes_are_mounted_and_can_be_written(
    docker_compose_up: ComposeStack, service: str, volume: str, target: str
) -> None:
    """The declared volume is there, and belongs to a uid that may write."""
    mounts = {each["Destination"]: each for each in docker_compose_up.inspect(service)["Mounts"]}
    assert mounts[target]["Name"] == f"{docker_compose_up.project}_{volume}"
    assert (
        docker_compose_up.execute(service, "sh", "-c", f"touch {target}/mark && rm {target}/mark").returncode
        == 0
    )


def test_a_missing_env_file_and_key_are_fine_and_said_once(docker_compose_up: ComposeStack) -> None:
    """Without a key llm-server quotes instead, and its log says so in one line."""
    assert not (docker_compose_up.folder / ".env").exists()
    logs = docker_compose_up.run("logs", "--no-color", "llm-server").stdout
    said = [line for line in logs.splitlines() if "OPENAI_API_KEY" in line]
    starts = docker_compose_up.inspect("llm-server")["RestartCount"] + 1
    assert 1 <= len(said) <= starts


@pytest.fixture
def with_secret(tmp_path: Path) -> Iterator[ComposeStack]:
    """A project whose .env holds a key, not started."""
    need_docker()
    stack = ComposeStack(copy_project(tmp_path))
    (stack.folder / ".env").write_text(f"OPENAI_API_KEY={SECRET}\nLOG_LEVEL=warning\n")
    yield stack
    stack.down()


def test_a_key_reaches_llm_server_and_shows_nowhere(
    docker_compose_up: ComposeStack, with_secret: ComposeStack
) -> None:
    """The process has it; `docker compose config`, `docker inspect`, image history and log do not."""
    with_secret.run("up", "--detach", "--wait", "--no-deps", "--no-build", "llm-server")
    script = (
        "from code_rag.servicekit.settings import *; from code_rag.llm_server.settings import Settings as S"
    )
    show = f"{script}; print(reveal(read_settings(S).openai_api_key))"
    assert with_secret.execute("llm-server", "python", "-c", show).stdout.strip() == SECRET
    history = subprocess.run(
        ["docker", "history", "--no-trunc", "code-rag/llm-server"], capture_output=True, text=True, check=True
    ).stdout
    shown = [
        json.dumps(with_secret.config()),
        json.dumps(with_secret.inspect("llm-server")),
        history,
        with_secret.run("logs").stdout,
    ]
    assert [SECRET in text for text in shown] == [False, False, False, False]


def test_env_lies_over_config_env(with_secret: ComposeStack) -> None:
    """What `.env` says beats the shared default, for every service."""
    services = with_secret.config()["services"]
    assert {services[name]["environment"]["LOG_LEVEL"] for name in OWN_SERVICES} == {"warning"}


def test_up_twice_changes_nothing(docker_compose_up: ComposeStack) -> None:
    """A second `up` finds everything running and starts nothing again."""
    before = [docker_compose_up.container(name) for name in OWN_SERVICES]
    docker_compose_up.up()
    assert [docker_compose_up.container(name) for name in OWN_SERVICES] == before


def test_up_after_an_unclean_stop_works(docker_compose_up: ComposeStack) -> None:
    """All four killed at once, as by a power cut: `up` brings back a healthy stack."""
    docker_compose_up.run("kill")
    docker_compose_up.up()
    assert docker_compose_up.health("rag-server") == "healthy"


def test_a_port_that_is_taken_is_one_clear_sentence(docker_compose_up: ComposeStack, tmp_path: Path) -> None:
    """A second project on the same ports names the port, and leaves the first alone."""
    second = ComposeStack(copy_project(tmp_path), ports=docker_compose_up.ports)
    try:
        done = second.run("up", "--detach", "--no-build", "--no-deps", "llm-server", check=False)
        port = docker_compose_up.ports["LLM_SERVER_PORT"]
        assert done.returncode != 0
        assert f"127.0.0.1:{port}" in done.stderr
        assert "port is already allocated" in done.stderr
    finally:
        second.down()
    assert docker_compose_up.health("llm-server") == "healthy"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the project to run scripts in."""
    return copy_project(tmp_path)


def setup_dev(folder: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["scripts/setup-dev.sh"],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )


def test_setup_makes_env_once_and_never_touches_it_again(
    docker_compose_up: ComposeStack, checkout: Path
) -> None:
    """The first run copies the example; the second leaves what the user wrote."""
    ports = {name: str(number) for name, number in ComposeStack(checkout).ports.items()}
    assert setup_dev(checkout, **ports).returncode == 0
    assert (checkout / ".env").read_text() == (ROOT / ".env.example").read_text()
    (checkout / ".env").write_text("LOG_LEVEL=debug\n")
    assert setup_dev(checkout, **ports).returncode == 0
    assert (checkout / ".env").read_text() == "LOG_LEVEL=debug\n"


def test_setup_names_a_port_that_is_taken_and_the_remedy(
    docker_compose_up: ComposeStack, checkout: Path
) -> None:
    """Exit code 1, the port, and the variable that moves it."""
    taken = {name: str(number) for name, number in docker_compose_up.ports.items()}
    done = setup_dev(checkout, **taken)
    assert done.returncode == 1
    assert f"port {taken['RAG_SERVER_PORT']}, for rag-server, is in use" in done.stdout
    assert "RAG_SERVER_PORT=..." in done.stdout
