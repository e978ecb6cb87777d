import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import DatabaseError, IntegrityError, connection, transaction

from accounts.models import User
from accounts.sessions import live_sessions
from chat import audit_triggers, moderators, queries
from chat.actions import messages, moderation, rooms
from chat.models import Attachment, AuditEntry, Membership, Message, Report, Room
from chat.protocol import ChatError, ErrorCode
from tests.conftest import person

REASON = "Three people asked for it."


@pytest.fixture
def moderator(db: None) -> User:
    user = person("moderator", is_staff=True)
    user.groups.add(Group.objects.get(name=moderators.NAME))
    return user


@pytest.fixture
def staff(db: None) -> User:
    """Someone who may open the admin, and do nothing there."""
    return person("staff", is_staff=True)


@dataclass
class Scene:
    """Something to moderate: a message of the member's, reported by the owner."""

    owner: User
    member: User
    room: Room
    message: Message
    report: Report
    attachment: Attachment


@pytest.fixture
def scene(owner: User, member: User, private_room: Room) -> Scene:
    message = messages.send_message(
        member, room=private_room.pk, client_id=uuid.uuid4(), body="you fools"
    )
    report = messages.report_message(owner, message=message.pk, reason="rude")
    attachment = Attachment.objects.create(
        owner=member, name="plan.png", content_type="image/png", size=3, file="attachments/none"
    )
    return Scene(owner, member, private_room, message, report, attachment)


Act = Callable[[User, Scene, str], Any]

ACTIONS: dict[str, tuple[Act, str, Callable[[Scene], str]]] = {
    # what is done, the permission it takes, and what the log says it was done to
    "suspend_user": (
        lambda actor, s, why: moderation.suspend_user(actor, user=s.member.pk, reason=why),
        "suspend_user",
        lambda s: "member",
    ),
    "restore_user": (
        lambda actor, s, why: moderation.restore_user(actor, user=s.member.pk, reason=why),
        "suspend_user",
        lambda s: "member",
    ),
    "hide_message": (
        lambda actor, s, why: moderation.hide_message(actor, message=s.message.pk, reason=why),
        "hide_message",
        lambda s: "#1 by member in Plans (private)",
    ),
    "show_message": (
        lambda actor, s, why: moderation.show_message(actor, message=s.message.pk, reason=why),
        "hide_message",
        lambda s: "#1 by member in Plans (private)",
    ),
    "remove_member": (
        lambda actor, s, why: moderation.remove_member(
            actor, room=s.room.pk, user=s.member.pk, reason=why
        ),
        "remove_member",
        lambda s: "member from Plans (private)",
    ),
    "close_room": (
        lambda actor, s, why: moderation.close_room(actor, room=s.room.pk, reason=why),
        "close_room",
        lambda s: "Plans (private)",
    ),
    "reopen_room": (
        lambda actor, s, why: moderation.reopen_room(actor, room=s.room.pk, reason=why),
        "close_room",
        lambda s: "Plans (private)",
    ),
    "settle_report": (
        lambda actor, s, why: moderation.settle_report(actor, report=s.report.pk, resolution=why),
        "settle_report",
        lambda s: "Report of #1 by member in Plans (private)",
    ),
    "reveal_message": (
        lambda actor, s, why: moderation.reveal_message(actor, message=s.message.pk, reason=why),
        "reveal_message",
        lambda s: "#1 by member in Plans (private)",
    ),
    "reveal_context": (
        lambda actor, s, why: moderation.reveal_context(actor, report=s.report.pk, reason=why),
        "reveal_message",
        lambda s: "Report of #1 by member in Plans (private)",
    ),
    "reveal_attachment": (
        lambda actor, s, why: moderation.reveal_attachment(
            actor, attachment=s.attachment.pk, reason=why
        ),
        "reveal_message",
        lambda s: "image/png by member",
    ),
}


def state(scene: Scene) -> list[Any]:
    """All that moderation can change."""
    return [
        list(User.objects.order_by("pk").values("username", "is_active")),
        list(Message.objects.values("position", "hidden_at")),
        list(Room.objects.order_by("pk").values("closed_at", "members_version")),
        list(Membership.objects.order_by("pk").values("user_id", "room_id")),
        list(Report.objects.values("settled_at", "settled_by", "resolution")),
        list(AuditEntry.objects.values()),
    ]


