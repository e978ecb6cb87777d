import re
import uuid
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from chat.actions import messages, rooms
from chat.models import Attachment, AuditEntry, Membership, Message, Report, Room
from chat.moderation import actions as moderation
from chat.moderation import moderators
from tests.chat.conftest import say
from tests.conftest import PASSWORD, person

SECRET = "the hamster knows"
REPORTED = "you are all fools"
REASON = "Because it has to be."

LISTS = [
    "chat/report",
    "chat/message",
    "chat/attachment",
    "chat/room",
    "chat/membership",
    "chat/auditentry",
    "accounts/user",
]


@pytest.fixture(autouse=True)
def quiet_log(caplog: pytest.LogCaptureFixture) -> None:
    """Every refusal would be logged with all that was in memory."""
    caplog.set_level("ERROR", logger="django.request")
    caplog.set_level("CRITICAL", logger="django.security")


@pytest.fixture(autouse=True)
def things(moderator: User, private_room: Room, owner: User, member: User) -> dict[str, Model]:
    """One of each thing that the admin shows; the quiet message is reported by nobody."""
    quiet = say(owner, private_room, f"draft: {SECRET}")
    messages.edit_message(owner, message=quiet.pk, body=SECRET)
    reported = say(member, private_room, REPORTED)
    report = messages.report_message(owner, message=reported.pk, reason="<b>rude</b>")
    file = Attachment(
        owner=owner, name="plan.png", content_type="image/png", size=5, message=quiet.pk
    )
    file.room = private_room.pk
    file.file.save("stored.png", ContentFile(b"bytes"), save=True)
    direct, _ = rooms.open_room(owner, kind="direct", members=["member"])
    moderation.close_room(moderator, room=direct.pk, reason="It was quiet.")
    deserted = Room.objects.create(kind="private", name="Nobody's")
    Membership.objects.create(room=deserted, user=member)
    return {
        "quiet": quiet,
        "message": reported,
        "report": report,
        "attachment": file,
        "room": private_room,
        "direct": direct,
        "deserted": deserted,
        "membership": Membership.objects.get(room=private_room, user=member),
        "auditentry": AuditEntry.objects.get(),
        "user": member,
    }


def signed_in(user: User, **options: Any) -> Client:
    client = Client(**options)
    client.force_login(user)
    return client


def page(model: str, *parts: Any) -> str:
    return "/".join(["/admin", model, *map(str, parts), ""])


def deciding(model: str, name: str, *rows: Model, **more: str) -> str:
    query = [("id", str(row.pk)) for row in rows] + list(more.items())
    return f"{page(model, 'decide', name)}?{urlencode(query)}"


def details(things: dict[str, Model]) -> list[str]:
    return [page(model, things[model.split("/")[1]].pk, "change") for model in LISTS]


DECISIONS = [
    ("accounts/user", "suspend_user", "user"),
    ("accounts/user", "restore_user", "user"),
    ("chat/message", "hide_message", "message"),
    ("chat/message", "show_message", "message"),
    ("chat/message", "reveal_message", "quiet"),
    ("chat/attachment", "reveal_attachment", "attachment"),
    ("chat/membership", "remove_member", "membership"),
    ("chat/membership", "appoint_owner", "membership"),
    ("chat/room", "close_room", "room"),
    ("chat/room", "reopen_room", "room"),
    ("chat/room", "find_owner", "deserted"),
    ("chat/report", "settle_report", "report"),
    ("chat/report", "reveal_context", "report"),
]


# -- Who may open what -----------------------------------------------------------------------


@pytest.mark.parametrize("who", ["administrator", "moderator"])
def test_every_page_opens(
    who: str, things: dict[str, Model], request: pytest.FixtureRequest
) -> None:
    client = signed_in(request.getfixturevalue(who))
    assert client.get("/admin/").status_code == 200
    for model in LISTS:
        assert client.get(page(model)).status_code == 200, model
        assert client.get(page(model), {"q": "member"}).status_code == 200, model
    for address in details(things):
        assert client.get(address).status_code == 200, address
    for model, name, thing in DECISIONS:
        answer = client.get(deciding(model, name, things[thing]))
        assert answer.status_code == 200, name
        assert "Reason" in answer.content.decode()


