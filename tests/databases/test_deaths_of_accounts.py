"""A process dies between any two writes about an account; whoever asked tries again."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from accounts.sessions.signed_in import end_sessions, user_for_session
from accounts.sign_in import first_administrator
from tests.conftest import PASSWORD
from tests.databases.deaths import DeathError, dying_after

pytestmark = pytest.mark.django_db(transaction=True)

MOST_WRITES = 40
OTHER_PASSWORD = "another horse entirely"


def deaths(action: Callable[[], Any], arrange: Callable[[], Any]) -> Any:
    """Dies before each write of the action in turn; yields after each death, and in the end
    after the action as a whole."""
    for last in range(MOST_WRITES):
        arrange()
        died = False
        with dying_after(last):
            try:
                action()
            except DeathError:
                died = True
        yield died
        if not died:
            assert last > 0, "it writes nothing"
            return
    raise AssertionError("it has more writes than were thought of")


def sign_in(username: str, password: str) -> Client:
    cache.clear()  # so often in a minute is too often
    client = Client()
    client.post("/accounts/login/", {"login": username, "password": password})
    return client


def is_signed_in(client: Client) -> bool:
    key = client.session.session_key
    return key is not None and user_for_session(key) is not None


def test_signing_up_leaves_no_account_or_one_that_can_be_used(db):
    names = iter(f"newcomer{n}" for n in range(MOST_WRITES))
    name = ""
    client = Client()

    def arrange():
        nonlocal name, client
        name, client = next(names), Client()

    def sign_up():
        client.post(
            "/accounts/signup/",
            {"username": name, "password1": PASSWORD, "password2": PASSWORD},
        )

    for died in deaths(sign_up, arrange):
        if died and not User.objects.filter(username=name).exists():
            sign_up()
            assert is_signed_in(client)
        assert is_signed_in(sign_in(name, PASSWORD))


def test_signing_in_can_be_tried_again(member):
    client = Client()

    def arrange():
        nonlocal client
        client = Client()

    def enter():
        client.post("/accounts/login/", {"login": member.username, "password": PASSWORD})

    for _ in deaths(enter, arrange):
        enter()
        assert is_signed_in(client)


def test_a_changed_password_shuts_out_the_old_sessions_whenever_it_dies(member):
    elsewhere = Client()

    def arrange():
        nonlocal elsewhere
        member.refresh_from_db()
        member.set_password(PASSWORD)
        member.save()
        elsewhere = sign_in(member.username, PASSWORD)
        assert is_signed_in(elsewhere)

    def change():
        member.set_password(OTHER_PASSWORD)
        member.save()

    for died in deaths(change, arrange):
        if User.objects.get(pk=member.pk).check_password(OTHER_PASSWORD):
            assert not is_signed_in(elsewhere)
        else:
            assert died
        change()
        assert not is_signed_in(elsewhere)
        assert is_signed_in(sign_in(member.username, OTHER_PASSWORD))


def test_signing_out_everywhere_is_finished_by_doing_it_again(member):
    clients: list[Client] = []

    def arrange():
        clients[:] = [sign_in(member.username, PASSWORD) for _ in range(2)]
        assert all(map(is_signed_in, clients))

    def sign_out():
        end_sessions(member)

    for _ in deaths(sign_out, arrange):
        sign_out()
        assert not any(map(is_signed_in, clients))
        assert not member.usersession_set.exists()


def test_the_first_administrator_is_made_whole_or_not_at_all(db):
    def make():
        if first_administrator.is_needed():
            first_administrator.make(username="root", password=PASSWORD)

    for _ in deaths(make, User.objects.all().delete):
        make()
        root = User.objects.get(is_superuser=True)
        assert root.is_staff and root.check_password(PASSWORD)
