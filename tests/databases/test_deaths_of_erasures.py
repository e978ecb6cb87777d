"""A process dies between any two writes of an erasure; another goes on with it."""

import uuid

import pytest
from django.db import connection

from accounts import erasure as accounts
from accounts.models import Erasure, User
from chat.actions import messages, rooms
from chat.models import Membership, Message, Room
from chat.realtime import erasure_worker
from tests.conftest import person
from tests.databases.deaths import DeathError, dying_after

pytestmark = pytest.mark.django_db(transaction=True)

MOST_WRITES = 80


@pytest.fixture(autouse=True)
def nothing_beside(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasure_worker._thread, "start", lambda: None)


def test_another_process_goes_on(member: User) -> None:
    def arrange(number: int) -> User:
        Message.objects.all().delete()
        Room.objects.all().delete()
        user = person(f"leaver{number}", email="leaver@example.org")
        room, _ = rooms.open_room(user, kind="public", name="Plans", members=["member"])
        own = messages.send_message(user, room=room.pk, client_id=uuid.uuid4(), body="mine")
        reply = messages.send_message(
            member, room=room.pk, client_id=uuid.uuid4(), body=f"@{user.username}", reply_to=own.pk
        )
        messages.edit_message(member, message=reply.pk, body=f"yes, @{user.username}")
        return user

    # The emulator of MongoDB takes seconds for each.
    for number, last in enumerate(
        range(0, MOST_WRITES, 7 if connection.vendor == "mongodb" else 1)
    ):
        user, keep_messages = arrange(last), bool(number % 2)
        name = user.username
        died = False
        with dying_after(last):
            try:
                accounts.erase_by_own_wish(user, keep_messages=keep_messages)
                erasure_worker.go_on()
            except DeathError:
                died = True
        person_now = User.objects.get(pk=user.pk)
        if person_now.username != name:  # never in part
            assert not person_now.is_active and not person_now.email
        if not Erasure.objects.filter(user=user).exists():
            assert died and person_now.is_active
            accounts.erase_by_own_wish(user, keep_messages=keep_messages)
        Erasure.objects.update(worked_at=None)
        erasure_worker.go_on()
        erasure = Erasure.objects.get(user=user)
        assert erasure.finished_at and erasure.former_username == ""
        person_now.refresh_from_db()
        assert person_now.username == accounts.username_of(erasure)
        assert not Membership.objects.filter(user=user).exists()
        assert not Message.objects.filter(body__contains=name).exists()
        own = Message.objects.get(sender=user)
        assert (own.deleted_at is None) == keep_messages
        if not died:
            return
    raise AssertionError("it has more writes than were thought of")