def test_administrators_also_have_groups_and_a_page_for_new_people(administrator: User) -> None:
    client = signed_in(administrator)
    group = Group.objects.get(name=moderators.NAME)
    for address in (page("auth/group"), page("auth/group", group.pk, "change")):
        assert client.get(address).status_code == 200
    assert client.get(page("accounts/user", "add")).status_code == 200
    password = page("accounts/user", administrator.pk, "password")
    assert client.get(password).status_code == 200


def test_staff_see_what_they_have_permission_for(staff: User, things: dict[str, Model]) -> None:
    client = signed_in(staff)
    assert "Open reports" not in client.get("/admin/").content.decode()
    for address in [*map(page, LISTS), *details(things)]:
        assert client.get(address).status_code == 403, address
    staff.user_permissions.add(Permission.objects.get(codename="view_report"))
    client = signed_in(staff)
    front = client.get("/admin/").content.decode()
    assert "Open reports" in front
    assert "Messages today" not in front
    assert client.get(page("chat/report")).status_code == 200
    for model, name, thing in DECISIONS:
        assert client.get(deciding(model, name, things[thing])).status_code == 403, name


@pytest.mark.parametrize("who", ["owner", "member", "outsider", "suspended", None])
def test_everyone_else_gets_the_sign_in_and_changes_nothing(
    who: str | None, things: dict[str, Model], request: pytest.FixtureRequest
) -> None:
    client = signed_in(request.getfixturevalue(who)) if who else Client()
    before = _everything()
    for address in ["/admin/", *map(page, LISTS), *details(things), page("accounts/user", "add")]:
        answer = client.get(address)
        assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/admin/login/")
    for model, name, thing in DECISIONS:
        answer = client.post(deciding(model, name, things[thing]), {"reason": REASON})
        assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/admin/login/")
    assert _everything() == before


def _everything() -> list[Any]:
    return [
        list(model.objects.order_by("pk").values())
        for model in (User, Room, Membership, Message, Report, AuditEntry)
    ]


def test_a_thing_that_is_not_there_is_not_found(administrator: User) -> None:
    client = signed_in(administrator)
    for model, name, _ in DECISIONS:
        assert client.get(page(model, "decide", name)).status_code == 404
        for id in (uuid.uuid4(), "nonsense"):
            assert client.get(f"{page(model, 'decide', name)}?id={id}").status_code == 404
    assert client.get(page("chat/room", "decide", "blow_up")).status_code == 404


# -- Deciding --------------------------------------------------------------------------------


@pytest.mark.parametrize(("model", "name", "thing"), DECISIONS)
def test_a_decision_takes_a_reason_and_is_recorded(
    model: str, name: str, thing: str, moderator: User, things: dict[str, Model]
) -> None:
    client = signed_in(moderator)
    address = deciding(model, name, things[thing])
    before = _everything()
    assert client.get(address).status_code == 200
    unreasoned = client.post(address, {"reason": "  "})
    assert "This field is required" in unreasoned.content.decode()
    assert _everything() == before
    assert client.post(address, {"reason": REASON}).status_code in (200, 302)
    entry = AuditEntry.objects.get(action=name, reason=REASON)
    assert entry.actor == "moderator"


@pytest.mark.once
@pytest.mark.parametrize(("model", "name", "thing"), DECISIONS)
def test_a_decision_cannot_be_sent_from_another_site(
    model: str, name: str, thing: str, administrator: User, things: dict[str, Model]
) -> None:
    client = signed_in(administrator, enforce_csrf_checks=True)
    before = _everything()
    answer = client.post(deciding(model, name, things[thing]), {"reason": REASON})
    assert answer.status_code == 403
    assert _everything() == before


@pytest.mark.once
@pytest.mark.parametrize(("model", "name", "thing"), DECISIONS)
def test_looking_at_the_question_decides_nothing(
    model: str, name: str, thing: str, administrator: User, things: dict[str, Model]
) -> None:
    client = signed_in(administrator)
    before = _everything()
    client.get(deciding(model, name, things[thing], reason=REASON))
    assert _everything() == before


