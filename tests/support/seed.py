"""Fills an empty data directory with the cast: ``DATA_DIR=… python -m tests.support.seed``.

Prints one JSON object: the ids of the rooms by name. Beside the database it leaves a session of
each person who may sign in, so that tests need not wait for a password's hash to be in a room.
"""

import json
import os
import sys
from typing import TYPE_CHECKING

from tests.support import sessions

if TYPE_CHECKING:
    from accounts.models import User

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mediachat.settings")

CROWD = 40


def main() -> None:
    import django

    django.setup()
    from django.conf import settings
    from django.contrib.auth.hashers import make_password
    from django.core.management import call_command

    from accounts.models import User
    from chat.models import Membership, Room
    from tests.conftest import PASSWORD

    call_command("migrate", verbosity=0, stdout=sys.stderr)
    call_command("collectstatic", interactive=False, verbosity=0, stdout=sys.stderr)
    password = make_password(PASSWORD)
    names = ["owner", "member", "outsider", "suspended", "administrator"]
    names += [f"crowd{number}" for number in range(CROWD)]
    people = {name: User(username=name, password=password, display_name=name) for name in names}
    people["suspended"].is_active = False
    people["administrator"].is_staff = people["administrator"].is_superuser = True
    User.objects.bulk_create(people.values())
    rooms = {}
    for kind in ("private", "public"):
        room = Room.objects.create(kind=kind, name=f"The {kind} room")
        rooms[kind] = str(room.id)
        Membership.objects.create(room=room, user=people["owner"], role="owner")
        Membership.objects.create(room=room, user=people["member"])
        Membership.objects.create(room=room, user=people["suspended"])
    crowd = Room.objects.create(kind="private", name="The crowd")
    rooms["crowd"] = str(crowd.id)
    Membership.objects.bulk_create(
        Membership(room=crowd, user=user)
        for name, user in people.items()
        if name.startswith("crowd")
    )
    tokens = {name: signed_in(user) for name, user in people.items() if user.is_active}
    sessions.keep(tokens, settings.DATA_DIR)
    print(json.dumps(rooms))


def signed_in(user: "User") -> str:
    """The token of a new session of this person, of whose sign-in no log tells."""
    from allauth.usersessions.models import UserSession
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from accounts.sessions.store import SessionStore

    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    UserSession.objects.create(
        user=user, session_key=session.session_key, ip="127.0.0.1", user_agent="tests"
    )
    return str(session.token)


if __name__ == "__main__":
    main()
