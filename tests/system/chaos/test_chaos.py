"""The short campaigns: on each topology people come right again after one fault after another."""

import pytest

from tests import databases
from tests.components import missing
from tests.databases.servers import MissingError
from tests.system.chaos.campaign import FAULTS, campaign

SEED = 1

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
        "clock back",
    ),
}
"""What CI puts each of them through; ``make chaos`` draws from all that there is."""

HERD = "two thousand reconnects at once"

RUN_WITH = {"sqlite": ("sqlite",), "postgres": ("postgres", "cluster"), "mongodb": ()}
"""The topologies that belong to the run of the tests on each database."""


async def suffer(topology: str, *names: str) -> None:
    faults = {fault.name: fault for fault in FAULTS[topology]}
    try:
        wrong = await campaign(topology, SEED, lambda rng: [faults[name] for name in names])
    except MissingError as error:
        missing(str(error))
    assert not wrong, "\n".join(wrong)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("topology", RUN_WITH[databases.kind()])
async def test_everybody_comes_right_again_by_themselves(topology: str):
    await suffer(topology, *SHORT[topology])


@pytest.mark.alone
@pytest.mark.timeout(200)
@pytest.mark.parametrize("topology", RUN_WITH[databases.kind()][-1:])
async def test_everybody_is_right_ten_seconds_after_two_thousand_reconnects(topology: str):
    await suffer(topology, HERD)


def test_at_least_twelve_kinds_of_faults_are_among_them():
    assert len({name for names in SHORT.values() for name in names} | {HERD}) >= 12
