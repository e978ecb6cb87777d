"""Nothing names somebody who was erased, and nothing of theirs is left."""

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models
from django.test import Client

from accounts import erasure as accounts
from accounts.models import Erasure, User, UsernameTaken
from accounts.profile import allowed_names
from chat import serializers
from chat.actions import attachments, batches, blocks, favorites, messages, rooms
from chat.models import (
    Attachment,
    AuditEntry,
    Block,
    Membership,
    Message,
    PersonalChange,
    Report,
    Revision,
    Room,
)
from chat.moderation import actions as moderation
from chat.protocol import ErrorCode
from chat.queries import room_log, room_views
from chat.realtime import erasure_worker
from tests.chat.conftest import refused, say
from tests.conftest import PASSWORD, person

NAME = "wilhelmina"


@pytest.fixture(autouse=True)
def no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests do the work themselves."""
    monkeypatch.setattr(erasure_worker._thread, "start", lambda: None)


@pytest.fixture
def wilhelmina(db: None) -> User:
    user = person(NAME, email=f"{NAME}@example.org")
    # In bulk, of which no signal tells.
    EmailAddress.objects.bulk_create([EmailAddress(user=user, email=user.email, primary=True)])
    user.avatar.save(f"{uuid.uuid4().hex}.webp", ContentFile(b"picture"))
    return user


@pytest.fixture
def room(wilhelmina: User, member: User, owner: User) -> Room:
    opened, _ = rooms.open_room(
        wilhelmina, kind="private", name="Workshop", members=["member", "owner"]
    )
    return opened


def upload(user: User) -> Attachment:
    return attachments.store_attachment(user, file=SimpleUploadedFile("notes.txt", b"my notes"))


def erase(user: User, *, keep_messages: bool) -> User:
    erasure = accounts.erase_by_own_wish(user, keep_messages=keep_messages)
    erasure_worker.erase(erasure)
    return User.objects.get(pk=user.pk)


def texts() -> Iterator[tuple[str, str]]:
    """All that the database says, with where; the audit log keeps names for good."""
    for model in apps.get_models(include_auto_created=True):
        if model is AuditEntry or not model._meta.managed:
            continue
        for row in model._base_manager.all():
            for field in model._meta.concrete_fields:
                value = getattr(row, field.attname)
                if isinstance(
                    field, (models.CharField, models.TextField, models.JSONField, models.FileField)
                ):
                    yield f"{model._meta.label}.{field.name}", str(value)


def named() -> list[str]:
    return sorted({where for where, value in texts() if NAME in value.casefold()})


def history(user: User, room: Room) -> list[str]:
    page, _ = room_log.history(user, room.pk, before=None, after=None, limit=100)
    return page


@pytest.mark.parametrize("keep_messages", [True, False])
def test_nothing_names_them_any_more(
    keep_messages: bool,
    wilhelmina: User,
    member: User,
    owner: User,
    administrator: User,
    room: Room,
) -> None:
    own = say(wilhelmina, room, "I am here", attachments=[upload(wilhelmina).pk])
    say(wilhelmina, room, "", attachments=[upload(wilhelmina).pk])
    messages.edit_message(wilhelmina, message=own.pk, body=f"I am here, says @{NAME}")
    reply = say(member, room, f"thanks @{NAME}, and @Wilhelmina.", reply_to=own.pk)
    messages.edit_message(member, message=reply.pk, body=f"**Thanks** @{NAME}, and \uff20{NAME}!")
    messages.react_to_message(wilhelmina, message=reply.pk, emoji="👍", on=True)
    messages.react_to_message(owner, message=reply.pk, emoji="👍", on=True)
    messages.report_message(wilhelmina, message=reply.pk, reason=f"he shouts at @{NAME}")
    say(member, room, f"`@{NAME}` in code")
    direct, _ = rooms.open_room(wilhelmina, kind="direct", members=["member"])
    say(wilhelmina, direct, "between us")
    stray = upload(wilhelmina)
    blocks.block_person(owner, username=NAME)
    LogEntry.objects.log_actions(administrator.pk, [wilhelmina], 2)  # as the admin does
    assert len(named()) > 8
    files = list(Attachment.objects.all())

    gone = erase(wilhelmina, keep_messages=keep_messages)

    assert named() == []
    assert gone.username.startswith("gone-") and gone.display_name == "Former member"
    assert not gone.email and not gone.is_active and not gone.has_usable_password()
    assert not EmailAddress.objects.filter(user=gone).exists()
    assert not Attachment.objects.exists() and stray in files
    assert not default_storage.exists(wilhelmina.avatar.name or "")
    assert not Membership.objects.filter(user=gone).exclude(room=direct).exists()
    assert not Block.objects.exists()
    assert Membership.objects.filter(room=room, role="owner").exists()
    reply.refresh_from_db()
    assert reply.body == f"**Thanks** @{gone.username}, and \uff20{gone.username}!"
    assert "<strong>Thanks</strong>" in reply.html and reply.mentions == []
    assert reply.reactions == {"👍": [gone.username, "owner"] if keep_messages else ["owner"]}
    assert (
        Revision.objects.get(message=reply).body
        == f"thanks @{gone.username}, and @{gone.username}."
    )
    own.refresh_from_db()
    assert own.attachments == []
    assert own.body == (f"I am here, says @{gone.username}" if keep_messages else "")
    assert (own.deleted_at is None) == keep_messages
    assert Message.objects.get(room=room, number=2).deleted_at  # it was a file and nothing else
    assert NAME not in "".join(history(member, room) + history(member, direct)).casefold()
    views = {view.room.id: view.room for view in room_views.rooms_of(member)}
    assert set(views[room.pk].members or ()) == {"member", "owner"}
    assert set(views[direct.pk].members or ()) == {"member", gone.username}
    assert views[direct.pk].closed


def test_what_was_for_them_alone_goes(wilhelmina: User, member: User, room: Room) -> None:
    for user in (wilhelmina, member):
        favorites.set_favorite(user, room=room.pk, on=True)
    gone = erase(wilhelmina, keep_messages=True)
    assert not PersonalChange.objects.filter(user=gone).exists()
    assert PersonalChange.objects.filter(user=member).exists()


def test_who_had_picked_them_and_not_written_yet_cannot_any_more(
    wilhelmina: User, member: User
) -> None:
    direct, _ = rooms.open_room(member, kind="direct", members=[NAME])
    gone = erase(wilhelmina, keep_messages=True)
    view = room_views.room_view(member, direct.pk)
    assert (view.members, view.closed) == (["member", gone.username], True)
    refused(ErrorCode.FORBIDDEN, say, member, direct)
    assert not Membership.objects.filter(user=gone).exists()


def test_what_others_wrote_in_other_words_stays(wilhelmina: User, member: User, room: Room) -> None:
    said = say(member, room, f"{NAME} called, @{NAME}x too, write to me@{NAME}.org")
    before = said.position
    erase(wilhelmina, keep_messages=False)
    said.refresh_from_db()
    assert said.body == f"{NAME} called, @{NAME}x too, write to me@{NAME}.org"
    assert said.position == before


def test_clients_that_read_before_read_again(wilhelmina: User, member: User, room: Room) -> None:
    own = say(wilhelmina, room, "mine")
    reply = say(member, room, "yours", reply_to=own.pk)
    other = say(member, room, "something else")
    newest = other.position
    gone = erase(wilhelmina, keep_messages=True)
    changed, _ = room_log.changes(room.pk, after=newest, limit=10)
    assert {id for _, _, id, _ in changed} == {str(own.pk), str(reply.pk)}
    assert all(gone.username in encoded for *_, encoded in changed)


def test_nobody_gets_their_name(wilhelmina: User) -> None:
    gone = erase(wilhelmina, keep_messages=True)
    other = person("other")
    for name in (
        NAME,
        NAME.upper(),
        NAME.replace("l", "\u04cf"),
        gone.username,
        "gone-0123456789",
    ):
        with pytest.raises(ValidationError):
            allowed_names.clean_username(name)
    with pytest.raises(UsernameTaken):
        User.objects.create_user(NAME, password=PASSWORD)
    with pytest.raises(ValidationError):
        allowed_names.clean_display_name(other, NAME.capitalize())
    assert allowed_names.clean_username("gone-fishing") == "gone-fishing"


def test_every_door_is_shut(wilhelmina: User) -> None:
    client = Client()
    client.force_login(wilhelmina, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.get("/accounts/profile/").status_code == 200
    gone = erase(wilhelmina, keep_messages=True)
    assert client.get("/accounts/profile/").status_code == 302
    for name in (NAME, gone.username):
        answer = Client().post("/accounts/login/", {"login": name, "password": PASSWORD})
        assert answer.status_code == 200 and "sessionid" not in answer.cookies


def test_a_moderator_erases_with_a_reason_and_the_log_says_so(
    administrator: User, moderator: User, wilhelmina: User, room: Room
) -> None:
    why: dict[str, Any] = {"reason": "asked by letter", "keep_messages": False}
    refused(ErrorCode.FORBIDDEN, moderation.erase_user, moderator, user=wilhelmina.pk, **why)
    assert not Erasure.objects.exists()
    gone = moderation.erase_user(administrator, user=wilhelmina.pk, **why)
    entry = AuditEntry.objects.get(action="erase_user")
    assert entry.actor == "administrator" and entry.target == gone.username
    assert entry.reason == "asked by letter\nMessages are deleted."
    assert AuditEntry.objects.count() == 1  # and no list of all that was taken from the account
    refused(ErrorCode.CONFLICT, moderation.restore_user, administrator, user=gone.pk, reason="no")


def test_their_own_wish_is_recorded_without_their_name(wilhelmina: User) -> None:
    gone = erase(wilhelmina, keep_messages=True)
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.target) == (gone.username, gone.username)
    assert entry.reason == "By their own wish. Messages are kept."


def test_the_last_superuser_stays(administrator: User) -> None:
    with pytest.raises(accounts.LastSuperuser):
        accounts.begin(administrator, keep_messages=True)
    assert User.objects.get(pk=administrator.pk).is_active and not Erasure.objects.exists()
    person("second", is_superuser=True, is_staff=True)
    accounts.begin(administrator, keep_messages=True)


def test_reports_keep_their_words_until_they_are_settled(
    administrator: User, wilhelmina: User, member: User, room: Room
) -> None:
    own, other = say(wilhelmina, room, "rude words"), say(member, room, "ruder words")
    settled = messages.report_message(member, message=own.pk, reason="rude")
    moderation.settle_report(administrator, report=settled.pk, resolution="warned")
    messages.report_message(wilhelmina, message=other.pk, reason="my own words")
    erase(wilhelmina, keep_messages=False)
    assert Report.objects.get(pk=settled.pk).body == ""
    waits = Report.objects.get(message=other)
    assert (waits.body, waits.reason) == ("ruder words", "my own words")
    moderation.settle_report(administrator, report=waits.pk, resolution="warned")
    waits.refresh_from_db()
    assert (waits.body, waits.reason) == ("ruder words", "")


def test_pages_of_messages_and_where_another_process_goes_on(
    wilhelmina: User, member: User, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chat.actions import erasure as actions

    monkeypatch.setattr(actions, "PAGE", 3)
    monkeypatch.setattr(erasure_worker, "NOTED_EVERY", timedelta(0))
    second, _ = rooms.open_room(member, kind="private", name="Second", members=[NAME])
    for where in (room, second):
        for number in range(8):
            say(wilhelmina if number % 2 else member, where, f"message {number}")
    erasure = accounts.begin(wilhelmina, keep_messages=False)
    calls = 0
    page = actions.erase_page

    def failing(*args: Any) -> int | None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise RuntimeError("the power went")
        return page(*args)

    monkeypatch.setattr(actions, "erase_page", failing)
    erasure_worker.go_on()
    left = Message.objects.filter(sender=wilhelmina, deleted_at=None).count()
    assert 0 < left < 8
    erasure_worker.go_on()  # somebody worked on it a moment ago
    assert Message.objects.filter(sender=wilhelmina, deleted_at=None).count() == left
    Erasure.objects.update(worked_at=erasure.begun_at - 2 * erasure_worker.LEASE)
    erasure_worker.go_on()
    assert not Message.objects.filter(sender=wilhelmina, deleted_at=None).exists()
    assert Message.objects.filter(sender=member, deleted_at=None).count() == 8
    assert Erasure.objects.get().finished_at


def test_a_process_that_did_not_hear_it_learns_the_new_name(wilhelmina: User) -> None:
    serializers.usernames([wilhelmina.pk])
    erasure = accounts.begin(wilhelmina, keep_messages=True)
    serializers._usernames[wilhelmina.pk] = NAME  # as where nobody rang
    assert erasure_worker.look() == {wilhelmina.pk: accounts.username_of(erasure)}
    assert serializers.usernames([wilhelmina.pk])[wilhelmina.pk] == accounts.username_of(erasure)


def test_no_transaction_holds_up_others_for_long(
    wilhelmina: User, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    together: list[int] = []

    def noting(changes: Any) -> Any:
        together.append(len(changes))
        return batches.store(changes)

    monkeypatch.setattr("chat.actions.erasure.store", noting)
    for number in range(7):
        say(wilhelmina, room, f"message {number}")
    erase(wilhelmina, keep_messages=False)
    assert max(together) <= 2 and sum(together) == 7