def test_many_are_decided_about_at_once(
    moderator: User, owner: User, member: User, outsider: User
) -> None:
    client = signed_in(moderator)
    chosen = {"action": "suspend_user", "_selected_action": [owner.pk, member.pk, moderator.pk]}
    asked = client.post(page("accounts/user"), chosen)
    assert asked.status_code == 302
    question = client.get(asked["Location"]).content.decode()
    assert "owner" in question
    answer = client.post(asked["Location"], {"reason": REASON}, follow=True)
    told = [str(message) for message in answer.context["messages"]]
    assert any("owner, " in text or "member" in text for text in told)
    assert any(text.startswith("moderator: Ask another moderator") for text in told)
    suspended = User.objects.filter(is_active=False).values_list("username", flat=True)
    assert set(suspended) == {"owner", "member", "suspended"}
    assert AuditEntry.objects.filter(action="suspend_user").count() == 2


def test_too_many_at_once_are_refused(moderator: User) -> None:
    people = [person(f"crowd{number}") for number in range(101)]
    chosen = {
        "action": "suspend_user",
        "select_across": "1",
        "_selected_action": [people[0].pk],
    }
    answer = signed_in(moderator).post(page("accounts/user"), chosen, follow=True)
    assert "at most 100" in answer.content.decode()


@pytest.mark.once
def test_the_way_back_never_leads_to_another_site(
    moderator: User, things: dict[str, Model]
) -> None:
    client = signed_in(moderator)
    for away in ("https://evil.example/", "//evil.example/", "javascript:alert(1)"):
        address = deciding("chat/room", "close_room", things["room"], next=away)
        assert "evil" not in client.get(address).content.decode().split("<form")[1]
        assert client.post(address, {"reason": REASON})["Location"] == page("chat/room")
    back = page("chat/report")
    address = deciding("chat/room", "close_room", things["room"], next=back)
    assert client.post(address, {"reason": REASON})["Location"] == back


def test_a_report_offers_what_can_be_done_about_it(
    moderator: User, things: dict[str, Model]
) -> None:
    client = signed_in(moderator)
    address = page("chat/report", things["report"].pk, "change")
    text = client.get(address).content.decode()
    assert REPORTED in text
    assert "&lt;b&gt;rude&lt;/b&gt;" in text
    assert "<b>rude" not in text
    for name in ("settle_report", "reveal_context", "hide_message", "suspend_user"):
        link = re.search(rf'href="([^"]+decide/{name}/[^"]+)"', text)
        assert link, name
        answer = client.post(link[1].replace("&amp;", "&"), {"reason": REASON})
        assert answer.status_code in (200, 302)
    text = client.get(address).content.decode()
    for name in ("settle_report", "hide_message", "suspend_user"):
        assert f"decide/{name}/" not in text
    assert Report.objects.filter(settled_at__isnull=False, resolution=REASON).exists()
    assert things["report"].pk.hex not in client.get(page("chat/report")).content.decode()


# -- What is not shown -----------------------------------------------------------------------


@pytest.mark.parametrize("who", ["administrator", "moderator"])
def test_what_nobody_reported_is_on_no_page(
    who: str, things: dict[str, Model], request: pytest.FixtureRequest
) -> None:
    client = signed_in(request.getfixturevalue(who))
    for address in [
        "/admin/",
        *map(page, LISTS),
        f"{page('chat/message')}?which=all",
        f"{page('chat/message')}?which=all&room__id__exact={things['room'].pk}",
        *details(things),
        page("chat/message", things["quiet"].pk, "change"),
        *(deciding(model, name, things[thing]) for model, name, thing in DECISIONS),
    ]:
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert "hamster" not in answer.content.decode(), address


def test_revealing_shows_it_once_with_what_it_said_before(
    moderator: User, things: dict[str, Model]
) -> None:
    client = signed_in(moderator)
    address = deciding("chat/message", "reveal_message", things["quiet"])
    shown = client.post(address, {"reason": REASON}).content.decode()
    assert SECRET in shown
    assert f"draft: {SECRET}" in shown
    assert "hamster" not in client.get(address).content.decode()
    assert AuditEntry.objects.filter(action="reveal_message", reason=REASON).count() == 1


def test_the_context_of_a_report_is_shown_for_a_reason(
    moderator: User, things: dict[str, Model]
) -> None:
    address = deciding("chat/report", "reveal_context", things["report"])
    shown = signed_in(moderator).post(address, {"reason": REASON}).content.decode()
    assert SECRET in shown
    assert REPORTED in shown


