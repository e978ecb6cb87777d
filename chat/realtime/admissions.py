"""Decides who may connect, and reads everything that ``ready`` needs."""

from collections.abc import Collection
from uuid import UUID

from accounts.sessions.signed_in import live_sessions
from chat.actions import history
from chat.protocol import CloseCode
from chat.queries import membership_state, personal
from chat.queries.relations import Relations, relations_of

Admission = tuple[UUID, str]
"""Someone and the session by which they come."""


def decided(
    admissions: Collection[Admission],
) -> dict[Admission, tuple[int | None, Relations, UUID, int]]:
    """Who may not be here, how each stands with others, of which history, and the version of
    each one's own log: one way into a thread for all. The history is asked first: should the
    database be restored in between, they are told an older one, and the next heartbeat finds
    that."""
    epoch = history.epoch()
    refused = refusals(admissions)
    users = {user for user, _ in admissions}
    relations, versions = relations_of(users), personal.versions_of(users)
    return {
        each: (refused[each], relations[each[0]], epoch, versions[each[0]]) for each in admissions
    }


def refusals(admissions: Collection[Admission]) -> dict[Admission, int | None]:
    """Returns the close code for each person who may not connect, and None for the others."""
    suspended = membership_state.suspended_among({user for user, _ in admissions})
    live = live_sessions({session for _, session in admissions})
    return {
        (user, session): CloseCode.BANNED
        if user in suspended
        else (None if session in live else CloseCode.NOT_SIGNED_IN)
        for user, session in admissions
    }
