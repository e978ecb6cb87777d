"""One attempt to store many people's messages within one transaction."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from uuid import UUID

from django.db.models import Q

from chat import broadcast, permissions
from chat.actions import publishing
from chat.actions.drafts import Draft
from chat.actions.memberships import let_newcomers_in
from chat.actions.rows import Context
from chat.message_log import locks, writer
from chat.message_log.compiled_queries import PreparedQuery
from chat.models import Membership, Message, Room
from chat.permissions import Permission
from chat.protocol import ChatError


@dataclass(slots=True)
class Tried:
    """The results of earlier attempts: without transactions, some of them may be stored."""

    messages: set[UUID] = field(default_factory=set)
    first_time: dict[tuple[UUID, UUID], str] = field(default_factory=dict)
    """Who (user, room) writes there for the first time, with their username."""
    let_in: set[UUID] = field(default_factory=set)
    """Those who come into a direct room with its first message."""


def store(drafts: Sequence[Draft], tried: Tried) -> list[Message | ChatError]:
    """Stores these rendered drafts, or finds those stored before; a refused one is replaced by its
    ``ChatError``.

    Raises:
        IntegrityError: another writer was faster; run all of it again.
    """
    locks.lock({draft.command.room for draft in drafts})
    results: dict[UUID, Message | ChatError] = {**_stored_before(drafts)}
    new = {draft.id: draft for draft in drafts if draft.id not in results}
    asked = {(draft.sender.pk, draft.command.room) for draft in new.values()}
    senders = permissions.senders_for(asked)
    newcomers = {room: each.newcomer for (_, room), each in senders.items() if each.newcomer}
    context = Context.of(new.values(), newcomers)
    accepted: list[Message] = []
    heads: dict[UUID, tuple[int, int]] = {}
    versions: dict[UUID, int] = {}
    for draft in new.values():
        room = draft.command.room
        try:
            sender = senders.get((draft.sender.pk, room)) or _outsider(draft)
            sender.check()
            message = context.row_of(draft)
        except ChatError as refusal:
            results[draft.id] = refusal
            continue
        heads[room] = sender.position, sender.number
        versions[room] = sender.members_version
        accepted.append(message)
        sender.sending += 1
        if not sender.has_written:
            tried.first_time[draft.sender.pk, room] = draft.sender.username
    if stored := [row for row in results.values() if isinstance(row, Message)]:
        publishing.encode(stored)
        # Without transactions the first part of a batch may be stored when the rest is not.
        _publish_again([row for row in stored if row.pk in tried.messages])
    tried.messages.update(message.pk for message in accepted)
    _note_writers(tried.first_time)
    tried.let_in |= let_newcomers_in({room: newcomers[room] for room in heads if room in newcomers})
    for message in writer.append(accepted, heads):
        results[message.pk] = message
    publishing.publish(accepted, versions, tried.first_time)
    if tried.let_in:
        broadcast.rooms_changed_on_commit(*tried.let_in)
    return [results[draft.id] for draft in drafts]


def _note_writers(pairs: Collection[tuple[UUID, UUID]]) -> None:
    """Records who (user, room) writes there for the first time: before the message, because nobody
    would do it later without transactions.
    """
    if pairs:
        those = (Q(user_id=user, room_id=room) for user, room in sorted(pairs))
        Membership.objects.filter(reduce(or_, those)).update(has_written=True)


_stored_ids: PreparedQuery[UUID] = PreparedQuery(
    lambda ids: Message.objects.filter(pk__in=ids).values_list("pk")
)


def _stored_before(drafts: Sequence[Draft]) -> dict[UUID, Message]:
    """Returns which of these drafts are messages already; for most batches none."""
    ids = [id for (id,) in _stored_ids({draft.id for draft in drafts})]
    return Message.objects.in_bulk(ids) if ids else {}


def _publish_again(rows: Sequence[Message]) -> None:
    if rows:
        versions = Room.objects.filter(pk__in={row.room_id for row in rows})
        publishing.publish(
            sorted(rows, key=lambda row: row.position),
            dict(versions.values_list("pk", "members_version")),
        )


def _outsider(draft: Draft) -> permissions.Sender:
    """Returns the error for a non-member: not found, or that they must join first."""
    permissions.room_for(draft.sender, draft.command.room, Permission.SEND)
    raise permissions.not_found()
