"""Takes a snapshot into a new file, ``python -m tests.databases.busy FILE``, while others write.

After each message that is read, another process would have stored the next, and somebody who was
in the room goes for good.
"""

import os
import sys
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mediachat.settings")

WRITTEN = 5
"""Messages before the snapshot is begun."""


def main(path: Path) -> None:
    import django

    django.setup()
    from django.core.management import call_command

    from accounts.models import User
    from chat.models import Membership, Message, Report, Room
    from mediachat.backups import snapshot
    from mediachat.databases import copy_database

    call_command("migrate", verbosity=0)
    copy_database.BATCH = 1
    owner, stranger = (User.objects.create(username=name) for name in ("owner", "stranger"))
    room = Room.objects.create(kind="private", name="Busy")
    for user in (owner, stranger):
        Membership.objects.create(room=room, user=user)
    for number in range(1, WRITTEN + 1):
        send(room, owner, number)
    Report.objects.create(message=Message.objects.first(), reporter=owner, settled_by=stranger)
    written = WRITTEN

    def write_on(table: str, done: int, total: int) -> None:
        nonlocal written
        if table == "chat_message":
            written += 1
            elsewhere(lambda: send(room, owner, written))
            elsewhere(lambda: Membership.objects.filter(user=stranger).delete())
            elsewhere(lambda: User.objects.filter(pk=stranger.pk).delete())

    snapshot.take(path, write_on)
    print(written)


def send(room: Any, sender: Any, number: int) -> None:
    from chat.message_log import clock
    from chat.models import Message
    from chat.models.messages import message_id

    client_id = uuid.uuid4()
    Message.objects.bulk_create(
        [
            Message(
                id=message_id(sender.pk, client_id),
                room=room,
                sender=sender,
                client_id=client_id,
                number=number,
                position=number,
                created_at=clock.now(),
            )
        ]
    )


def elsewhere(work: Callable[[], object]) -> None:
    """Does this over a connection of its own, as another process would."""
    from django.db import connection

    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
