"""Does what is due until it is killed: ``DIE=0.01 python -m tests.support.due_worker``.

``DIE`` is the probability of a SIGKILL between the work and the end of its row.
"""

import asyncio
import os
import random
import signal

import django

django.setup()

from chat.actions.scheduled import KIND  # noqa: E402
from chat.due import timer, worker  # noqa: E402
from chat.due.worker import DueWorker  # noqa: E402
from chat.models import Due  # noqa: E402


async def main() -> None:
    send = timer._handlers[KIND]

    def send_and_perhaps_die(due: Due) -> None:
        send(due)
        if random.random() < float(os.environ["DIE"]):
            os.kill(os.getpid(), signal.SIGKILL)

    timer._handlers[KIND] = send_and_perhaps_die
    worker.LEASE = worker.LEASE / 30  # two seconds, so that nobody waits a minute for each death
    worker.POLL_SECONDS = 0.05
    running = DueWorker()
    running.start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