@pytest.mark.once
def test_a_file_is_downloaded_for_a_reason_and_never_shown_in_place(
    moderator: User, things: dict[str, Model]
) -> None:
    client = signed_in(moderator)
    change = client.get(page("chat/attachment", things["attachment"].pk, "change"))
    assert "/media/" not in change.content.decode()
    address = deciding("chat/attachment", "reveal_attachment", things["attachment"])
    answer = client.post(address, {"reason": REASON})
    with pytest.warns(Warning, match="must consume asynchronous iterators"):  # not a server
        assert b"".join(answer) == b"bytes"
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment;")
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.once
@pytest.mark.parametrize(
    ("model", "lookup"),
    [
        ("chat/message", "body__startswith=the"),
        ("chat/message", "html__contains=hamster"),
        ("chat/message", "revisions__body__contains=draft"),
        ("chat/message", "which=all&body__regex=."),
        ("chat/report", "message__room__messages__body__contains=hamster"),
        ("chat/report", "body__contains=fools"),
        ("chat/room", "messages__body__contains=hamster"),
        ("chat/room", "direct_key__contains=a"),
        ("chat/membership", "user__password__startswith=m"),
        ("chat/attachment", "file__startswith=attachments"),
        ("accounts/user", "password__startswith=md5"),
        ("accounts/user", "email__contains=@"),
        ("accounts/user", "is_active__exact=1&messages__body__contains=hamster"),
    ],
)
def test_a_list_cannot_be_asked_about_what_it_does_not_show(
    model: str, lookup: str, administrator: User
) -> None:
    assert signed_in(administrator).get(f"{page(model)}?{lookup}").status_code == 400


@pytest.mark.parametrize("text", ["hamster", "fools", "plan.png"])
def test_searching_does_not_look_into_what_is_not_shown(text: str, moderator: User) -> None:
    client = signed_in(moderator)
    for model in ("chat/message", "chat/room", "chat/membership", "chat/attachment"):
        everything = {"which": "all"} if model == "chat/message" else {}
        answer = client.get(page(model), {"q": text, **everything})
        assert answer.context["cl"].result_count == 0, model


def test_moderators_do_not_see_addresses_and_roles(moderator: User, member: User) -> None:
    User.objects.filter(pk=member.pk).update(email="member@example.org")
    address = page("accounts/user", member.pk, "change")
    assert "member@example.org" not in signed_in(moderator).get(address).content.decode()


@pytest.mark.once
def test_second_factors_sessions_and_addresses_have_no_pages(administrator: User) -> None:
    client = signed_in(administrator)
    for model in ("mfa/authenticator", "usersessions/usersession", "account/emailaddress"):
        assert client.get(page(model)).status_code == 404


# -- What cannot be changed ------------------------------------------------------------------


@pytest.mark.parametrize("who", ["administrator", "moderator"])
def test_nothing_is_added_edited_or_deleted_past_the_decisions(
    who: str, things: dict[str, Model], request: pytest.FixtureRequest
) -> None:
    client = signed_in(request.getfixturevalue(who))
    before = _everything()
    for model in LISTS:
        thing = things[model.split("/")[1]]
        if model != "accounts/user":
            assert client.get(page(model, "add")).status_code == 403, model
            edited = client.post(page(model, thing.pk, "change"), {"name": "x", "reason": "x"})
            assert edited.status_code == 403, model
        assert client.post(page(model, thing.pk, "delete"), {"post": "yes"}).status_code == 403
        client.post(
            page(model),
            {"action": "delete_selected", "_selected_action": [thing.pk], "post": "yes"},
        )
    assert _everything() == before


def form_of(client: Client, address: str) -> dict[str, Any]:
    form = client.get(address).context["adminform"].form
    return {
        name: form[name].value() if form[name].value() is not None else ""
        for name in form.fields
        if name != "password"
    }


def test_an_administrator_edits_a_person_but_neither_name_nor_suspension(
    administrator: User, member: User
) -> None:
    client = signed_in(administrator)
    address = page("accounts/user", member.pk, "change")
    fields = form_of(client, address)
    assert not {"username", "is_active"} & fields.keys()
    fields |= {"display_name": "Marie", "username": "other", "is_active": ""}
    assert client.post(address, fields).status_code == 302
    member.refresh_from_db()
    assert (member.username, member.display_name, member.is_active) == ("member", "Marie", True)


