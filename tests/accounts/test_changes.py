"""Each change of an account that matters leaves an entry in the audit log, whoever makes it."""

import ast
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client, RequestFactory
from django.utils import timezone

from accounts.models import User
from accounts.records import changes
from accounts.sign_in import first_administrator
from chat.management.commands import export_audit
from chat.models import AuditEntry
from chat.moderation import moderators
from tests.accounts.test_second_factor import set_up, sign_in
from tests.conftest import PASSWORD
from tests.support.live import ROOT

pytestmark = pytest.mark.django_db(transaction=True)
NEW = "another correct horse"


@pytest.fixture(autouse=True)
def _nobody_has_tried_before() -> None:
    cache.clear()


def recorded() -> list[tuple[str, str, str]]:
    """Who did what to whom, oldest first; signing in left out."""
    rows = AuditEntry.objects.exclude(action="sign_in").order_by("created_at")
    return [(row.actor, row.action, row.target) for row in rows]


# -- By command --------------------------------------------------------------------------------


def _make_superuser(member: User) -> None:
    member.is_superuser = True
    member.save()


def _set_password(member: User) -> None:
    member.set_password(NEW)
    member.save()


def _change_email(member: User) -> None:
    member.email = "member@example.org"
    member.save(update_fields=["email"])


def _permit(member: User) -> None:
    member.user_permissions.add(Permission.objects.get(codename="suspend_user"))


def _deactivate(member: User) -> None:
    member.is_active = False
    member.save()


