"""What moderators do: who may, what it does, and that the audit log has it."""

import uuid
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, NamedTuple

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import transaction

from accounts.models import User
from accounts.sessions.signed_in import live_sessions
from chat.actions import messages
from chat.models import Attachment, AuditEntry, Membership, Message, Report, Room
from chat.moderation import actions as moderation
from chat.moderation import moderators
from chat.protocol import ErrorCode
from chat.queries import room_log
from tests.chat.conftest import refused, say
from tests.conftest import PASSWORD, person
from tests.support.cases import first_on_all

REASON = "Three people asked for it."


class Action(NamedTuple):
    about: tuple[str, ...]
    """The keywords that say what it is done to."""
    permission: str
    recorded_as: str
    """What the audit log calls what it was done to."""


MESSAGE = "#1 by member in Plans (private)"

ACTIONS = {
    "suspend_user": Action(("user",), "suspend_user", "member"),
    "restore_user": Action(("user",), "suspend_user", "member"),
    "hide_message": Action(("message",), "hide_message", MESSAGE),
    "show_message": Action(("message",), "hide_message", MESSAGE),
    "remove_member": Action(("room", "user"), "remove_member", "member from Plans (private)"),
    "appoint_owner": Action(("room", "user"), "remove_member", "member of Plans (private)"),
    "close_room": Action(("room",), "close_room", "Plans (private)"),
    "reopen_room": Action(("room",), "close_room", "Plans (private)"),
    "settle_report": Action(("report",), "settle_report", f"Report of {MESSAGE}"),
    "reveal_message": Action(("message",), "reveal_message", MESSAGE),
    "reveal_context": Action(("report",), "reveal_message", f"Report of {MESSAGE}"),
    "reveal_attachment": Action(("attachment",), "reveal_message", "image/png by member"),
}
STRICTER = ("suspend_user", "hide_message", "remove_member", "close_room")
LOOSER = {  # and what has to be done before
    "restore_user": "suspend_user",
    "show_message": "hide_message",
    "reopen_room": "close_room",
    "appoint_owner": None,
    "settle_report": None,
}

every_action = pytest.mark.parametrize("name", ACTIONS)


# Something to moderate: a message of the member's, reported by the owner.


@pytest.fixture
def message(private_room: Room, member: User) -> Message:
    return say(member, private_room, "you fools")


@pytest.fixture
def report(message: Message, owner: User) -> Report:
    return messages.report_message(owner, message=message.pk, reason="rude")


@pytest.fixture
def attachment(member: User) -> Attachment:
    return Attachment.objects.create(
        owner=member, name="plan.png", content_type="image/png", size=3, file="attachments/none"
    )


def act(name: str, actor: User, *, reason: str = REASON, **about: uuid.UUID) -> Any:
    """One of ``ACTIONS``, by its name."""
    said = "resolution" if name == "settle_report" else "reason"
    return getattr(moderation, name)(actor, **about, **{said: reason})


Do = Callable[..., Any]


@pytest.fixture
def things(
    member: User, private_room: Room, message: Message, report: Report, attachment: Attachment
) -> dict[str, uuid.UUID]:
    """What there is to moderate, by the keywords of ``ACTIONS``."""
    return {
        "user": member.pk,
        "room": private_room.pk,
        "message": message.pk,
        "report": report.pk,
        "attachment": attachment.pk,
    }


@pytest.fixture
def do(things: dict[str, uuid.UUID]) -> Do:
    """Does one of ``ACTIONS`` to what there is to moderate."""

    def do(name: str, actor: User, reason: str = REASON) -> Any:
        return act(name, actor, reason=reason, **{key: things[key] for key in ACTIONS[name].about})

    return do


def state() -> dict[str, list[Any]]:
    """All that moderation can change."""
    return {
        "users": list(User.objects.order_by("pk").values("username", "is_active")),
        "messages": list(Message.objects.order_by("pk").values("position", "hidden_at")),
        "rooms": list(Room.objects.order_by("pk").values("closed_at", "members_version")),
        "memberships": list(Membership.objects.order_by("pk").values("user_id", "room_id")),
        "reports": list(
            Report.objects.order_by("pk").values("settled_at", "settled_by", "resolution")
        ),
        "audit": list(AuditEntry.objects.order_by("pk").values()),
    }


def refused_without_a_trace(code: ErrorCode, action: Do, *args: Any, **kwargs: Any) -> None:
    before = state()
    refused(code, action, *args, **kwargs)
    assert state() == before


# -- Every action ----------------------------------------------------------------------------


