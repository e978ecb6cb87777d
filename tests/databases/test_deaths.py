"""A process dies between any two writes of an action; whoever asked tries again.

After the death nothing may be wrong, only undone; after the retry everything is as if nobody had
died. On MongoDB each write stands alone, so this is where an order of writes shows its worth.
"""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import User
from accounts.sessions.signed_in import user_for_session
from chat.actions import attachments, favorites, memberships, messages, rooms
from chat.actions.drafts import Draft
from chat.models import Attachment, AuditEntry, Membership, Message, Report, Revision, Room
from chat.moderation import actions as moderation
from chat.queries import personal, room_members, room_views
from tests.conftest import person
from tests.databases.deaths import DeathError, dying_after
from tests.support.drafts import draft_of

pytestmark = pytest.mark.django_db(transaction=True)

MOST_WRITES = 40


def assert_nothing_is_wrong() -> None:
    for room in Room.objects.all():
        log = list(Message.objects.filter(room=room).order_by("number"))
        assert [row.number for row in log] == list(range(1, len(log) + 1))
        members = Membership.objects.filter(room=room)
        if room.direct_key and log and not room.waiting:
            assert members.count() == 2, f"somebody does not see what they were written in {room}"
        if room.kind != "direct" and members.exists():
            assert members.filter(role="owner").exists(), f"nobody owns {room}"
        if room.kind == "public":
            assert members.exists(), f"{room} is there for all to see, and empty"
    for gone in Message.objects.exclude(deleted_at=None):
        assert (gone.body, gone.html, gone.attachments) == ("", "", [])
    for revision in Revision.objects.all():
        message = Message.objects.get(pk=revision.message_id)
        assert revision.position <= message.position
    for hidden in Message.objects.filter(hidden_at=None):
        entries = AuditEntry.objects.filter(target_id=str(hidden.pk))
        taken_back = entries.filter(action="hide_message").exists()
        assert not taken_back or entries.filter(action="show_message").exists()


def dies_everywhere(action: Callable[[], Any], arrange: Callable[[], Any]) -> int:
    """Does the action as often as it has writes, dying before another one each time, and each
    time tries it again; returns how many writes it has."""
    for last in range(MOST_WRITES):
        arrange()
        with dying_after(last) as writes:
            try:
                action()
            except DeathError:
                died = True
            else:
                died = False
        assert_nothing_is_wrong()
        action()
        assert_nothing_is_wrong()
        if not died:
            return writes.done
    raise AssertionError("it has more writes than were thought of")


class Scene:
    """A room with one message of the owner's, made anew for each death."""

    def __init__(self, owner: User, member: User) -> None:
        self.owner, self.member = owner, member
        self.client_id = uuid.uuid4()

    def __call__(self) -> None:
        self.client_id = uuid.uuid4()
        self.name = f"Plans {uuid.uuid4().hex[:6]}"
        self.room, _ = rooms.open_room(
            self.owner, kind="private", name=self.name, members=[self.member.username]
        )
        self.message = messages.send_message(
            self.owner, room=self.room.pk, client_id=uuid.uuid4(), body="first"
        )


@pytest.fixture
def scene(owner, member) -> Scene:
    return Scene(owner, member)


def test_sending(scene):
    def send():
        return messages.send_message(
            scene.owner, room=scene.room.pk, client_id=scene.client_id, body="hello"
        )

    assert dies_everywhere(send, scene) == 1
    assert list(scene.room.messages.order_by("number").values_list("body", flat=True)) == [
        "first",
        "hello",
    ]


def test_sending_a_batch_to_several_rooms(scene, owner):
    others: list[Room] = []
    drafts: list[Draft] = []

    def arrange():
        scene()
        others[:] = [
            scene.room,
            *(rooms.open_room(owner, kind="private", name=str(n))[0] for n in range(2)),
        ]
        drafts[:] = [draft_of(owner, room.pk, f"{n}") for n in range(2) for room in others]

    def send():
        sent = messages.send_messages(drafts)
        assert [row.body for row in sent if isinstance(row, Message)] == [
            draft.command.body for draft in drafts
        ]

    # Six messages, and once for all that their sender has written in two of the rooms.
    assert dies_everywhere(send, arrange) == 7
    for room in others:
        assert room.memberships.get(user=owner).has_written
        bodies = [row.body for row in room.messages.order_by("position")]
        assert bodies[-2:] == ["0", "1"]


