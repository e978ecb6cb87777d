"""Fills an empty database with some of everything: ``python -m tests.databases.fill MESSAGES``."""

import os
import random
import sys
import uuid
from datetime import timedelta

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mediachat.settings")

SEED = 4
PEOPLE = 20
ROOMS = 10
BATCH = 2_000
WORDS = ["größer", "👍", "\\", '"quoted"', "<b>", "$set", "a.b", "\u2028", "line\nbreak", "tab\t"]


def main(count: int) -> None:
    import django

    django.setup()
    from allauth.mfa.models import Authenticator
    from allauth.usersessions.models import UserSession
    from django.contrib.admin.models import LogEntry
    from django.contrib.auth.models import Group
    from django.contrib.contenttypes.models import ContentType
    from django.core.files.uploadedfile import SimpleUploadedFile
    from django.core.management import call_command
    from django.utils import timezone

    from accounts.models import User
    from accounts.sessions.store import SessionStore
    from chat.actions import attachments
    from chat.models import (
        AuditEntry,
        Membership,
        Message,
        PersonalChange,
        Report,
        Revision,
        Room,
    )
    from chat.models.messages import message_id
    from chat.models.personal import change_id

    call_command("migrate", verbosity=0)
    chance = random.Random(SEED)
    start = timezone.now()
    people = User.objects.bulk_create(
        User(username=f"person{n}", password="!", display_name=chance.choice(WORDS))
        for n in range(PEOPLE)
    )
    people[0].groups.set(Group.objects.all())
    rooms = Room.objects.bulk_create(
        Room(kind=chance.choice(["private", "public"]), name=f"Room {n}") for n in range(ROOMS)
    )
    Membership.objects.bulk_create(
        Membership(room=room, user=user, role="owner" if n == 0 else "member", read_number=n)
        for room in rooms
        for n, user in enumerate(people)
    )
    files = [
        attachments.store_attachment(
            user, file=SimpleUploadedFile(f"{user.username}.txt", WORDS[0].encode() * 50)
        )
        for user in people[:5]
    ]
    numbers = dict.fromkeys((room.pk for room in rooms), 0)
    for first in range(0, count, BATCH):
        batch: list[Message] = []
        for n in range(first, min(first + BATCH, count)):
            room, sender, client_id = chance.choice(rooms), chance.choice(people), uuid.uuid4()
            numbers[room.pk] += 1
            batch.append(
                Message(
                    id=message_id(sender.pk, client_id),
                    room=room,
                    sender=sender,
                    client_id=client_id,
                    number=numbers[room.pk],
                    position=numbers[room.pk],
                    body=" ".join(chance.choices(WORDS, k=8)),
                    reactions={"👍": [people[0].username], ":a.b:": []} if n % 7 == 0 else {},
                    mentions=["person1"] if n % 5 == 0 else [],
                    attachments=[files[n % 5].summary()] if n % 50 == 0 else [],
                    reply_to=batch[-1].pk if batch and n % 11 == 0 else None,
                    created_at=start + timedelta(milliseconds=n),
                    edited_at=start if n % 13 == 0 else None,
                )
            )
        Message.objects.bulk_create(batch)
        Revision.objects.bulk_create(
            Revision(message=row, position=0, body="before", replaced_at=start)
            for row in batch[::13]
        )
        Report.objects.bulk_create(
            Report(message=row, reporter=people[1], reason="spam") for row in batch[::100]
        )
    AuditEntry.objects.bulk_create(
        AuditEntry(
            actor="person0", action="hide_message", target_type="message", target=str(n), reason="x"
        )
        for n in range(50)
    )
    PersonalChange.objects.bulk_create(
        PersonalChange(
            id=change_id(user.pk, "favorite", str(room.pk)),
            user=user,
            version=version,
            kind="favorite",
            key=str(room.pk),
            value=bool(version % 2),
        )
        for user in people[:5]
        for version, room in enumerate(rooms, start=1)
    )
    for user in people:
        session = SessionStore()
        session["n"] = [1, None, "zwei"]
        session.create()
        UserSession.objects.create(
            user=user, ip="127.0.0.1", session_key=session.session_key, user_agent="x"
        )
        Authenticator.objects.create(user=user, type="totp", data={"secret": "s", "n": [1, 2.5]})
        LogEntry.objects.create(
            user=user,
            content_type=ContentType.objects.get_for_model(User),
            object_id=str(user.pk),
            object_repr="x",
            action_flag=2,
        )


if __name__ == "__main__":
    main(int(sys.argv[1]))