@pytest.mark.once
@pytest.mark.parametrize("name", ["abc\u202edef", "\u3164", "Administrator"])
def test_an_administrator_gives_no_name_that_deceives(
    administrator: User, member: User, name: str
) -> None:
    client = signed_in(administrator)
    address = page("accounts/user", member.pk, "change")
    answer = client.post(address, form_of(client, address) | {"display_name": name})
    assert answer.status_code == 200
    assert "display_name" in answer.context["adminform"].form.errors
    member.refresh_from_db()
    assert member.display_name == "Member"


def test_the_last_superuser_stays_one(administrator: User) -> None:
    client = signed_in(administrator)
    address = page("accounts/user", administrator.pk, "change")
    fields = form_of(client, address)
    del fields["is_superuser"]
    assert "This is the last superuser" in client.post(address, fields).content.decode()
    person("second", is_staff=True, is_superuser=True)
    assert client.post(address, fields).status_code == 302
    administrator.refresh_from_db()
    assert not administrator.is_superuser


def test_whoever_may_edit_people_cannot_become_a_superuser(
    staff: User, administrator: User, member: User
) -> None:
    staff.user_permissions.set(
        Permission.objects.filter(codename__in=["view_user", "change_user", "add_user"])
    )
    client = signed_in(staff)
    for someone in (staff, member):
        address = page("accounts/user", someone.pk, "change")
        fields = form_of(client, address)
        assert not {"is_staff", "is_superuser", "groups", "user_permissions"} & fields.keys()
        everything = fields | {"is_superuser": "on", "is_staff": "on"}
        assert client.post(address, everything).status_code == 302
    password = page("accounts/user", administrator.pk, "password")
    new = {"password1": "mine now, thank you", "password2": "mine now, thank you"}
    assert client.post(password, new | {"usable_password": "true"}).status_code == 403
    assert User.objects.get(is_superuser=True).check_password(PASSWORD)
    assert not User.objects.get(pk=member.pk).is_staff