def test_making_a_room_a_favourite_and_none(scene):
    def is_favorite() -> bool:
        return room_views.room_view(scene.owner, scene.room.pk).favorite

    def of_log() -> set[uuid.UUID]:
        return personal.favorites_among([scene.owner.pk], scene.room.pk)

    for on in (True, False):

        def change(on=on):
            favorites.set_favorite(scene.owner, room=scene.room.pk, on=on)
            assert is_favorite() is on
            assert bool(of_log()) is on

        def arrange(on=on):
            scene()
            favorites.set_favorite(scene.owner, room=scene.room.pk, on=not on)

        assert dies_everywhere(change, arrange) == 2


def test_a_version_is_not_newer_than_the_room_beside_it_wherever_somebody_dies(scene):
    for last in range(3):
        scene()
        with dying_after(last):
            try:
                favorites.set_favorite(scene.owner, room=scene.room.pk, on=True)
            except DeathError:
                pass
        if personal.favorites_among([scene.owner.pk], scene.room.pk):
            assert room_views.room_view(scene.owner, scene.room.pk).favorite


def test_sending_a_file(scene):
    files: list[Attachment] = []

    def arrange():
        scene()
        file = SimpleUploadedFile("notes.txt", b"hello", content_type="text/plain")
        files[:] = [attachments.store_attachment(scene.owner, file=file)]

    def send():
        sent = messages.send_message(
            scene.owner,
            room=scene.room.pk,
            client_id=scene.client_id,
            attachments=[files[0].pk],
        )
        assert [each["name"] for each in sent.attachments] == ["notes.txt"]

    assert dies_everywhere(send, arrange) == 2
    files[0].refresh_from_db()
    assert files[0].message == scene.room.messages.get(number=2).pk


def test_editing(scene):
    def edit():
        messages.edit_message(scene.owner, message=scene.message.pk, body="second")

    assert dies_everywhere(edit, scene) == 2
    assert scene.room.messages.get().body == "second"
    said = Revision.objects.filter(message=scene.message).values_list("body", flat=True)
    assert list(said) == ["first"]


def test_deleting(scene):
    def arrange():
        scene()
        messages.edit_message(scene.owner, message=scene.message.pk, body="second")

    def delete():
        messages.delete_message(scene.owner, message=scene.message.pk)

    assert dies_everywhere(delete, arrange) >= 2
    assert not Revision.objects.filter(message=scene.message).exists()
    assert scene.room.messages.get().is_gone


def test_reacting(scene):
    def react():
        messages.react_to_message(scene.member, message=scene.message.pk, emoji="👍", on=True)

    dies_everywhere(react, scene)
    assert scene.room.messages.get().reactions == {"👍": ["member"]}


@pytest.mark.parametrize("kind", ["private", "public"])
def test_opening_a_room(owner, member, kind):
    def open_it():
        return rooms.open_room(owner, kind=kind, name="Plans", members=[member.username])

    assert dies_everywhere(open_it, lambda: None) >= 3
    for view in room_views.rooms_of(owner):
        assert view.room.name == "Plans"


def test_opening_a_direct_room_and_writing_the_first_message(owner):
    others: list[User] = []

    def open_it():
        return rooms.open_room(owner, kind="direct", members=[others[-1].username])[0]

    def arrange():
        others.append(person(f"other{len(others)}"))

    assert dies_everywhere(open_it, arrange) >= 2
    for other in others:
        room = Room.objects.get(direct_key=":".join(sorted([owner.pk.hex, other.pk.hex])))
        assert set(room.memberships.values_list("user_id", flat=True)) == {owner.pk}

    opened: list[Room] = []
    client_ids: list[uuid.UUID] = []

    def arrange_open():
        arrange()
        opened.append(open_it())
        client_ids.append(uuid.uuid4())

    def send():
        room, client_id = opened[-1].pk, client_ids[-1]
        return messages.send_message(owner, room=room, client_id=client_id, body="hello")

    # Whether they have written, who comes in, and the message.
    assert dies_everywhere(send, arrange_open) == 3
    for room, other in zip(opened, others[-len(opened) :], strict=True):
        (view,) = room_views.rooms_of(other)
        assert (view.room.id, view.room.number, view.room.unread) == (room.pk, 1, 1)


