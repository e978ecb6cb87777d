"""Changes favourites of one person at random until it is killed before one of its writes.

``python -m tests.support.personal_writer USER SEED WRITES ROOM…``; without an end it stops after
``CHANGES``.
"""

import os
import random
import signal
import sys
from uuid import UUID

import django

CHANGES = 40


def main(username: str, seed: int, last: int, *rooms: str) -> None:
    django.setup()
    from accounts.models import User
    from chat.actions.favorites import set_favorite
    from tests.databases.deaths import doing_after

    user = User.objects.get(username=username)
    chance = random.Random(seed)
    with doing_after(last, lambda: os.kill(os.getpid(), signal.SIGKILL)):
        for _ in range(CHANGES):
            set_favorite(user, room=UUID(chance.choice(rooms)), on=chance.random() < 0.5)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:])
