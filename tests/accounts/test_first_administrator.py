from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core import signing
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.sign_in import first_administrator
from chat.models import AuditEntry
from tests.conftest import person

GOOD = {"username": "root", "password": "correct horse 42", "again": "correct horse 42"}


def sign_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def link() -> str:
    return reverse("accounts_first_administrator", args=[first_administrator.token()])


def test_the_link_makes_an_administrator_and_signs_them_in(db: None, client: Client) -> None:
    assert client.get(link()).status_code == 200
    assert client.post(link(), GOOD).status_code == 302
    administrator = User.objects.get(username="root")
    assert administrator.is_superuser
    assert administrator.is_staff
    assert client.get("/admin/").status_code == 200


def test_the_link_works_once(db: None, client: Client) -> None:
    used = link()
    client.post(used, GOOD)
    for again in (used, link()):
        assert client.get(again).status_code == 410
        assert client.post(again, GOOD | {"username": "second"}).status_code == 410
    assert User.objects.filter(is_superuser=True).count() == 1


@pytest.mark.once
def test_a_made_up_or_old_link_makes_nobody(
    db: None, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    forged = signing.dumps("", key="another secret", salt=first_administrator.SALT)
    elsewhere = signing.dumps("", salt="another purpose")
    for token in ("made-up", forged, elsewhere):
        address = reverse("accounts_first_administrator", args=[token])
        assert client.post(address, GOOD).status_code == 410
    old = link()
    monkeypatch.setattr(first_administrator, "LIFETIME", -1)
    assert client.post(old, GOOD).status_code == 410
    assert not User.objects.exists()


# -- For someone who has an account ------------------------------------------------------------


def test_the_link_asks_who_is_signed_in_by_name_and_promotes_them(member: User) -> None:
    client = sign_in(member)
    page = client.get(link()).content.decode()
    assert "<strong>@<bdi>member</bdi></strong>" in page
    assert "password" not in page
    member.refresh_from_db()
    assert not member.is_superuser
    assert client.post(link(), {"person": str(member.pk)}).status_code == 302
    member.refresh_from_db()
    assert member.is_superuser
    assert member.is_staff
    assert User.objects.count() == 1
    assert client.get("/admin/").status_code == 200
    assert client.post(link(), {"person": str(member.pk)}).status_code == 410
    reasons = AuditEntry.objects.filter(actor="member").values_list("reason", flat=True)
    assert any("with the link that the server printed" in reason for reason in reasons)


def test_nobody_is_promoted_whom_the_page_did_not_name(member: User, outsider: User) -> None:
    client = sign_in(outsider)
    answer = client.post(link(), {"person": str(member.pk)})
    assert "<strong>@<bdi>outsider</bdi></strong>" in answer.content.decode()
    assert not User.objects.filter(is_superuser=True).exists()


@pytest.mark.once
@pytest.mark.parametrize("sent", [{}, {"person": ""}, {"person": "member"}])
def test_nobody_is_promoted_by_what_names_nobody(member: User, sent: dict[str, str]) -> None:
    answer = sign_in(member).post(link(), sent)
    assert "<strong>@<bdi>member</bdi></strong>" in answer.content.decode()
    assert not User.objects.filter(is_superuser=True).exists()


def test_who_signed_out_meanwhile_is_asked_what_to_do_and_told_of_no_mistake(
    member: User, client: Client
) -> None:
    page = client.post(link(), {"person": str(member.pk)}).content.decode()
    assert "Password again" in page and "already have an account here?" in page
    assert "errorlist" not in page
    assert not User.objects.filter(is_superuser=True).exists()


def test_the_link_makes_another_account_where_the_first_is_no_administrator_any_more(
    db: None,
) -> None:
    for username in ("root", "second", "third"):
        made = first_administrator.make(username=username, password="correct horse 42")
        with pytest.raises(first_administrator.AlreadyMade):
            first_administrator.make(username="late", password="correct horse 42")
        User.objects.filter(pk=made.pk).update(is_superuser=False, is_staff=False)
    assert User.objects.count() == 3


def test_someone_who_is_signed_in_can_make_a_new_account_instead(member: User) -> None:
    client = sign_in(member)
    assert "Password again" in client.get(f"{link()}?new").content.decode()
    assert client.post(f"{link()}?new", GOOD).status_code == 302
    assert User.objects.get(is_superuser=True).username == "root"


def test_a_link_of_others_promotes_nobody(
    member: User,
) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(member, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert strict.post(link(), {"person": str(member.pk)}).status_code == 403
    address = reverse("accounts_first_administrator", args=["made-up"])
    assert sign_in(member).post(address).status_code == 410
    assert not User.objects.filter(is_superuser=True).exists()


@pytest.mark.django_db(transaction=True)
def test_of_many_who_have_accounts_at_most_one_is_promoted() -> None:
    people = [person(f"person{number}") for number in range(4)]

    def promote(one: User) -> bool:
        try:
            first_administrator.promote(one)
            return True
        except first_administrator.AlreadyMade:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        promoted = list(pool.map(promote, people))
    assert User.objects.filter(is_superuser=True).count() == promoted.count(True) <= 1


# -- What is refused ---------------------------------------------------------------------------


@pytest.mark.once
@pytest.mark.parametrize(
    "wrong",
    [
        {"password": "123", "again": "123"},
        {"again": "another"},
        {"username": ""},
        {"username": "no spaces"},
        {"username": "everyone"},
    ],
)
def test_a_bad_name_or_password_is_refused_and_said(
    db: None, client: Client, wrong: dict[str, str]
) -> None:
    answer = client.post(link(), GOOD | wrong)
    assert answer.status_code == 200
    assert b"errorlist" in answer.content
    assert not User.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_many_who_use_the_link_at_once_one_becomes_administrator() -> None:
    def make(number: int) -> bool:
        try:
            first_administrator.make(username=f"root{number}", password="correct horse 42")
            return True
        except first_administrator.AlreadyMade:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(make, range(8)))
    assert made.count(True) == 1
    assert User.objects.filter(is_superuser=True).count() == 1


def test_a_race_past_the_first_look_is_decided_by_the_database(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = first_administrator.make(username="root", password="correct horse 42")
    monkeypatch.setattr(first_administrator, "is_needed", lambda: True)
    monkeypatch.setattr(first_administrator, "_next_id", lambda: root.pk)
    with pytest.raises(first_administrator.AlreadyMade):
        first_administrator.make(username="late", password="correct horse 42")
