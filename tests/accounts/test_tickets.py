import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.core.cache import caches

from accounts.models import User
from accounts.sign_in import one_time_tokens, tickets
from mediachat.redis.fallback_cache import FallbackCache
from tests.support.live import Redis

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def session(member: User) -> str:
    UserSession.objects.create(user=member, session_key="of-mine", ip="127.0.0.1", user_agent="")
    return "of-mine"


def test_a_ticket_names_the_person_and_the_session(member: User, session: str) -> None:
    assert tickets.redeem(tickets.issue(member, session)) == session


def test_a_ticket_works_once(member: User, session: str) -> None:
    ticket = tickets.issue(member, session)
    tickets.redeem(ticket)
    assert tickets.redeem(ticket) is None


@pytest.mark.once
def test_two_tickets_of_a_moment_are_two(member: User, session: str) -> None:
    both = [tickets.issue(member, session) for _ in range(2)]
    assert [tickets.redeem(ticket) for ticket in both] == [session] * 2


def test_a_ticket_for_a_session_that_has_ended_is_nothing(member: User, session: str) -> None:
    ticket = tickets.issue(member, session)
    UserSession.objects.all().delete()
    assert tickets.redeem(ticket) is None


@pytest.mark.once
def test_a_ticket_that_was_changed_is_nothing(member: User, owner: User, session: str) -> None:
    ticket = tickets.issue(member, session)
    assert tickets.redeem(ticket.replace(member.pk.hex, owner.pk.hex)) is None
    assert tickets.redeem(f"{ticket[:-1]}{'A' if ticket[-1] != 'A' else 'B'}") is None


@pytest.mark.once
def test_what_a_ticket_shows_opens_nothing(member: User, session: str) -> None:
    ticket = tickets.issue(member, session)
    assert session not in ticket
    tickets.redeem(ticket)
    kept = caches["default"]._cache  # type: ignore[attr-defined]
    assert kept
    assert not any(ticket in key for key in kept)


@pytest.mark.once
def test_a_made_up_ticket_is_nothing() -> None:
    assert tickets.redeem("made-up") is None


@pytest.mark.once
def test_an_old_ticket_is_nothing(
    member: User, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tickets, "LIFETIME", 1)
    ticket = tickets.issue(member, session)
    time.sleep(3.1)
    assert tickets.redeem(ticket) is None


@pytest.mark.once
@pytest.mark.parametrize("store", ["memory", "redis", "redis that has gone"])
def test_of_many_who_redeem_a_ticket_at_once_one_succeeds(
    store: str,
    member: User,
    session: str,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if store != "memory":
        redis: Redis = request.getfixturevalue("redis")
        monkeypatch.setattr(one_time_tokens, "cache", FallbackCache(redis.url, {}))
        if store == "redis that has gone":
            redis.kill()
    monkeypatch.setattr(FallbackCache, "_away_until", 0.0)
    for _ in range(20):
        ticket = tickets.issue(member, session)
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(_redeem, [ticket] * 8))
        assert [one for one in found if one] == [session]


def _redeem(ticket: str) -> Any:
    from django.db import connection

    try:
        return tickets.redeem(ticket)
    finally:
        connection.close()