@every_action
def test_a_moderators_action_is_recorded_once(
    name: str, moderator: User, do: Do, things: dict[str, uuid.UUID]
) -> None:
    do(name, moderator, f"  {REASON}\n")
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action) == ("moderator", name)
    assert (entry.target, entry.reason) == (ACTIONS[name].recorded_as, REASON)
    about = ACTIONS[name].about[-1]
    assert (entry.target_type, entry.target_id) == (about, str(things[about]))


@every_action
def test_whoever_has_the_one_permission_may_do_it(name: str, staff: User, do: Do) -> None:
    staff.user_permissions.add(Permission.objects.get(codename=ACTIONS[name].permission))
    do(name, staff)
    assert AuditEntry.objects.filter(action=name).count() == 1


@every_action
def test_staff_without_the_permission_may_not(name: str, staff: User, do: Do) -> None:
    ours = Permission.objects.filter(content_type__app_label__in=["accounts", "chat"])
    staff.user_permissions.set(ours.exclude(codename=ACTIONS[name].permission))
    refused_without_a_trace(ErrorCode.FORBIDDEN, do, name, staff)


@pytest.mark.parametrize("who", first_on_all(["owner", "member", "outsider", "suspended"]))
@every_action
def test_the_cast_may_not_even_with_the_permissions(
    name: str, who: str, do: Do, request: pytest.FixtureRequest
) -> None:
    person = request.getfixturevalue(who)
    person.groups.add(Group.objects.get(name=moderators.NAME))
    refused_without_a_trace(ErrorCode.FORBIDDEN, do, name, person)


@every_action
def test_a_moderator_who_was_suspended_meanwhile_may_not(
    name: str, moderator: User, do: Do
) -> None:
    User.objects.filter(pk=moderator.pk).update(is_active=False)
    refused_without_a_trace(ErrorCode.FORBIDDEN, do, name, moderator)


@pytest.mark.parametrize("reason", first_on_all(["", " \n ", "x" * 2_001, "nul\0"]))
@every_action
def test_nothing_is_done_without_a_reason(name: str, reason: str, moderator: User, do: Do) -> None:
    refused_without_a_trace(ErrorCode.BAD_REQUEST, do, name, moderator, reason)


@every_action
def test_what_does_not_exist_is_not_found_and_not_recorded(name: str, moderator: User) -> None:
    nothing = dict.fromkeys(ACTIONS[name].about, uuid.uuid4())
    refused_without_a_trace(ErrorCode.NOT_FOUND, act, name, moderator, **nothing)


@pytest.mark.parametrize("name", ACTIONS.keys() - {"settle_report"})
def test_doing_it_again_is_harmless_and_recorded(name: str, moderator: User, do: Do) -> None:
    states = []
    for reason in ("first", "second"):
        do(name, moderator, reason)
        states.append(state())
        del states[-1]["audit"]
        for row in states[-1]["rooms"]:
            # Closed again, at a later time, and told again.
            del row["closed_at"], row["members_version"]
    assert states[0] == states[1]
    assert sorted(each.reason for each in AuditEntry.objects.all()) == ["first", "second"]


class CrashError(Exception):
    pass