def test_a_new_person_is_named_by_the_same_rules_as_at_sign_up(administrator: User) -> None:
    client = signed_in(administrator)
    passwords = {"password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
    for name in ("everyone", "two words", "MEMBER", "-dash", "x" * 41):
        answer = client.post(page("accounts/user", "add"), {"username": name, **passwords})
        assert answer.status_code == 200, name
    answer = client.post(page("accounts/user", "add"), {"username": "Newcomer", **passwords})
    assert answer.status_code == 302
    assert User.objects.get(username="newcomer").check_password(PASSWORD)


def test_messages_of_today_are_those_since_midnight_on_the_clock_of_who_looks(
    administrator: User, things: dict[str, Model]
) -> None:
    client = signed_in(administrator)

    def midnight(zone: str) -> datetime:
        now = datetime.now(ZoneInfo(zone))
        return now.replace(hour=0, minute=0, second=0, microsecond=0)

    def counted(zone: str) -> int:
        cache.clear()
        client.cookies["timezone"] = zone
        cards = client.get("/admin/").context["cards"]
        return next(count for name, count, _ in cards if name == "Messages today")

    # The two are never on the same day, and each other's midnight is within the last day.
    first, last = sorted(("Pacific/Kiritimati", "Pacific/Pago_Pago"), key=midnight)
    Message.objects.update(created_at=midnight(last) - timedelta(minutes=1))
    assert (counted(first), counted(last)) == (Message.objects.count(), 0)


# -- How much it asks ------------------------------------------------------------------------


@pytest.mark.parametrize("model", LISTS)
def test_a_longer_list_asks_no_more_of_the_database(
    model: str, administrator: User, owner: User, private_room: Room
) -> None:
    client = signed_in(administrator)
    address = f"{page(model)}?which=all" if model == "chat/message" else page(model)
    client.get(address)

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    few = queries()
    for number in range(10):
        someone = person(f"someone{number}")
        rooms.open_room(someone, kind="direct", members=["owner"])
        Membership.objects.create(room=private_room, user=someone)
        message = say(someone, private_room)
        messages.report_message(owner, message=message.pk, reason="dull")
        Attachment.objects.create(
            owner=someone, name="a", content_type="text/plain", size=1, file="attachments/a"
        )
        moderation.hide_message(administrator, message=message.pk, reason="dull")
    assert queries() == few


def test_a_room_with_more_members_asks_no_more(administrator: User, private_room: Room) -> None:
    client = signed_in(administrator)
    address = page("chat/room", private_room.pk, "change")
    client.get(address)
    with CaptureQueriesContext(connection) as few:
        client.get(address)
    for number in range(40):
        Membership.objects.create(room=private_room, user=person(f"someone{number}"))
    with CaptureQueriesContext(connection) as many:
        text = client.get(address).content.decode()
    assert len(many) <= len(few) + 1  # to page them
    assert text.count("decide/remove_member") == 25


def test_rooms_without_owner_are_listed_and_get_one(
    moderator: User, owner: User, private_room: Room, things: dict[str, Model]
) -> None:
    client = signed_in(moderator)

    def listed(which: str) -> set[Model]:
        return set(client.get(page("chat/room"), {"owner": which}).context["cl"].result_list)

    looked_after, _ = rooms.open_room(person("other"), kind="public", name="Lobby")
    assert listed("without") == {things["deserted"]}
    assert listed("with") == {private_room, looked_after}
    everything = client.get(page("chat/room")).content.decode()
    assert "<bdi>owner</bdi>" in everything and "<bdi>other</bdi>" in everything
    assert everything.count(">Nobody</strong>") == 1
    User.objects.filter(pk=owner.pk).update(is_active=False)
    assert listed("without") == {things["deserted"], private_room}
    assert listed("with") == {looked_after}
    change = page("chat/room", private_room.pk, "change")
    assert "Find an owner …" in client.get(change).content.decode()
    address = deciding("chat/room", "find_owner", private_room, looked_after)
    answer = client.post(address, {"reason": REASON}, follow=True).content.decode()
    assert "Find an owner: done for" in answer
    assert "It has an owner, or no member who could become one." in answer
    assert Membership.objects.get(room=private_room, user__username="member").role == "owner"
    assert listed("without") == {things["deserted"]}
    assert "Find an owner …" not in client.get(change).content.decode()


@pytest.mark.once
def test_no_name_turns_the_sentence_it_stands_in(
    moderator: User, private_room: Room, things: dict[str, Model]
) -> None:
    right_to_left, isolated = "שרה", "\u2068שרה\u2069"
    sara = User.objects.create_user(right_to_left, password=PASSWORD)
    room, _ = rooms.open_room(sara, kind="private", name="חדר", members=["member"])
    message = say(sara, room, REPORTED)
    messages.report_message(sara, message=message.pk, reason="rude")
    where = "\u2068חדר\u2069 (private)"
    assert moderation.label(sara) == isolated
    assert moderation.label(room) == where
    assert moderation.label(message) == f"#{message.number} by {isolated} in {where}"
    moderation.hide_message(moderator, message=message.pk, reason="abc\u202edef")
    shown = signed_in(moderator).get(page("chat/message", message.pk, "change")).content.decode()
    assert f"by <bdi>{right_to_left}</bdi>" in shown
    assert "by <bdi>moderator</bdi>, " in shown
    assert ": <bdi>abc\u202edef</bdi></li>" in shown
    address = deciding("accounts/user", "suspend_user", sara)
    answer = signed_in(moderator).post(address, {"reason": REASON}, follow=True)
    assert [str(message) for message in answer.context["messages"]][-1].endswith(
        f"done for {isolated}."
    )


@pytest.mark.once
def test_what_people_write_has_the_direction_of_its_letters(
    administrator: User, things: dict[str, Model], member: User
) -> None:
    client = signed_in(administrator)
    User.objects.filter(pk=member.pk).update(display_name="שרה")
    people = client.get(page("accounts/user")).content.decode()
    assert "<bdi>member</bdi>" in people and "<bdi>שרה</bdi>" in people
    asks = client.get(deciding("accounts/user", "suspend_user", member)).content.decode()
    assert re.search(r'<textarea[^>]* dir="auto"', asks)
    edits = client.get(page("accounts/user", member.pk, "change")).content.decode()
    assert re.search(r'<input[^>]*name="display_name"[^>]* dir="auto"', edits)
    mine = client.get("/accounts/profile/").content.decode()
    assert re.search(r'<input[^>]*name="display_name"[^>]* dir="auto"', mine)
