"""Options of the rounds, and the place where they are played."""

import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.bundle import keep, summary
from tests.chaos.compose_place import ComposePlace, compose_place
from tests.chaos.experiment import Experiment
from tests.chaos.kind_place import KindPlace, kind_place
from tests.chaos.place import Place
from tests.chaos.plan import plan
from tests.chaos.process_place import ProcessPlace, process_place

_played = pytest.StashKey[list[dict[str, Any]]]()
PLACES: dict[str, tuple[tuple[str, ...], Callable[[Path], AbstractContextManager[Place]]]] = {
    "process": (ProcessPlace.services, process_place),
    "compose": (ComposePlace.services, compose_place),
    "kind": (KindPlace.services, kind_place),
}


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("chaos", "the faults that tests/chaos injects")
    group.addoption("--rounds", type=int, default=6, help="how many faults; default: %(default)s")
    group.addoption("--seed", type=int, help="repeats the rounds of a run; default: another one each time")


def pytest_configure(config: pytest.Config) -> None:
    if config.option.seed is None:
        config.option.seed = random.randrange(10**6)  # noqa: S311


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "round_" in metafunc.fixturenames:
        services, _ = PLACES[metafunc.config.option.target]
        rounds = plan(services, metafunc.config.option.rounds, metafunc.config.option.seed)
        metafunc.parametrize("round_", rounds, ids=str)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if _played in config.stash:
        terminalreporter.write_line(f"seed {config.option.seed}; {summary(config.stash[_played])}")


@pytest.fixture(scope="session")
def experiment(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Experiment]:
    """The place that `--target` names, under load."""
    target, seed = pytestconfig.option.target, pytestconfig.option.seed
    _, open_place = PLACES[target]
    with open_place(tmp_path_factory.mktemp("chaos")) as place, Experiment(place) as running:
        try:
            running.prepare()
        except AssertionError as error:
            keep(place, f"{target}-{seed}-start", f"make chaos TARGET={target}", [str(error)], [])
            raise
        pytestconfig.stash[_played] = running.load.events
        yield running