@pytest.fixture
def without_transactions(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on MongoDB: each write stays, whatever happens after it."""
    monkeypatch.setattr(transaction, "atomic", lambda **options: nullcontext())


@pytest.mark.usefixtures("without_transactions")
@pytest.mark.parametrize("name", STRICTER)
def test_a_crash_before_the_record_leaves_the_stricter_state(
    name: str, moderator: User, do: Do, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*args: Any) -> None:
        raise CrashError

    before = state()
    with monkeypatch.context() as patched, pytest.raises(CrashError):
        patched.setattr(moderation, "_record", crash)
        do(name, moderator)
    assert state() != before
    do(name, moderator)
    assert AuditEntry.objects.get().action == name


@pytest.mark.usefixtures("without_transactions")
@pytest.mark.parametrize(("name", "done_before"), LOOSER.items())
def test_a_crash_after_the_record_leaves_the_stricter_state(
    name: str, done_before: str | None, moderator: User, do: Do, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = moderation._record

    def crash(*args: Any) -> None:
        record(*args)
        raise CrashError

    if done_before:
        do(done_before, moderator)
    before = state() | {"audit": None}
    with monkeypatch.context() as patched, pytest.raises(CrashError):
        patched.setattr(moderation, "_record", crash)
        do(name, moderator)
    assert state() | {"audit": None} == before
    assert AuditEntry.objects.filter(action=name).count() == 1
    do(name, moderator)
    assert state() | {"audit": None} != before


# -- What each of them does ------------------------------------------------------------------


def test_a_suspended_person_is_out_and_comes_back(
    moderator: User, member: User, private_room: Room, do: Do
) -> None:
    do("suspend_user", moderator)
    assert not User.objects.get(pk=member.pk).is_active
    refused(ErrorCode.NOT_FOUND, say, member, private_room)
    do("restore_user", moderator)
    say(member, private_room)


def test_suspension_ends_the_sessions(moderator: User, do: Do, client: Any) -> None:
    client.post("/accounts/login/", {"login": "member", "password": PASSWORD})
    key = client.session.session_key
    assert live_sessions([key]) == {key}
    do("suspend_user", moderator)
    assert live_sessions([key]) == set()


@pytest.mark.parametrize("name", ["suspend_user", "restore_user"])
def test_nobody_suspends_or_restores_themselves(
    name: str, moderator: User, administrator: User
) -> None:
    for actor in (moderator, administrator):
        refused_without_a_trace(ErrorCode.FORBIDDEN, act, name, actor, user=actor.pk)


@pytest.mark.parametrize("name", ["suspend_user", "restore_user"])
def test_only_superusers_decide_about_superusers(
    name: str, moderator: User, administrator: User
) -> None:
    refused_without_a_trace(ErrorCode.FORBIDDEN, act, name, moderator, user=administrator.pk)
    second = person("second", is_staff=True, is_superuser=True)
    act(name, administrator, user=second.pk)


def test_two_superusers_do_not_suspend_each_other(administrator: User) -> None:
    second = person("second", is_staff=True, is_superuser=True)
    act("suspend_user", administrator, user=second.pk)
    # Who was just suspended cannot return the favour, so one is always left.
    refused(ErrorCode.FORBIDDEN, act, "suspend_user", second, user=administrator.pk)


def test_a_hidden_message_reads_as_deleted_until_it_is_shown(
    moderator: User, owner: User, member: User, message: Message, do: Do
) -> None:
    messages.edit_message(member, message=message.pk, body="you dear fools")
    hidden = do("hide_message", moderator)
    assert '"hidden":true' in hidden.encoded
    assert "fools" not in hidden.encoded
    assert hidden.position == 3
    assert room_log.revisions(owner, message.pk) == ([], False)
    shown = do("show_message", moderator)
    assert "you dear fools" in shown.encoded
    assert shown.position == 4


def test_showing_brings_back_nothing_that_its_sender_deleted(
    moderator: User, member: User, message: Message, do: Do
) -> None:
    do("hide_message", moderator)
    messages.delete_message(member, message=message.pk)
    shown = do("show_message", moderator)
    assert '"deleted":true' in shown.encoded
    assert "fools" not in shown.encoded


def test_a_removed_owner_is_out_and_the_room_has_another(
    moderator: User, owner: User, private_room: Room
) -> None:
    act("remove_member", moderator, room=private_room.pk, user=owner.pk)
    assert not Membership.objects.filter(user=owner).exists()
    assert Membership.objects.filter(room=private_room, role="owner").exists()


def test_nobody_is_removed_from_a_direct_room(
    moderator: User, member: User, direct_room: Room
) -> None:
    room = direct_room.pk
    refused(ErrorCode.FORBIDDEN, act, "remove_member", moderator, room=room, user=member.pk)
    assert direct_room.memberships.count() == 2


def test_a_closed_room_can_be_read_only(
    moderator: User, owner: User, private_room: Room, do: Do
) -> None:
    do("close_room", moderator)
    refused(ErrorCode.FORBIDDEN, say, owner, private_room)
    assert room_log.history(owner, private_room.pk, before=None, after=None, limit=5)[0]
    do("reopen_room", moderator)
    say(owner, private_room)


def test_a_report_is_settled_once_and_alone(
    moderator: User, administrator: User, member: User, message: Message, do: Do
) -> None:
    other = messages.report_message(member, message=message.pk, reason="my own fault")
    settled = do("settle_report", moderator, "warned")
    assert (settled.resolution, settled.settled_by_id) == ("warned", moderator.pk)
    assert [each.pk for each in Report.objects.filter(settled_at=None)] == [other.pk]
    refused_without_a_trace(ErrorCode.CONFLICT, do, "settle_report", administrator, "no")


def test_a_report_made_again_is_open_again(
    moderator: User, owner: User, member: User, message: Message, do: Do
) -> None:
    do("settle_report", moderator, "harmless")
    messages.edit_message(member, message=message.pk, body="much worse")
    messages.report_message(owner, message=message.pk, reason="now look")
    report = Report.objects.get()
    assert (report.settled_at, report.body, report.reason) == (None, "much worse", "now look")


def test_the_context_of_a_report_is_a_few_messages_around_it(
    moderator: User, owner: User, member: User, private_room: Room
) -> None:
    said = [say(owner, private_room) for _ in range(20)]
    report = messages.report_message(member, message=said[9].pk, reason="what is this")
    around = act("reveal_context", moderator, report=report.pk)
    assert [each.number for each in around] == list(range(5, 16))