def test_adding_members(scene, outsider):
    def add():
        rooms.add_members(scene.owner, room=scene.room.pk, members=[outsider.username])

    dies_everywhere(add, scene)
    assert room_members.members_among(scene.room.pk, [outsider.pk]) == {outsider.pk}


def test_the_last_owner_leaving(scene):
    def leave():
        if Membership.objects.filter(room=scene.room, user=scene.owner).exists():
            rooms.leave_room(scene.owner, room=scene.room.pk)

    assert dies_everywhere(leave, scene) == 3
    (left,) = scene.room.memberships.all()
    assert (left.user_id, left.role) == (scene.member.pk, "owner")


def test_appointing_an_owner(scene, administrator):
    def appoint():
        moderation.appoint_owner(
            administrator, room=scene.room.pk, user=scene.member.pk, reason="They asked."
        )
        owners = scene.room.memberships.filter(role="owner")
        assert set(owners.values_list("user_id", flat=True)) == {scene.owner.pk, scene.member.pk}
        assert entries("appoint_owner", scene.member)

    # It is recorded, done, and told.
    assert dies_everywhere(appoint, scene) == 3


def test_handing_on_the_rooms_of_someone_who_is_suspended(scene, administrator, monkeypatch):
    """One who owns more of them than change together; whoever tries again finds the rest."""
    monkeypatch.setattr(memberships, "HANDED_ON_AT_ONCE", 2)

    def arrange():
        User.objects.filter(pk=scene.owner.pk).update(is_active=True)
        Room.objects.all().delete()
        for _ in range(5):
            scene()

    def suspend():
        moderation.suspend_user(administrator, user=scene.owner.pk, reason="spam")
        without = [room for room in Room.objects.all() if not has_owner(room)]
        assert not without

    def has_owner(room: Room) -> bool:
        return room.memberships.filter(role="owner", user__is_active=True).exists()

    # Two writes for each of three batches, with what a suspension writes, and locks.
    assert dies_everywhere(suspend, arrange) >= 2 + 3 * 2


def test_removing_a_member(scene):
    def remove():
        if Membership.objects.filter(room=scene.room, user=scene.member).exists():
            rooms.remove_member(scene.owner, room=scene.room.pk, member="member")

    dies_everywhere(remove, scene)
    assert room_members.members_among(scene.room.pk, [scene.member.pk]) == set()


def test_hiding_a_message_and_showing_it_again(scene, administrator):
    def hide():
        moderation.hide_message(administrator, message=scene.message.pk, reason="spam")

    def arrange_hidden():
        scene()
        hide()

    def show():
        moderation.show_message(administrator, message=scene.message.pk, reason="no spam")

    dies_everywhere(hide, scene)
    assert scene.room.messages.get().is_gone
    assert AuditEntry.objects.filter(target_id=str(scene.message.pk)).exists()
    dies_everywhere(show, arrange_hidden)
    assert not scene.room.messages.get().is_gone


def test_suspending_someone_shuts_every_door_whenever_it_dies(scene, administrator, client):
    def arrange():
        User.objects.filter(pk=scene.member.pk).update(is_active=True)
        client.force_login(scene.member)

    def suspend():
        moderation.suspend_user(administrator, user=scene.member.pk, reason="spam")

    for last in range(MOST_WRITES):
        arrange()
        key = client.session.session_key
        with dying_after(last) as writes:
            try:
                suspend()
            except DeathError:
                pass
        if not User.objects.get(pk=scene.member.pk).is_active:
            assert user_for_session(key) is None
        suspend()
        assert user_for_session(key) is None
        assert AuditEntry.objects.filter(action="suspend_user").exists()
        if writes.done <= last:
            break


