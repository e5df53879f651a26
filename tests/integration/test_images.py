"""What the images hold: nothing that gives more rights, and nothing that needs a shell."""

import subprocess
from pathlib import Path

import pytest

from tests.fixtures.docker_compose import OWN_SERVICES, ComposeStack, need_docker
from tests.fixtures.waiting import wait_for

SHELLS = ("/bin/sh", "/bin/bash", "/bin/dash")


def docker(*arguments: str) -> str:
    """What a command of Docker prints; fails with what it complains about."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("service", OWN_SERVICES)
def test_no_program_gives_more_rights(docker_compose_up: ComposeStack, service: str) -> None:
    """No file of the image has the setuid or the setgid bit."""
    find = ["--entrypoint", "find", docker_compose_up.inspect(service)["Image"]]
    assert docker("run", "--rm", "--user", "0", *find, "/", "-xdev", "-type", "f", "-perm", "/6000") == ""


@pytest.mark.parametrize("service", OWN_SERVICES)
def test_no_shell_is_needed(docker_compose_up: ComposeStack, service: str, tmp_path: Path) -> None:
    """With every shell of the image replaced by a file that cannot run, the service starts and is healthy."""
    need_docker()
    nothing = tmp_path / "nothing"
    nothing.write_text("")
    hidden = [option for shell in SHELLS for option in ("-v", f"{nothing}:{shell}:ro")]
    folders = ["--read-only", "--tmpfs", "/tmp", "--tmpfs", "/app/cache", "-e", "DATA_DIR=/tmp/index"]
    settings = ["-e", "CODEBASE_PATH=/app", "-e", "MODEL_DIR=/opt/model", "-e", "PORT=8000"]
    image = docker_compose_up.inspect(service)["Image"]
    container = docker("run", "--detach", "--network", "none", *hidden, *folders, *settings, image)
    look = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:8000/livez').status)"

    def alive() -> bool:
        asked = ["docker", "exec", container, "python", "-ISc", look]
        return subprocess.run(asked, capture_output=True, text=True, check=False).stdout == "200\n"

    try:
        with pytest.raises(AssertionError):
            docker("exec", container, "sh", "-c", "true")
        wait_for(alive, f"{service} without a shell", seconds=60)
    finally:
        docker("rm", "--force", container)
