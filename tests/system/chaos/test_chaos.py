"""The short campaigns: on each topology people come right again after one fault after another."""

import pytest

from tests import databases
from tests.databases.servers import MissingError
from tests.support.components import missing
from tests.system.chaos.campaign import FAULTS, campaign

# Within how many seconds people are right again is measured, which a busy machine would decide.
pytestmark = pytest.mark.alone

SEED = 1

SHORT = {
    "sqlite": (
        "server killed",
        "server stopped",
        "server paused",
        "clock ahead",
        "clients cut",
        "clients in a black hole",
        "connections reset again and again",
        "disk full",
        "disk slow",
        "database locked",
        "reactions in all rooms at once",
        "people removed while they cannot hear",
    ),
    "postgres": (
        "server killed",
        "server paused",
        "clients cut",
        "postgresql killed",
        "postgresql paused",
        "postgresql disk full",
        "postgresql ends all connections",
        "postgresql ends idle connections",
        "postgresql cut off",
        "postgresql in a black hole",
        "queries slow",
        "reactions in all rooms at once",
    ),
    "cluster": (
        "server killed",
        "server stopped",
        "clock back",
        "postgresql cut off",
        "postgresql ends all connections",
        "redis killed",
        "redis paused",
        "redis full",
        "redis cut off",
        "redis in a black hole",
        "reactions in all rooms at once",
        "people removed while they cannot hear",
        "two thousand reconnects at once",
    ),
}
"""What CI puts each of them through; ``make chaos`` draws from all that there is."""

RUN_WITH = {"sqlite": ("sqlite",), "postgres": ("postgres", "cluster")}
"""The topologies that belong to the run of the tests on each database."""


@pytest.mark.timeout(400)
@pytest.mark.not_again_on(mongodb="no topology has MongoDB")
@pytest.mark.parametrize("topology", RUN_WITH.get(databases.kind(), RUN_WITH["sqlite"]))
async def test_everybody_comes_right_again_by_themselves(topology: str):
    faults = {fault.name: fault for fault in FAULTS[topology]}
    chosen = [faults[name] for name in SHORT[topology]]
    try:
        wrong = await campaign(topology, SEED, lambda rng: chosen)
    except MissingError as error:
        missing(str(error))
    assert not wrong, "\n".join(wrong)


def test_each_is_put_through_twelve_faults_at_the_least():
    for topology, names in SHORT.items():
        known = {fault.name for fault in FAULTS[topology]}
        assert known >= set(names)
        assert len(set(names)) >= 12, topology