@pytest.mark.parametrize(
    ("change", "action"),
    [
        (_make_superuser, "make_superuser"),
        (lambda member: member.groups.add(Group.objects.get()), "add_to_group"),
        (lambda member: Group.objects.get().user_set.add(member), "add_to_group"),
        (_permit, "give_permissions"),
        (_set_password, "change_password"),
        (lambda member: call_command("changepassword", "member"), "change_password"),
        (_change_email, "change_email"),
        (lambda member: TOTP.activate(member, generate_totp_secret()), "add_second_factor"),
        (lambda member: EmailAddress.objects.create(user=member, email="a@b.c"), "add_email"),
        (_deactivate, "deactivate"),
        (lambda member: member.delete(), "delete_user"),
    ],
)
def test_what_a_command_changes_is_recorded(
    member: User, change: Callable[[User], Any], action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("getpass.getpass", lambda *args, **kwargs: NEW)
    change(member)
    assert recorded() == [("command line", action, "member")]


def test_a_superuser_made_by_command_is_recorded(db: None) -> None:
    call_command("createsuperuser", "--noinput", "--username", "root", "--email", "")
    assert recorded() == [("command line", "add_user", "root")]
    assert "superuser and staff" in AuditEntry.objects.get().reason


def test_what_is_taken_away_is_recorded_too(administrator: User, member: User) -> None:
    group = Group.objects.get()
    member.groups.add(group)
    administrator.is_superuser = administrator.is_staff = False
    administrator.save()
    member.groups.clear()
    group.permissions.clear()
    group.delete()
    assert recorded()[1:] == [
        ("command line", "unmake_superuser", "administrator"),
        ("command line", "unmake_staff", "administrator"),
        ("command line", "remove_from_group", "member"),
        ("command line", "take_permissions", moderators.NAME),
        ("command line", "delete_group", moderators.NAME),
    ]


UNHEARD = {"update", "aupdate", "bulk_update", "abulk_update", "bulk_create", "abulk_create"}
"""What changes rows of which no signal tells."""
RECORDED = ("User", "Group", "Authenticator", "EmailAddress")
UNRECORDED_FIELDS = {"display_name"}
ERASURE = ROOT / "accounts" / "erasure.py"
"""It is recorded as one decision by those who call it (tests/chat/actions/test_erasure.py)."""


def test_no_door_changes_an_account_unheard() -> None:
    """Whoever writes such a call records it too, or saves the model."""
    found = []
    for path in (
        each for app in ("accounts", "chat", "mediachat") for each in (ROOT / app).rglob("*.py")
    ):
        if "migrations" in path.parts or path == ERASURE:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            fields = {each.arg for each in node.keywords}
            of = ast.unparse(node.func.value)
            is_theirs = of.startswith(tuple(f"{name}." for name in RECORDED))
            counts = is_theirs and (not fields or fields - UNRECORDED_FIELDS)
            if node.func.attr in UNHEARD and (counts or fields & set(changes.WATCHED)):
                found.append(f"{path.name}:{node.lineno}: {ast.unparse(node)}")
    assert found == []


def test_no_list_of_the_admin_is_edited_in_place_and_only_groups_are_deleted_there(
    administrator: User, rf: RequestFactory
) -> None:
    request = rf.get("/admin/")
    request.user = administrator
    for model, shown in admin.site._registry.items():
        assert not shown.list_editable, model
        assert ("delete_selected" in shown.get_actions(request)) == (model is Group), model


def test_groups_that_are_deleted_together_are_recorded_each(administrator: User) -> None:
    groups = [Group.objects.create(name=f"Group {number}") for number in range(3)]
    chosen = {"_selected_action": [group.pk for group in groups], "post": "yes"}
    sign_in(administrator).post("/admin/auth/group/", chosen | {"action": "delete_selected"})
    assert not Group.objects.filter(name__startswith="Group ").exists()
    entries = AuditEntry.objects.filter(action="delete_group", actor="administrator")
    assert sorted(entry.target for entry in entries) == [group.name for group in groups]


def test_what_changes_nothing_is_not_recorded(member: User) -> None:
    member.save()
    member.display_name = "Mem"
    member.save()
    # Django hashes a password anew at sign-in when its parameters have changed.
    member.set_password(PASSWORD)
    member._password = None
    member.save(update_fields=["password"])
    assert recorded() == []


@pytest.mark.impossible_on(
    mongodb="without transactions the change may stay where its entry could not be written"
)
def test_a_change_that_fails_leaves_neither(member: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: Any, **kwargs: Any) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(AuditEntry.objects, "create", full)
    member.is_superuser = True
    with pytest.raises(OSError):
        member.save()
    assert not User.objects.get(pk=member.pk).is_superuser


# -- By people ---------------------------------------------------------------------------------


def test_the_first_administrator_is_recorded(db: None, client: Client) -> None:
    client.post(
        f"/accounts/first-administrator/{first_administrator.token()}/",
        {"username": "root", "password": PASSWORD, "again": PASSWORD},
    )
    entry = AuditEntry.objects.get(action="add_user")
    assert (entry.actor, entry.target) == ("nobody signed in", "root")
    assert "with the link that the server printed" in entry.reason


def test_who_signs_up_is_not_recorded_nor_who_signs_in(db: None, client: Client) -> None:
    account = {"username": "ann", "password1": "correct horse 42", "password2": "correct horse 42"}
    assert client.post("/accounts/signup/", account).status_code == 302
    assert not AuditEntry.objects.exists()


def test_staff_who_sign_in_are_recorded(administrator: User) -> None:
    sign_in(administrator)
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action) == ("administrator", "sign_in")
    assert entry.reason == "From a browser."


def test_what_an_administrator_does_is_recorded_with_their_name(
    administrator: User, member: User
) -> None:
    client = sign_in(administrator)
    page = f"/admin/accounts/user/{member.pk}/change/"
    form = {"display_name": "Member", "email": "", "is_staff": "on", "is_superuser": "on"}
    form |= {"groups": str(Group.objects.get().pk)}
    assert client.post(page, form).status_code == 302
    new = {"password1": NEW, "password2": NEW, "usable_password": "true"}
    answer = client.post(f"/admin/accounts/user/{member.pk}/password/", new)
    assert answer.status_code == 302, answer.content
    assert set(recorded()) == {
        ("administrator", action, "member")
        for action in ("make_superuser", "make_staff", "add_to_group", "change_password")
    }
    shown = client.get("/admin/chat/auditentry/")
    assert b"Make superuser" in shown.content
    assert b"Made superuser." in shown.content
    # On the person's own page too.
    assert b"Make superuser" in client.get(page).content


