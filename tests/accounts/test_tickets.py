import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import caches
from django.core.cache.backends.redis import RedisCache

from accounts import one_use, tickets
from accounts.models import User
from tests.live import Redis


def test_a_ticket_names_the_person_and_the_session(member: User) -> None:
    assert tickets.redeem(tickets.issue(member, "session")) == (member.pk, "session")


def test_a_ticket_works_once(member: User) -> None:
    ticket = tickets.issue(member, "session")
    tickets.redeem(ticket)
    assert tickets.redeem(ticket) is None


def test_a_made_up_ticket_is_nothing() -> None:
    assert tickets.redeem("made-up") is None


def test_a_ticket_is_not_kept_in_the_clear(member: User) -> None:
    ticket = tickets.issue(member, "session")
    kept = caches["default"]._cache  # type: ignore[attr-defined]
    assert kept
    assert not any(ticket in key for key in kept)


def test_an_old_ticket_is_nothing(member: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tickets, "LIFETIME", 0.05)
    ticket = tickets.issue(member, "session")
    time.sleep(0.1)
    assert tickets.redeem(ticket) is None


@pytest.mark.parametrize("store", ["memory", "redis"])
def test_of_many_who_redeem_a_ticket_at_once_one_succeeds(
    store: str, member: User, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if store == "redis":
        redis: Redis = request.getfixturevalue("redis")
        monkeypatch.setattr(one_use, "cache", RedisCache(redis.url, {}))
    for _ in range(20):
        ticket = tickets.issue(member, "session")
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(tickets.redeem, [ticket] * 8))
        assert [one for one in found if one] == [(member.pk, "session")]