def refused(code: ErrorCode, act: Callable[[], Any]) -> None:
    with pytest.raises(ChatError) as caught:
        act()
    assert caught.value.code is code


def entry() -> AuditEntry:
    return AuditEntry.objects.get()


# -- Every action ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ACTIONS)
def test_a_moderators_action_is_recorded_once(name: str, moderator: User, scene: Scene) -> None:
    act, _, target = ACTIONS[name]
    act(moderator, scene, f"  {REASON}\n")
    recorded = entry()
    assert (recorded.actor, recorded.action) == ("moderator", name)
    assert (recorded.target, recorded.reason) == (target(scene), REASON)


@pytest.mark.parametrize("name", ACTIONS)
def test_whoever_has_the_one_permission_may_do_it(name: str, staff: User, scene: Scene) -> None:
    act, permission, _ = ACTIONS[name]
    staff.user_permissions.add(Permission.objects.get(codename=permission))
    act(staff, scene, REASON)
    assert entry().action == name


@pytest.mark.parametrize("name", ACTIONS)
def test_staff_without_the_permission_may_not(name: str, staff: User, scene: Scene) -> None:
    act, permission, _ = ACTIONS[name]
    staff.user_permissions.set(
        Permission.objects.filter(content_type__app_label__in=["accounts", "chat"]).exclude(
            codename=permission
        )
    )
    before = state(scene)
    refused(ErrorCode.FORBIDDEN, lambda: act(staff, scene, REASON))
    assert state(scene) == before


@pytest.mark.parametrize("who", ["owner", "member", "outsider", "suspended"])
@pytest.mark.parametrize("name", ACTIONS)
def test_the_cast_may_not_even_with_the_permissions(
    name: str, who: str, scene: Scene, request: pytest.FixtureRequest
) -> None:
    user = request.getfixturevalue(who)
    user.groups.add(Group.objects.get(name=moderators.NAME))
    before = state(scene)
    refused(ErrorCode.FORBIDDEN, lambda: ACTIONS[name][0](user, scene, REASON))
    assert state(scene) == before


@pytest.mark.parametrize("name", ACTIONS)
def test_a_moderator_who_was_suspended_meanwhile_may_not(
    name: str, moderator: User, scene: Scene
) -> None:
    User.objects.filter(pk=moderator.pk).update(is_active=False)
    before = state(scene)
    refused(ErrorCode.FORBIDDEN, lambda: ACTIONS[name][0](moderator, scene, REASON))
    assert state(scene) == before


@pytest.mark.parametrize("reason", ["", " \n ", "x" * 2_001, "nul\0"])
@pytest.mark.parametrize("name", ACTIONS)
def test_nothing_is_done_without_a_reason(
    name: str, reason: str, moderator: User, scene: Scene
) -> None:
    before = state(scene)
    refused(ErrorCode.BAD_REQUEST, lambda: ACTIONS[name][0](moderator, scene, reason))
    assert state(scene) == before


@pytest.mark.parametrize("name", ACTIONS.keys() - {"settle_report"})
def test_doing_it_again_is_harmless_and_recorded(name: str, moderator: User, scene: Scene) -> None:
    act, _, _ = ACTIONS[name]
    act(moderator, scene, "first")
    *after_first, _ = state(scene)
    act(moderator, scene, "second")
    *after_second, _ = state(scene)
    for rows in (*after_first, *after_second):
        for row in rows:
            row.pop("closed_at", None)  # closed again, at a later time
    assert after_first == after_second
    assert sorted(each.reason for each in AuditEntry.objects.all()) == ["first", "second"]


STRICT = ("suspend_user", "hide_message", "remove_member", "close_room")
LOOSENING = ("restore_user", "show_message", "reopen_room", "settle_report")


class CrashError(Exception):
    pass


