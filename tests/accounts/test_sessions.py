from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from accounts.models import User
from accounts.sessions.signed_in import (
    live_sessions,
    opened_sessions,
    user_for_session,
    user_of_session,
)
from accounts.sessions.store import SessionStore
from accounts.signals import signed_out
from tests.conftest import PASSWORD

type_of_event = dict[str, Any]


@pytest.fixture
def heard() -> Any:
    """What ``signed_out`` told while the test ran."""
    events: list[type_of_event] = []

    def listen(user_id: UUID, session_key: str | None, suspended: bool, **kwargs: Any) -> None:
        events.append({"user": user_id, "session": session_key, "suspended": suspended})

    signed_out.connect(listen)
    yield events
    signed_out.disconnect(listen)


def sign_in(user: User) -> Client:
    client = Client()
    answer = client.post("/accounts/login/", {"login": user.username, "password": PASSWORD})
    assert answer.status_code == 302
    return client


def key_of(client: Client) -> str:
    key = client.session.session_key
    assert key
    return key


def test_a_session_knows_its_person(member: User) -> None:
    assert user_for_session(key_of(sign_in(member))) == member


@pytest.mark.parametrize("key", ["", "x", "a" * 32, "'; --", "ä" * 40, "\x00" * 32])
def test_a_made_up_session_is_nobodys(db: None, key: str) -> None:
    assert user_for_session(key) is None


def test_whose_sessions_these_are_is_asked_in_one_query(
    member: User, owner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    mine, theirs = key_of(sign_in(member)), key_of(sign_in(owner))
    expired = key_of(sign_in(owner))
    Session.objects.filter(pk=expired).update(expire_date=timezone.now() - timedelta(seconds=1))
    nobody = SessionStore()
    nobody["seen"] = True
    nobody.create()
    assert nobody.session_key
    keys = [mine, theirs, expired, nobody.session_key, "made-up", "\x00"]
    with django_assert_num_queries(1):
        found = opened_sessions(keys)
    owners = {key: store and store.owner for key, store in found.items()}
    assert owners == {mine: member.pk, theirs: owner.pk} | dict.fromkeys(keys[2:])


def test_a_session_that_has_been_looked_up_is_not_read_again(
    member: User, django_assert_num_queries: Any
) -> None:
    key = key_of(sign_in(member))
    session = opened_sessions([key])[key]
    assert session is not None
    with django_assert_num_queries(1):
        assert user_of_session(session) == member


def test_another_secret_ends_no_session(member: User, settings: Any) -> None:
    page, editor = sign_in(member), sign_in(member)
    cookie, key = page.cookies[settings.SESSION_COOKIE_NAME].value, key_of(editor)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-secret-that-is-long-enough-to-be-one-0123456789"
    for _ in range(2):
        assert user_for_session(key) == member
        assert page.get("/").status_code == 200
        assert page.cookies[settings.SESSION_COOKIE_NAME].value == cookie
        # What has been used since is proven and sealed by the new secret.
        settings.SECRET_KEY_FALLBACKS = []


def test_an_expired_session_is_nobodys(member: User) -> None:
    key = key_of(sign_in(member))
    Session.objects.filter(pk=key).update(expire_date=timezone.now() - timedelta(seconds=1))
    assert user_for_session(key) is None
    assert live_sessions([key]) == set()


def test_a_suspended_persons_session_is_nobodys(member: User, heard: list[type_of_event]) -> None:
    key = key_of(sign_in(member))
    member.is_active = False
    member.save()
    assert user_for_session(key) is None
    assert live_sessions([key]) == set()
    assert {"user": member.pk, "session": None, "suspended": True} in heard


def test_a_session_from_before_a_silent_change_of_password_is_nobodys(member: User) -> None:
    key = key_of(sign_in(member))
    User.objects.filter(pk=member.pk).update(password="changed past every signal")
    assert user_for_session(key) is None


def test_the_live_sessions_among_many_take_one_query(
    owner: User, member: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    keys = [key_of(sign_in(owner)), key_of(sign_in(member))]
    with django_assert_num_queries(1):
        assert live_sessions([*keys, "unknown" * 4]) == set(keys)


def test_signing_out_is_told_and_ends_the_session(member: User, heard: list[type_of_event]) -> None:
    client = sign_in(member)
    key = key_of(client)
    client.post("/accounts/logout/")
    assert {"user": member.pk, "session": key, "suspended": False} in heard
    assert live_sessions([key]) == set()


def test_a_session_ended_from_the_list_is_told(member: User, heard: list[type_of_event]) -> None:
    here, there = sign_in(member), sign_in(member)
    there_key = key_of(there)
    here.post("/accounts/sessions/")
    assert {"user": member.pk, "session": there_key, "suspended": False} in heard
    assert live_sessions([key_of(here), there_key]) == {key_of(here)}


def test_a_new_password_ends_every_other_session(member: User, heard: list[type_of_event]) -> None:
    here, there = sign_in(member), sign_in(member)
    there_key = key_of(there)
    new = "another correct horse"
    answer = here.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": new, "password2": new},
    )
    assert answer.status_code == 302
    assert {"user": member.pk, "session": None, "suspended": False} in heard
    assert live_sessions([there_key]) == set()
    assert user_for_session(key_of(here)) == member


def test_a_password_set_by_command_ends_every_session(member: User) -> None:
    key = key_of(sign_in(member))
    member.set_password("set by an administrator")
    member.save()
    assert live_sessions([key]) == set()


def test_signing_in_ends_no_other_session(member: User, heard: list[type_of_event]) -> None:
    first = key_of(sign_in(member))
    sign_in(member)
    assert user_for_session(first) == member
    assert heard == []
