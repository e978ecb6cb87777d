"""Times what indexes of messages add to storing one: ``DATA_DIR=… python -m benchmarks.indexes``.

Prints one JSON object: for each index the CPU time of a message with it and without it, in turn.
"""

import json
import os
import statistics
import uuid
from typing import Any

from benchmarks.worked import cost

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mediachat.settings")

STORED = 100_000
PEOPLE = 50
TURNS, AT_ONCE, BATCHES = 9, 20, 20
"""Each turn stores as many batches of so many messages with the index, and then without it."""


def main() -> None:
    import django

    django.setup()
    from django.core.management import call_command

    from chat.models import Message

    call_command("migrate", verbosity=0)
    people, room = _seed()
    rows = []
    for index in Message._meta.indexes:
        pairs = [_turn(index, people, room) for _ in range(TURNS)]
        with_it, without = (statistics.median(each) for each in zip(*pairs, strict=True))
        ratio = statistics.median(one / other for one, other in pairs)
        rows.append(
            {
                "index": ", ".join(index.fields),
                "with_us": round(with_it),
                "without_us": round(without),
                "ratio": round(ratio, 3),
            }
        )
    print(json.dumps({"rows": rows}))


def _turn(index: Any, people: list[Any], room: Any) -> tuple[float, float]:
    """Microseconds of CPU of storing a message with and without it, in this order."""
    from django.db import connection

    from chat.models import Message

    with_it = _append(people, room)
    with connection.schema_editor() as editor:
        editor.remove_index(Message, index)
    without = _append(people, room)
    with connection.schema_editor() as editor:
        editor.add_index(Message, index)
    return with_it, without


def _append(people: list[Any], room: Any) -> float:
    from chat.actions.drafts import Draft
    from chat.actions.messages import send_messages
    from chat.protocol import MessageSend

    def command() -> MessageSend:
        return MessageSend(room=room.pk, client_id=uuid.uuid4(), body="Hello again")

    def store() -> None:
        senders = (people[number % PEOPLE] for number in range(AT_ONCE))
        send_messages([Draft(each, command()) for each in senders])

    return cost(store, BATCHES) / AT_ONCE * 1000


def _seed() -> tuple[list[Any], Any]:
    from django.utils import timezone

    from accounts.models import User
    from chat.models import Membership, Message, Room
    from chat.models.messages import message_id

    people = User.objects.bulk_create(
        User(username=f"person{number}", skeleton=f"person{number}", password="!")
        for number in range(PEOPLE)
    )
    room = Room.objects.create(kind="private", name="Long")
    Membership.objects.bulk_create(
        Membership(room=room, user=each, has_written=True) for each in people
    )
    now = timezone.now()
    for first in range(1, STORED, 5_000):
        rows = []
        for number in range(first, first + 5_000):
            sender, client_id = people[number % PEOPLE], uuid.uuid4()
            rows.append(
                Message(
                    id=message_id(sender.pk, client_id),
                    room=room,
                    number=number,
                    position=number,
                    sender=sender,
                    client_id=client_id,
                    body="Hello",
                    html="<p>Hello</p>",
                    created_at=now,
                )
            )
        Message.objects.bulk_create(rows)
    return people, room


if __name__ == "__main__":
    main()
