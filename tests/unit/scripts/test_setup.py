"""setup.sh with a fake Python in place of the real one, so that nothing is downloaded."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SETUP = Path(__file__).resolve().parents[3] / "scripts" / "setup.sh"
FAKE_PYTHON = """#!/bin/sh
# Answers what setup.sh asks of an interpreter, notes each call, and makes a copy of itself as "the venv".
echo "$@" >> "$CALLS"
case "$*" in
  *"%d.%d"*) echo "${FAKE_VERSION:-3.11}" ;;
  *"version_info < "*) [ "${FAKE_VERSION:-3.11}" != 3.9 ] ;;
  *platform.machine*) echo "${FAKE_PLATFORM:-Linux x86_64 }" ;;
  *ensurepip*) [ -z "${NO_VENV:-}" ] ;;
  *"-m venv"*) mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
  *"$FAILING"*) echo "the last words of $*"; exit 1 ;;
esac
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project folder, with a space in its name, that holds setup.sh and what it reads."""
    root = tmp_path / "my project"
    for folder in ("scripts", "requirements", "packages/servicekit", "services/rag-server"):
        (root / folder).mkdir(parents=True)
    shutil.copy(SETUP, root / "scripts")
    (root / "requirements" / "rag-server.txt").write_text("rich==15\n")
    (root / "packages" / "servicekit" / "pyproject.toml").write_text("[project]\n")
    (root / "services" / "rag-server" / "pyproject.toml").write_text("[project]\n")
    python = tmp_path / "python3"
    python.write_text(FAKE_PYTHON)
    python.chmod(0o755)
    sysctl = tmp_path / "sysctl"
    sysctl.write_text('#!/bin/sh\necho "${FAKE_ARM64:-}"\n')
    sysctl.chmod(0o755)
    return root


def setup(project: Path, purpose: str = "run", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run setup.sh from another folder."""
    path = f"{project.parent}:{os.environ['PATH']}"
    settings = {
        "PATH": path,
        "CALLS": str(project.parent / "calls"),
        "FAILING": "nothing fails",
        **environment,
    }
    command = ["bash", str(project / "scripts" / "setup.sh"), purpose]
    return subprocess.run(command, env=settings, cwd="/", capture_output=True, text=True)


def calls(project: Path) -> list[str]:
    """What was asked of Python since the last time."""
    notes = project.parent / "calls"
    lines = notes.read_text().splitlines() if notes.exists() else []
    notes.unlink(missing_ok=True)
    return lines


def test_a_first_setup(project: Path) -> None:
    """A first setup makes the venv, installs the locks by hash, then our packages, then fetches the model."""
    done = setup(project)
    assert done.returncode == 0, done.stderr
    titles = [line.split(" ...")[0] for line in done.stdout.splitlines()]
    assert titles == [
        "Making .venv with Python 3.11",
        "Installing the locked packages",
        "Installing our own packages",
        "Fetching the model",
    ]
    made = calls(project)
    (locked,) = [call for call in made if "--require-hashes" in call]
    assert all(f"-r requirements/{name}-server.txt" in locked for name in ("embedding", "llm", "rag"))
    assert any("--no-deps --no-build-isolation -e packages/servicekit" in call for call in made)
    assert not any("requirements/dev.txt" in call for call in made)


def test_nothing_changed(project: Path) -> None:
    """A second setup asks nothing of Python and prints nothing."""
    setup(project)
    calls(project)
    again = setup(project)
    assert (again.returncode, again.stdout, calls(project)) == (0, "", [])


@pytest.mark.parametrize("changed", ["requirements/rag-server.txt", "services/rag-server/pyproject.toml"])
def test_a_changed_lock_or_project_is_installed(project: Path, changed: str) -> None:
    """A change in a lock or in a package's own file leads to another installation, into the same venv."""
    setup(project)
    with (project / changed).open("a") as file:
        file.write("# changed\n")
    assert "Installing the locked packages" in (again := setup(project)).stdout
    assert "Making .venv" not in again.stdout


