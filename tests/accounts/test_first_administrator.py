from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core import signing
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts import first_administrator
from accounts.models import User

GOOD = {"username": "root", "password": "correct horse 42", "again": "correct horse 42"}


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
    first_administrator.make(username="root", password="correct horse 42")
    monkeypatch.setattr(first_administrator, "is_needed", lambda: True)
    with pytest.raises(first_administrator.AlreadyMade):
        first_administrator.make(username="late", password="correct horse 42")
