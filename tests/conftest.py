"""Options and the fixture that every black-box suite shares: which running system to test."""

from collections.abc import Iterator

import hypothesis
import pytest

from tests.fixtures.docker_compose import ComposeStack, compose_stack
from tests.fixtures.targets import TARGETS, Target

# How long an example takes says more about the machine than about the code.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

_used = pytest.StashKey[Target]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("target", "the running system that tests/contract and tests/integration talk to")
    group.addoption(
        "--target", choices=sorted([*TARGETS, "compose"]), default="process", help="default: %(default)s"
    )
    for service in ("rag", "embedding", "llm"):
        group.addoption(f"--{service}-url", help=f"where {service}-server is, for --target url")
    parser.addoption(
        "--times", type=int, default=1, help="how many times the usual number of examples tests/schema tries"
    )


def pytest_report_header(config: pytest.Config) -> str:
    return f"target: {config.getoption('--target')}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    target = config.stash.get(_used, None)
    if target:
        terminalreporter.write_line(f"ran against {target}")


@pytest.fixture(scope="session")
def docker_compose_up(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ComposeStack]:
    """The whole stack in containers; taken down at the end, with logs in artifacts/ if a test failed."""
    with compose_stack(tmp_path_factory.mktemp("compose"), failed=request.session) as stack:
        yield stack


@pytest.fixture(scope="session")
def target(
    request: pytest.FixtureRequest, pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Target]:
    """The system under test, started once per session where the target starts one."""
    if pytestconfig.getoption("--target") == "compose":  # the stack that tests/integration uses too
        running = pytestconfig.stash[_used] = request.getfixturevalue("docker_compose_up").target
        yield running
        return
    open_target = TARGETS[pytestconfig.getoption("--target")]
    with open_target(pytestconfig, tmp_path_factory.mktemp("target")) as running:
        pytestconfig.stash[_used] = running
        yield running