def test_what_people_change_of_their_own_is_recorded(member: User) -> None:
    client, other = sign_in(member), sign_in(member)
    other.get("/accounts/profile/")
    set_up(client)
    client.post("/accounts/sessions/")
    client.post("/accounts/2fa/recovery-codes/generate/")
    client.post("/accounts/2fa/totp/deactivate/")
    change = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    assert client.post("/accounts/password/change/", change).status_code == 302
    assert recorded() == [
        ("member", action, "member")
        for action in (
            "add_second_factor",
            "add_second_factor",
            "end_sessions",
            "remove_second_factor",
            "add_second_factor",
            "remove_second_factor",
            "remove_second_factor",
            "change_password",
        )
    ]


def test_a_program_that_ends_a_session_is_recorded(member: User) -> None:
    from allauth.usersessions.models import UserSession

    account = {"username": "member", "password": PASSWORD}
    kind = "application/json"
    answer = Client().post("/_allauth/app/v1/auth/login", account, content_type=kind)
    program = Client(headers={"X-Session-Token": answer.json()["meta"]["session_token"]})
    sign_in(member)
    last = UserSession.objects.latest("pk")
    program.delete("/_allauth/app/v1/auth/sessions", {"sessions": [last.pk]}, content_type=kind)
    assert recorded() == [("member", "end_sessions", "member")]


def test_nobody_fills_the_log_with_changes_of_their_own(
    member: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "OWN_CHANGES", 3)
    client = sign_in(member)
    set_up(client)
    for _ in range(5):
        client.post("/accounts/2fa/recovery-codes/generate/")
    assert len(recorded()) == 3
    last = AuditEntry.objects.latest("created_at")
    assert "No further change of today is recorded" in last.reason


def test_no_entry_holds_a_secret(administrator: User, member: User) -> None:
    client = sign_in(administrator)
    set_up(client)
    secrets = [json.dumps(row.data) for row in Authenticator.objects.all()]
    member.set_password(NEW)
    member.email = "member@example.org"
    member.save()
    member.refresh_from_db()
    EmailAddress.objects.create(user=member, email="other@example.org")
    text = "".join(str(row) for row in AuditEntry.objects.values())
    for secret in (NEW, PASSWORD, member.password, "@example.org", *secrets):
        assert secret not in text


# -- The export --------------------------------------------------------------------------------


def entries(number: int, *, at: datetime) -> None:
    for index in range(number):
        row = AuditEntry(
            actor="a", action="b", target_type="c", target_id="d", target="e", reason=f"{index} ü\n"
        )
        row.created_at = at
        AuditEntry.objects.bulk_create([row])


def exported(*arguments: str) -> list[dict[str, str]]:
    out = StringIO()
    call_command("export_audit", *arguments, stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_every_entry_is_exported_once_and_in_order(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_audit, "PAGE", 3)
    start = timezone.now().replace(microsecond=0)
    for second, number in enumerate((1, 2, 7, 1, 5, 3)):
        at = start + timedelta(seconds=second)
        monkeypatch.setattr(timezone, "now", lambda at=at: at)
        entries(number, at=at)
    lines = exported()
    assert len({line["id"] for line in lines}) == len(lines) == 19
    assert [line["created_at"] for line in lines] == sorted(line["created_at"] for line in lines)
    assert set(lines[0]) == set(export_audit.FIELDS)
    assert len(exported("--since", (start + timedelta(seconds=4)).isoformat())) == 8
    assert exported("--since", "2999-01-01") == []


@pytest.mark.once
def test_an_export_into_a_file_is_for_its_owner_alone(db: None, tmp_path: Path) -> None:
    entries(2, at=datetime.now(UTC))
    file = tmp_path / "audit.jsonl"
    assert exported("--output", str(file)) == []
    assert len(file.read_text().splitlines()) == 2
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.once
@pytest.mark.parametrize("wrong", [("--since", "yesterday"), ("--output", "/no/such/folder/x")])
def test_a_wrong_option_says_so(db: None, wrong: tuple[str, str]) -> None:
    with pytest.raises(CommandError):
        exported(*wrong)


def test_a_second_of_many_entries_is_exported_soon(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: at)
    AuditEntry.objects.bulk_create(
        AuditEntry(actor="a", action="b", target_type="c", target_id="d", target="e", reason="f")
        for _ in range(2_000)
    )
    began = time.monotonic()
    assert len(exported()) == 2_000
    assert time.monotonic() - began < 10
