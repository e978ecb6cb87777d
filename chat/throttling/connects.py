"""Who pays for a socket that is opened: the person whose session it brings, or else the address.

An office shares one address. If the address paid for every connect, one person who tries wrong
cookies would shut out all others there; so the address pays only for connects that are refused.
Whose session it is has to be looked up before that is known, for strangers too. One query looks up
many sessions, and a process makes at most so many queries in a second.
"""

from uuid import UUID

from django.conf import settings

from accounts import sessions
from accounts.session_store import SessionStore
from chat.concurrency.batch_loader import BatchLoader
from chat.concurrency.executors import run_in_db_pool
from chat.throttling import rate_limits
from mediachat.addresses import networks
from mediachat.redis.scripts import RedisScripts

REST = 0.02
"""Seconds between two queries for the sessions of those who connect, in one process."""


class Connects:
    """How often people and addresses may connect, on all processes."""

    def __init__(self, shared: RedisScripts | None) -> None:
        self._people = rate_limits.of_connects(
            shared, "connects-of-person", a_minute=settings.CONNECTS_PER_PERSON
        )
        self._addresses = rate_limits.of_connects(
            shared, "refused-at-address", a_minute=settings.CONNECTS_PER_ADDRESS
        )
        self._sessions = BatchLoader(
            lambda keys: run_in_db_pool(sessions.opened_sessions, keys), rest=REST
        )

    async def session(self, session_key: str) -> SessionStore | None:
        """The session, if somebody has signed in with it. ``user_of_session`` tells whether it
        lets them in."""
        (session,) = await self._sessions.load(session_key)
        return session

    async def person_pays(self, user: UUID) -> bool:
        """Whether this person may connect once more."""
        return await self._people.of(user.hex).pay()

    async def address_pays(self, address: str) -> bool:
        """Whether one more of this address (of IPv6, of its /64) may be told why it is refused."""
        return await self._addresses.of(networks(address)[0]).pay()
