"""Fills a data directory with what makes requests dear: ``DATA_DIR=… python -m …abuse.world N``.

N is how many attackers there are.

Prints one JSON object, a ``World``.
"""

import dataclasses
import json
import os
import sys
import uuid

AT_ONCE = 8
SETS = 3
"""While one set attacks, the others' allowances grow whole again."""
CROWD = 150
"""People who are in the room of each attacker."""
MESSAGES = 30
"""Long messages in each of those rooms."""
ROOMS = 300
"""Further rooms of those attackers who ask for all of theirs."""
MANY_ROOMS = 3
"""The first attackers of each set have so many."""
CHANGES = 600
"""Things that each attacker has changed for themselves."""
TABLE = "| a | b | c | d |\n|---|---|---|---|\n" + "| **1** | _2_ | `3` | @crowd4 |\n" * 120


@dataclasses.dataclass
class World:
    """Names by attacker: their session, their room and what is in it."""

    sessions: dict[str, str]
    rooms: dict[str, str]
    messages: dict[str, list[str]]
    further: dict[str, list[str]]
    files: dict[str, str]
    crowd: list[str]
    victim_room: str
    public: str


def main(count: int) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mediachat.settings")
    import django

    django.setup()
    from allauth.usersessions.models import UserSession
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.auth.hashers import make_password
    from django.core.files.uploadedfile import SimpleUploadedFile

    from accounts.models import User
    from accounts.sessions.store import SessionStore
    from chat.actions import messages
    from chat.actions.attachments import store_attachment
    from chat.actions.drafts import render
    from chat.models import Membership, PersonalChange, Room
    from tests.conftest import PASSWORD
    from tests.support.drafts import draft_of

    password = make_password(PASSWORD)

    def make(names: list[str]) -> list[User]:
        people = [User(username=name, password=password, display_name=name) for name in names]
        return User.objects.bulk_create(people)

    attackers = make([f"attacker{number}" for number in range(count)])
    crowd = make([f"many{number}" for number in range(CROWD)])
    (victim,) = make(["victim"])
    sessions: dict[str, str] = {}
    for user in [*attackers, *crowd[:30], victim]:
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.save()
        UserSession.objects.create(
            user=user, session_key=session.session_key, ip="127.0.0.1", user_agent="abuse"
        )
        sessions[user.username] = str(session.token)

    def room_of(owner: User, members: list[User], kind: str = "private", name: str = "") -> Room:
        room = Room.objects.create(kind=kind, name=name or owner.username)
        rows = [Membership(room=room, user=user) for user in members]
        rows.append(Membership(room=room, user=owner, role="owner"))
        Membership.objects.bulk_create(rows)
        return room

    world = World(sessions, {}, {}, {}, {}, [user.username for user in crowd], "", "")
    rendered = render(TABLE)
    for number, user in enumerate(attackers):
        room = room_of(user, crowd)
        drafts = [draft_of(user, room.pk, TABLE) for _ in range(MESSAGES)]
        for draft in drafts:
            draft.rendered = rendered
        stored = messages.send_messages(drafts)
        world.rooms[user.username] = str(room.pk)
        world.messages[user.username] = [str(each.pk) for each in stored]  # type: ignore[union-attr]
        PersonalChange.objects.bulk_create(
            PersonalChange(
                id=uuid.uuid4(),
                user=user,
                version=version,
                kind="favorite",
                key=str(uuid.uuid4()),
                value=True,
            )
            for version in range(1, CHANGES + 1)
        )
        if number % AT_ONCE < MANY_ROOMS:
            rooms = Room.objects.bulk_create(
                Room(kind="private", name=f"{user.username} {n}") for n in range(ROOMS)
            )
            Membership.objects.bulk_create(
                Membership(room=each, user=user, role="owner") for each in rooms
            )
            world.further[user.username] = [str(each.pk) for each in rooms]
    file = SimpleUploadedFile("a.bin", b"\0\1" * 2**16)
    world.files = {user.username: str(store_attachment(user, file=file).pk) for user in attackers}
    world.victim_room = str(room_of(victim, crowd[:30]).pk)
    world.public = str(room_of(victim, crowd, "public").pk)
    print(json.dumps(dataclasses.asdict(world)))


if __name__ == "__main__":
    main(int(sys.argv[1]))
