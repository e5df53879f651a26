"""A service is killed, stopped, paused, disconnected, slowed or out of disk, while questions are asked."""

import pytest

from tests.chaos.bundle import keep
from tests.chaos.experiment import Experiment
from tests.chaos.plan import Round


@pytest.mark.timeout(600)
def test_a_round_keeps_the_promises(
    experiment: Experiment, round_: Round, pytestconfig: pytest.Config
) -> None:
    """No wrong answer, no invented line, nothing lost or missing unsaid, and all is well again in time."""
    if broken := experiment.play(round_):
        chosen = pytestconfig.option
        again = f"make chaos TARGET={chosen.target} SEED={chosen.seed} ROUNDS={round_.number + 1}"
        name = f"{chosen.target}-{chosen.seed}-{round_}"
        folder = keep(experiment.place, name, again, broken, experiment.load.events)
        pytest.fail("\n".join([*dict.fromkeys(broken), f"See {folder}, and repeat it: {again}"]))
