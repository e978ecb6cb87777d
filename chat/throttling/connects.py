"""Charges a new connection to the person whose session it carries, or else to its address.

An office shares one address. If the address paid for every connection, one person who tries wrong
cookies would shut out all others there; so the address pays only for refused connections. To find
that out, the session has to be looked up, for strangers too. One query looks up many sessions, and
a process makes a limited number of queries per second.
"""

from uuid import UUID

from django.conf import settings

from accounts.sessions import signed_in
from accounts.sessions.store import SessionStore
from chat.concurrency.batch_loader import BatchLoader
from chat.concurrency.executors import run_in_db_pool
from chat.throttling import rate_limits
from mediachat.addresses import networks
from mediachat.redis.scripts import RedisScripts

REST = 0.02
"""Seconds between two queries for the sessions of those who connect, in one process."""


class Connects:
    """Limits how often people and addresses may connect, across all processes."""

    def __init__(self, shared: RedisScripts | None) -> None:
        self._people = rate_limits.of_connects(
            shared, "connects-of-person", a_minute=settings.CONNECTS_PER_PERSON
        )
        self._addresses = rate_limits.of_connects(
            shared, "refused-at-address", a_minute=settings.CONNECTS_PER_ADDRESS
        )
        self._sessions = BatchLoader(
            lambda keys: run_in_db_pool(signed_in.opened_sessions, keys), rest=REST
        )

    async def session(self, session_key: str) -> SessionStore | None:
        """Returns the session, if a person has signed in with it. ``user_of_session`` decides
        whether it gives access.
        """
        (session,) = await self._sessions.load(session_key)
        return session

    async def person_pays(self, user: UUID) -> bool:
        """Returns whether this person may connect once more."""
        return await self._people.of(user.hex).pay()

    async def address_pays(self, address: str) -> bool:
        """Returns whether this address (in IPv6, its /64) may get another explained refusal."""
        return await self._addresses.of(networks(address)[0]).pay()
