"""Fills an empty data directory through the ORM: ``DATA_DIR=… python -m benchmarks.seed``.

Prints one JSON object: the rooms' ids, and for each the session tokens of its members.
"""

import argparse
import json
import os
import sys
import uuid
from datetime import timedelta
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mediachat.settings")

BULK = 5_000


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rooms", type=int, default=1)
    parser.add_argument("--members", type=int, default=2, help="in each room")
    parser.add_argument("--shared", action="store_true", help="the same people in every room")
    parser.add_argument("--public", action="store_true", help="rooms that anyone may join")
    parser.add_argument("--written", action="store_true", help="everyone has written in each room")
    parser.add_argument("--messages", type=int, default=0, help="in the first room")
    parser.add_argument("--in-each", type=int, default=0, help="messages in each other room")
    parser.add_argument("--password", default="", help="of everyone, for those who use a browser")
    options = parser.parse_args()

    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0, stdout=sys.stderr)
    call_command("collectstatic", interactive=False, verbosity=0, stdout=sys.stderr)
    people = options.members * (1 if options.shared else options.rooms)
    users, sessions = _people(people, options.password)
    rooms, members = [], []
    from chat.models import Membership, Room

    memberships = []
    written = {"has_written": True} if options.written else {}
    for number in range(options.rooms):
        room = Room(kind="public" if options.public else "private", name=f"Room {number}")
        rooms.append(room)
        first = 0 if options.shared else number * options.members
        here = range(first, first + options.members)
        members.append([sessions[n] for n in here])
        memberships += [
            Membership(
                room=room, user=users[n], role="owner" if n == first else "member", **written
            )
            for n in here
        ]
    Room.objects.bulk_create(rooms)
    Membership.objects.bulk_create(memberships, batch_size=BULK)
    _messages(rooms[0], users[: options.members], options.messages)
    if options.in_each:
        for room in rooms[1:]:
            _messages(room, users[: options.members], options.in_each)
    print(json.dumps({"rooms": [str(room.pk) for room in rooms], "members": members}))


def _people(count: int, password: str) -> tuple[list[Any], list[str]]:
    from django.conf import settings
    from django.contrib.auth.hashers import make_password
    from django.contrib.sessions.models import Session
    from django.utils import timezone

    from accounts.models import User
    from accounts.sessions.store import SessionStore, key_of

    hashed = make_password(password or None)
    users = [
        User(username=f"person{n}", display_name=f"Person {n}", password=hashed)
        for n in range(count)
    ]
    User.objects.bulk_create(users, batch_size=BULK)
    store, until = SessionStore(), timezone.now() + timedelta(days=1)
    tokens = [uuid.uuid4().hex for _ in users]
    rows = [
        Session(
            session_key=key_of(token),
            expire_date=until,
            session_data=store.encode(
                {
                    "_auth_user_id": str(user.pk),
                    "_auth_user_backend": settings.AUTHENTICATION_BACKENDS[0],
                    "_auth_user_hash": user.get_session_auth_hash(),
                }
            ),
        )
        for user, token in zip(users, tokens, strict=True)
    ]
    Session.objects.bulk_create(rows, batch_size=BULK)
    return users, tokens


def _messages(room: Any, users: list[Any], count: int) -> None:
    """The first few thousand through the ORM; SQLite copies those until there are enough."""
    _write(room, users, min(count, BULK))
    held = min(count, BULK)
    while held < count:
        _copy(room, held, min(held, count - held))
        held = min(count, 2 * held)


def _copy(room: Any, held: int, count: int) -> None:
    """Repeats the first ``count`` messages after the ``held`` that are there."""
    from django.db import connection

    from chat.models import Message

    new = {"id": "lower(hex(randomblob(16)))", "client_id": "lower(hex(randomblob(16)))"}
    new |= dict.fromkeys(("number", "position"), "{column} + %s")
    columns = {field.attname: f'"{field.column}"' for field in Message._meta.concrete_fields}
    values = [new.get(name, "{column}").format(column=column) for name, column in columns.items()]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {Message._meta.db_table} ({', '.join(columns.values())}) "
            f"SELECT {', '.join(values)} FROM {Message._meta.db_table} "
            f"WHERE room_id = %s AND number <= %s",
            [held, held, room.pk.hex, count],
        )


def _write(room: Any, users: list[Any], count: int) -> None:
    from django.utils import timezone

    from chat.models import Message
    from chat.models.messages import message_id

    now = timezone.now()
    for first in range(0, count, BULK):
        rows = []
        for number in range(first + 1, min(first + BULK, count) + 1):
            sender, client_id = users[number % len(users)], uuid.uuid4()
            body = f"Message {number}, of the length that people write in a team's chat."
            rows.append(
                Message(
                    id=message_id(sender.pk, client_id),
                    room=room,
                    number=number,
                    position=number,
                    sender=sender,
                    client_id=client_id,
                    body=body,
                    html=f"<p>{body}</p>\n",
                    created_at=now - timedelta(seconds=(count - number) * 30),
                )
            )
        Message.objects.bulk_create(rows)


if __name__ == "__main__":
    main()