def test_joining_a_public_room(owner, outsider):
    opened: list[Room] = []

    def arrange():
        opened.append(rooms.open_room(owner, kind="public", name="Lobby")[0])

    def join():
        rooms.join_room(outsider, room=opened[-1].pk)

    assert dies_everywhere(join, arrange) == 2
    assert room_members.members_among(opened[-1].pk, [outsider.pk]) == {outsider.pk}


def entries(action: str, about: Any) -> int:
    return AuditEntry.objects.filter(action=action, target_id=str(about.pk)).count()


@pytest.mark.parametrize("name", ["restore_user", "reopen_room", "settle_report"])
def test_what_gives_back_is_never_done_without_being_recorded(scene, administrator, name):
    """Also what settles a report: dead in between, it is recorded and still open."""

    def arrange():
        User.objects.filter(pk=scene.member.pk).update(is_active=True)
        scene()
        messages.report_message(scene.member, message=scene.message.pk, reason="spam")
        moderation.close_room(administrator, room=scene.room.pk, reason="over")
        User.objects.filter(pk=scene.member.pk).update(is_active=False)

    def about() -> Any:
        return {
            "restore_user": scene.member,
            "reopen_room": scene.room,
            "settle_report": Report.objects.get(message=scene.message),
        }[name]

    def is_done() -> bool:
        row = about()
        row.refresh_from_db()
        return {
            "restore_user": lambda: row.is_active,
            "reopen_room": lambda: row.closed_at is None,
            "settle_report": lambda: row.settled_at is not None,
        }[name]()

    def act():
        if is_done():
            assert entries(name, about())
            return
        row = about().pk
        match name:
            case "restore_user":
                moderation.restore_user(administrator, user=row, reason="sorry")
            case "reopen_room":
                moderation.reopen_room(administrator, room=row, reason="sorry")
            case "settle_report":
                moderation.settle_report(administrator, report=row, resolution="sorry")

    assert dies_everywhere(act, arrange) == 2
    assert is_done()
    assert entries(name, about())


@pytest.mark.parametrize("name", ["suspend_user", "remove_member", "close_room"])
def test_what_takes_away_is_recorded_by_doing_it_again(scene, administrator, name):
    def arrange():
        User.objects.filter(pk=scene.member.pk).update(is_active=True)
        scene()

    def act():
        match name:
            case "suspend_user":
                moderation.suspend_user(administrator, user=scene.member.pk, reason="spam")
            case "remove_member":
                moderation.remove_member(
                    administrator, room=scene.room.pk, user=scene.member.pk, reason="spam"
                )
            case "close_room":
                moderation.close_room(administrator, room=scene.room.pk, reason="spam")

    assert dies_everywhere(act, arrange) >= 2
    assert entries(name, scene.room if name == "close_room" else scene.member)
    assert not room_members.members_among(scene.room.pk, [scene.member.pk]) or name == "close_room"


def test_nothing_private_is_shown_without_being_recorded(scene, administrator):
    shown: list[str] = []

    def reveal():
        shown.clear()
        row = moderation.reveal_message(administrator, message=scene.message.pk, reason="why not")
        shown.append(row.body)
        assert entries("reveal_message", scene.message)

    assert dies_everywhere(reveal, scene) == 1
    assert shown == ["first"]


def test_reporting(scene):
    def report():
        messages.report_message(scene.member, message=scene.message.pk, reason="spam")

    assert dies_everywhere(report, scene) == 1
    assert Report.objects.filter(message=scene.message).count() == 1


def test_changing_a_role_a_name_and_a_mark(scene):
    """One write each, so that there is nothing between; after a role the room is told anew."""
    for act, writes in (
        (
            lambda: rooms.set_role(
                scene.owner, room=scene.room.pk, member="member", role="moderator"
            ),
            2,
        ),
        (lambda: rooms.rename_room(scene.owner, room=scene.room.pk, name="Other"), 1),
        (lambda: rooms.mark_read(scene.member, room=scene.room.pk, number=1), 1),
    ):
        assert dies_everywhere(act, scene) == writes