@pytest.mark.parametrize("folder", ["packages", "services"])
def test_a_new_package_is_installed(project: Path, folder: str) -> None:
    """A package that was not there at the last setup is installed with the others."""
    setup(project)
    calls(project)
    (project / folder / "added").mkdir()
    (project / folder / "added" / "pyproject.toml").write_text("[project]\n")
    setup(project)
    assert any(f"-e {folder}/added" in call for call in calls(project))


def test_dev_includes_run(project: Path) -> None:
    """After `dev`, with the tests' tools, `run` has nothing to do; after `run`, `dev` has."""
    setup(project)
    calls(project)
    setup(project, "dev")
    assert any("-r requirements/dev.txt" in call for call in calls(project))
    setup(project)
    assert calls(project) == []


def test_another_python_makes_another_venv(project: Path) -> None:
    """PYTHON= chooses the interpreter, and a venv of another version is made again."""
    setup(project)
    shutil.copy(project.parent / "python3", project.parent / "python3.12")
    (project / ".venv" / "bin" / "python").write_text("#!/bin/sh\necho 3.11\n")
    done = setup(project, PYTHON="python3.12", FAKE_VERSION="3.12")
    assert "Making .venv with Python 3.12" in done.stdout


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"PYTHON": "python9"}, "There is no 'python9' on the PATH: install Python 3.11 or newer"),
        ({"FAKE_VERSION": "3.9"}, "'python3' is Python 3.9, and 3.11 or newer is needed"),
        ({"NO_VENV": "1"}, "apt install python3.11-venv"),
        ({"FAILING": "requirements/rag-server.txt"}, "Installing the locked packages failed"),
        ({"FAILING": "packages/servicekit"}, "Installing our own packages failed"),
        ({"FAILING": "model_files"}, "Fetching the model failed"),
    ],
    ids=["no Python", "old Python", "no venv", "no lock", "no package", "no model"],
)
def test_what_cannot_be(project: Path, environment: dict[str, str], sentence: str) -> None:
    """Each way to fail ends with a sentence that says what to do, and the next setup tries again."""
    failed = setup(project, **environment)
    assert failed.returncode == 1
    assert sentence in failed.stderr
    assert "Fetching the model" in setup(project).stdout


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"FAKE_PLATFORM": "Darwin x86_64 14.5"}, "is not built for macOS on Intel: use Docker (make up)."),
        (
            {"FAKE_PLATFORM": "Darwin x86_64 14.5", "FAKE_ARM64": "1"},
            "'python3' is a Python for Intel, and ONNX Runtime, which computes the embeddings, is not built "
            "for macOS on Intel: name a native arm64 Python",
        ),
        ({"FAKE_PLATFORM": "Darwin arm64 13.6.1"}, "is not built for macOS before 14: use Docker (make up)"),
        (
            {"FAKE_PLATFORM": "Linux x86_64 musl"},
            "is not built for Linux with musl, such as Alpine: use Docker",
        ),
    ],
    ids=["macOS on Intel", "Rosetta", "macOS 13", "musl"],
)
def test_a_platform_without_onnx_runtime(project: Path, environment: dict[str, str], sentence: str) -> None:
    """Where ONNX Runtime has no wheel, one sentence says so with the way out, and pip is not run."""
    failed = setup(project, **environment)
    assert failed.returncode == 1
    assert sentence in failed.stderr
    assert failed.stderr.count("\n") == 1
    assert not any("pip" in call.split() for call in calls(project))


@pytest.mark.parametrize(
    "platform", ["Darwin arm64 14.5", "Darwin arm64 26.1", "Linux aarch64 ", "Linux x86_64 "]
)
def test_a_platform_with_onnx_runtime(project: Path, platform: str) -> None:
    """Where ONNX Runtime has a wheel, the setup goes on."""
    assert setup(project, FAKE_PLATFORM=platform).returncode == 0


def test_a_failure_shows_the_last_words(project: Path) -> None:
    """What the failing command said last is shown, and where the rest is."""
    failed = setup(project, FAILING="model_files")
    assert "the last words of -m code_rag.embedding_server.model_files" in failed.stderr
    assert f"the full log is {project}/.data/logs/setup.log." in failed.stderr


def test_a_wrong_purpose(project: Path) -> None:
    """An argument other than run and dev is refused."""
    assert "takes 'run' or 'dev', not 'prod'" in setup(project, "prod").stderr
