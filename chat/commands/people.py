"""Handlers of commands about people, and about the person themselves."""

from accounts.models import User
from chat import permissions, protocol
from chat.actions import blocks, people
from chat.commands.registry import Socket, command
from chat.queries import directory, personal, room_members
from chat.throttling.prices import Price


async def _stop_what_is_blocked(socket: Socket, command: protocol.Command) -> None:
    # Before the reply, so that no event that the block stops comes after it.
    await socket.refresh_relations()


@command(protocol.PeopleFind, price=Price(2))
def find(user: User, command: protocol.PeopleFind) -> protocol.PeopleFoundReply:
    if command.room:
        permissions.room_for(user, command.room, permissions.Permission.READ)
    found, more = directory.find_people(command.query, after=command.after)
    members = None
    if command.room:
        members = room_members.members_named(command.room, [each.username for each in found])
    return protocol.PeopleFoundReply(people=found, more=more, members=members)


@command(
    protocol.PeopleGet,
    price=Price(1, lambda c: len(c.usernames) // 100, "1 more for each 100 of `usernames`"),
)
def get(user: User, command: protocol.PeopleGet) -> protocol.PeopleReply:
    return protocol.PeopleReply(people=directory.people(command.usernames))


@command(protocol.PersonBlock, price=Price(5), before_reply=_stop_what_is_blocked)
def block(user: User, command: protocol.PersonBlock) -> protocol.Done:
    change = blocks.block_person if command.on else blocks.unblock_person
    change(user, username=command.username)
    return protocol.DONE


@command(protocol.UserUpdate, price=Price(5))
def update_profile(user: User, command: protocol.UserUpdate) -> protocol.UserReply:
    return protocol.UserReply(user=people.update_profile(user, display_name=command.display_name))


@command(protocol.Ping, price=Price(1))
def ping(user: User, command: protocol.Ping) -> protocol.Done:
    return protocol.DONE


@command(protocol.MeSync, price=Price(2))
def sync_personal(user: User, command: protocol.MeSync) -> protocol.PersonalChangesReply:
    page = personal.changes_after(user.pk, command.after)
    return protocol.PersonalChangesReply(
        changes=page.changes, version=page.version, more=page.more, reset=page.reset
    )
