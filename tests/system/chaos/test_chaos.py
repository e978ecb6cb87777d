"""The short campaigns: on each topology people come right again after one fault after another."""

import pytest

from tests import databases
from tests.components import missing
from tests.databases.servers import MissingError
from tests.system.chaos.campaign import FAULTS, campaign
from tests.system.chaos.faults import Fault

SHORT = {
    "sqlite": (
        "server killed",
        "clients in a black hole",
        "disk full",
        "database locked",
        "clock ahead",
        "connections reset again and again",
        "reactions in all rooms at once",
        "people removed while they cannot hear",
        "two thousand reconnects at once",
    ),
    "postgres": (
        "server stopped",
        "server paused",
        "clients cut",
        "postgresql killed",
        "postgresql paused",
        "postgresql disk full",
        "postgresql ends all connections",
        "postgresql ends idle connections",
        "queries slow",
    ),
    "cluster": (
        "server killed",
        "redis killed",
        "redis paused",
        "redis full",
        "redis in a black hole",
        "postgresql cut off",
        "people removed while they cannot hear",
        "reactions in all rooms at once",
        "two thousand reconnects at once",
        "clock back",
    ),
}
"""What CI puts each of them through; ``make chaos`` draws from all that there is."""

RUN_WITH = {"sqlite": ("sqlite",), "postgres": ("postgres", "cluster"), "mongodb": ()}
"""The topologies that belong to the run of the tests on each database."""


def short(topology: str) -> list[Fault]:
    faults = {fault.name: fault for fault in FAULTS[topology]}
    return [faults[name] for name in SHORT[topology]]


@pytest.mark.timeout(400)
@pytest.mark.parametrize("topology", RUN_WITH[databases.kind()])
async def test_everybody_comes_right_again_by_themselves(topology: str):
    try:
        wrong = await campaign(topology, 1, lambda rng: short(topology))
    except MissingError as error:
        missing(str(error))
    assert not wrong, "\n".join(wrong)


def test_at_least_twelve_kinds_of_faults_are_among_them():
    assert len({name for names in SHORT.values() for name in names}) >= 12