@pytest.fixture
def without_transactions(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on MongoDB: each write stays, whatever happens after it."""

    class Nothing:
        def __enter__(self) -> None: ...
        def __exit__(self, *error: object) -> None: ...

    monkeypatch.setattr(transaction, "atomic", lambda *args, **kwargs: Nothing())


@pytest.mark.parametrize("name", STRICT)
def test_a_crash_before_the_record_leaves_the_stricter_state(
    name: str,
    moderator: User,
    scene: Scene,
    without_transactions: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = state(scene)

    def crash(*args: Any, **kwargs: Any) -> None:
        raise CrashError

    monkeypatch.setattr(moderation, "_record", crash)
    with pytest.raises(CrashError):
        ACTIONS[name][0](moderator, scene, REASON)
    assert state(scene) != before
    monkeypatch.undo()
    ACTIONS[name][0](moderator, scene, REASON)
    assert entry().action == name


@pytest.mark.parametrize("name", LOOSENING)
def test_a_crash_after_the_record_leaves_the_stricter_state(
    name: str,
    moderator: User,
    scene: Scene,
    without_transactions: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    undone = {
        "restore_user": "suspend_user",
        "show_message": "hide_message",
        "reopen_room": "close_room",
    }
    if name in undone:
        ACTIONS[undone[name]][0](moderator, scene, "before")
    before = state(scene)[:-1]
    record = moderation._record

    def crash(*args: Any) -> None:
        record(*args)
        raise CrashError

    monkeypatch.setattr(moderation, "_record", crash)
    with pytest.raises(CrashError):
        ACTIONS[name][0](moderator, scene, REASON)
    assert state(scene)[:-1] == before
    assert AuditEntry.objects.filter(action=name).count() == 1
    monkeypatch.setattr(moderation, "_record", record)
    ACTIONS[name][0](moderator, scene, REASON)
    assert state(scene)[:-1] != before


# -- What each of them does ------------------------------------------------------------------


def test_a_suspended_person_is_out_and_comes_back(moderator: User, scene: Scene) -> None:
    moderation.suspend_user(moderator, user=scene.member.pk, reason=REASON)
    assert not User.objects.get(pk=scene.member.pk).is_active
    refused(
        ErrorCode.NOT_FOUND,
        lambda: messages.send_message(
            scene.member, room=scene.room.pk, client_id=uuid.uuid4(), body="still here"
        ),
    )
    moderation.restore_user(moderator, user=scene.member.pk, reason=REASON)
    messages.send_message(scene.member, room=scene.room.pk, client_id=uuid.uuid4(), body="back")


def test_suspension_ends_the_sessions(moderator: User, scene: Scene, client: Any) -> None:
    client.post("/accounts/login/", {"login": "member", "password": "correct horse battery staple"})
    key = client.session.session_key
    assert live_sessions([key]) == {key}
    moderation.suspend_user(moderator, user=scene.member.pk, reason=REASON)
    assert live_sessions([key]) == set()


def test_nobody_suspends_or_restores_themselves(moderator: User, administrator: User) -> None:
    for actor in (moderator, administrator):
        for act in (moderation.suspend_user, moderation.restore_user):
            refused(ErrorCode.FORBIDDEN, partial(act, actor, user=actor.pk, reason=REASON))
    assert not User.objects.filter(is_active=False).exists()


def test_only_superusers_decide_about_superusers(moderator: User, administrator: User) -> None:
    for act in (moderation.suspend_user, moderation.restore_user):
        of_superuser = partial(act, moderator, user=administrator.pk, reason=REASON)
        refused(ErrorCode.FORBIDDEN, of_superuser)
    second = person("second", is_staff=True, is_superuser=True)
    moderation.suspend_user(administrator, user=second.pk, reason=REASON)
    # Who was just suspended cannot return the favour, so one is always left.
    refused(
        ErrorCode.FORBIDDEN,
        lambda: moderation.suspend_user(second, user=administrator.pk, reason=REASON),
    )


def test_a_hidden_message_reads_as_deleted_until_it_is_shown(moderator: User, scene: Scene) -> None:
    messages.edit_message(scene.member, message=scene.message.pk, body="you dear fools")
    hidden = moderation.hide_message(moderator, message=scene.message.pk, reason=REASON)
    assert '"hidden":true' in hidden.encoded
    assert "fools" not in hidden.encoded
    assert hidden.position == 3
    assert queries.revisions(scene.owner, scene.message.pk) == []
    shown = moderation.show_message(moderator, message=scene.message.pk, reason=REASON)
    assert "you dear fools" in shown.encoded
    assert shown.position == 4


def test_showing_brings_back_nothing_that_its_sender_deleted(moderator: User, scene: Scene) -> None:
    moderation.hide_message(moderator, message=scene.message.pk, reason=REASON)
    messages.delete_message(scene.member, message=scene.message.pk)
    shown = moderation.show_message(moderator, message=scene.message.pk, reason=REASON)
    assert '"deleted":true' in shown.encoded
    assert "fools" not in shown.encoded


def test_a_removed_member_is_out_and_the_room_has_an_owner(moderator: User, scene: Scene) -> None:
    moderation.remove_member(moderator, room=scene.room.pk, user=scene.owner.pk, reason=REASON)
    assert not Membership.objects.filter(user=scene.owner).exists()
    assert Membership.objects.filter(room=scene.room, role="owner").exists()


def test_nobody_is_removed_from_a_direct_room(moderator: User, owner: User, member: User) -> None:
    room, _ = rooms.open_room(owner, kind="direct", members=["member"])
    refused(
        ErrorCode.FORBIDDEN,
        lambda: moderation.remove_member(moderator, room=room.pk, user=member.pk, reason=REASON),
    )
    assert room.memberships.count() == 2


def test_a_closed_room_can_be_read_only(moderator: User, scene: Scene) -> None:
    moderation.close_room(moderator, room=scene.room.pk, reason=REASON)
    send = lambda: messages.send_message(  # noqa: E731
        scene.owner, room=scene.room.pk, client_id=uuid.uuid4(), body="and yet"
    )
    refused(ErrorCode.FORBIDDEN, send)
    assert queries.history(scene.owner, scene.room.pk, before=None, after=None, limit=5)[0]
    moderation.reopen_room(moderator, room=scene.room.pk, reason=REASON)
    send()


def test_a_report_is_settled_once(moderator: User, administrator: User, scene: Scene) -> None:
    settled = moderation.settle_report(moderator, report=scene.report.pk, resolution="warned")
    assert (settled.resolution, settled.settled_by_id) == ("warned", moderator.pk)
    refused(
        ErrorCode.CONFLICT,
        lambda: moderation.settle_report(administrator, report=scene.report.pk, resolution="no"),
    )
    assert Report.objects.get().resolution == "warned"
    assert entry().reason == "warned"


def test_a_report_made_again_is_open_again(moderator: User, scene: Scene) -> None:
    moderation.settle_report(moderator, report=scene.report.pk, resolution="harmless")
    messages.edit_message(scene.member, message=scene.message.pk, body="much worse")
    messages.report_message(scene.owner, message=scene.message.pk, reason="now look")
    report = Report.objects.get()
    assert (report.settled_at, report.body, report.reason) == (None, "much worse", "now look")


def test_the_context_of_a_report_is_a_few_messages_around_it(moderator: User, scene: Scene) -> None:
    for number in range(20):
        messages.send_message(
            scene.owner, room=scene.room.pk, client_id=uuid.uuid4(), body=f"line {number}"
        )
    row = Message.objects.get(room=scene.room, number=10)
    report = messages.report_message(scene.member, message=row.pk, reason="what is this")
    around = moderation.reveal_context(moderator, report=report.pk, reason=REASON)
    assert [each.number for each in around] == list(range(5, 16))


@pytest.mark.parametrize(
    "act",
    [
        lambda actor, id: moderation.suspend_user(actor, user=id, reason=REASON),
        lambda actor, id: moderation.restore_user(actor, user=id, reason=REASON),
        lambda actor, id: moderation.hide_message(actor, message=id, reason=REASON),
        lambda actor, id: moderation.show_message(actor, message=id, reason=REASON),
        lambda actor, id: moderation.remove_member(actor, room=id, user=actor.pk, reason=REASON),
        lambda actor, id: moderation.close_room(actor, room=id, reason=REASON),
        lambda actor, id: moderation.reopen_room(actor, room=id, reason=REASON),
        lambda actor, id: moderation.settle_report(actor, report=id, resolution=REASON),
        lambda actor, id: moderation.reveal_message(actor, message=id, reason=REASON),
        lambda actor, id: moderation.reveal_context(actor, report=id, reason=REASON),
        lambda actor, id: moderation.reveal_attachment(actor, attachment=id, reason=REASON),
    ],
)
def test_what_does_not_exist_is_not_found_and_not_recorded(
    act: Callable[[User, uuid.UUID], Any], moderator: User
) -> None:
    refused(ErrorCode.NOT_FOUND, lambda: act(moderator, uuid.uuid4()))
    assert not AuditEntry.objects.exists()


# -- The audit log ---------------------------------------------------------------------------


@pytest.fixture
def recorded(moderator: User, scene: Scene) -> AuditEntry:
    moderation.close_room(moderator, room=scene.room.pk, reason=REASON)
    return entry()


def _bulk_update(row: AuditEntry) -> Any:
    row.reason = "other"
    return AuditEntry.objects.bulk_update([row], ["reason"])


def _save(row: AuditEntry) -> Any:
    row.reason = "other"
    return row.save()


def _save_as_new(row: AuditEntry) -> Any:
    AuditEntry(
        id=row.pk, actor="x", action="x", target_type="x", target_id="x", target="x", reason="x"
    ).save()


@pytest.mark.parametrize(
    "change",
    [
        _save,
        _save_as_new,
        _bulk_update,
        lambda row: row.delete(),
        lambda row: AuditEntry.objects.all().delete(),
        lambda row: AuditEntry.objects.update(reason="other"),
        lambda row: AuditEntry._base_manager.update(reason="other"),
        lambda row: AuditEntry._default_manager.filter(pk=row.pk).update(reason="other"),
        lambda row: AuditEntry.objects.update_or_create(pk=row.pk, defaults={"reason": "other"}),
        lambda row: AuditEntry.objects.bulk_create(
            [row], update_conflicts=True, unique_fields=["id"], update_fields=["reason"]
        ),
        lambda row: row.save_base(raw=True),
        lambda row: AuditEntry.objects.all()._raw_delete("default"),
    ],
)
def test_an_entry_cannot_be_changed_or_deleted(
    change: Callable[[AuditEntry], Any], recorded: AuditEntry
) -> None:
    before = AuditEntry.objects.values().get()
    with pytest.raises((TypeError, DatabaseError)), transaction.atomic():
        change(recorded)
    assert AuditEntry.objects.values().get() == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE chat_auditentry SET reason = 'other'",
        "DELETE FROM chat_auditentry",
        "INSERT OR REPLACE INTO chat_auditentry SELECT * FROM chat_auditentry",
    ],
)
def test_sql_cannot_change_an_entry_either(statement: str, recorded: AuditEntry) -> None:
    before = AuditEntry.objects.values().get()
    with (
        pytest.raises(IntegrityError if connection.vendor == "sqlite" else DatabaseError),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert AuditEntry.objects.values().get() == before


def test_an_entry_outlives_what_it_speaks_of(recorded: AuditEntry, scene: Scene) -> None:
    scene.room.delete()
    assert entry().target == "Plans (private)"


# -- The group -------------------------------------------------------------------------------


def test_the_moderators_group_has_every_permission_it_names(db: None) -> None:
    group = Group.objects.get(name=moderators.NAME)
    named = {name for names in moderators.PERMISSIONS.values() for name in names}
    assert set(group.permissions.values_list("codename", flat=True)) == named
    needed = {permission for _, permission, _ in ACTIONS.values()}
    assert needed <= named


def test_the_group_stays_as_administrators_have_changed_it(db: None) -> None:
    group = Group.objects.get(name=moderators.NAME)
    group.permissions.remove(Permission.objects.get(codename="close_room"))
    moderators.make_group("default")
    audit_triggers.install("default")
    assert Group.objects.count() == 1
    assert not group.permissions.filter(codename="close_room").exists()


def test_a_group_that_a_crash_left_empty_is_filled(db: None) -> None:
    group = Group.objects.get(name=moderators.NAME)
    group.permissions.clear()
    moderators.make_group("default")
    assert group.permissions.filter(codename="close_room").exists()
