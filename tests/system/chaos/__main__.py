"""``python -m tests.system.chaos``: one campaign after another, for as long as is wanted.

The faults are drawn by a seed that is printed; ``--seed`` and ``--topology`` repeat a campaign, as
far as processes and networks repeat themselves. Ends with 1 at the first campaign in which
something was wrong.
"""

import argparse
import asyncio
import itertools
import random
import signal
import sys
import time
from dataclasses import replace

from tests.system.chaos.campaign import FAULTS, campaign
from tests.system.chaos.faults import Fault

LENGTHENED = 2.0
"""How many times as long as in CI a fault may last."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.system.chaos")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, help="of the first campaign; the next has the next")
    parser.add_argument("--topology", choices=FAULTS, help="only this one")
    parser.add_argument("--faults", type=int, default=20, help="in one campaign")
    parser.add_argument("--only", choices=names(), help="only this fault")
    options = parser.parse_args()
    # Whoever ends this ends the servers with it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    first = options.seed if options.seed is not None else random.SystemRandom().randrange(10**6)
    topologies = [options.topology] if options.topology else list(FAULTS)
    ends = time.monotonic() + options.minutes * 60
    for number in itertools.count():
        topology = topologies[number % len(topologies)]
        wrong = asyncio.run(
            campaign(
                topology,
                first + number,
                lambda rng, topology=topology: drawn(
                    rng, FAULTS[topology], options.faults, options.only
                ),
                tell=lambda text: print(text, flush=True),
            )
        )
        if wrong:
            print(f"Again: --topology {topology} --seed {first + number}")
            return 1
        if time.monotonic() > ends:
            print(f"{number + 1} campaigns, and nothing was wrong.")
            return 0
    raise AssertionError("unreachable")


def names() -> list[str]:
    return sorted({fault.name for faults in FAULTS.values() for fault in faults})


def drawn(rng: random.Random, faults: list[Fault], count: int, only: str | None) -> list[Fault]:
    """As many faults, each of which lasts as long as the seed has it."""
    faults = [fault for fault in faults if only in (None, fault.name)]
    return [
        replace(fault, seconds=fault.seconds * rng.uniform(1, LENGTHENED))
        for fault in rng.choices(faults, k=count)
    ]


if __name__ == "__main__":
    sys.exit(main())
