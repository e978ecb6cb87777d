"""Carries out commands, each where its definition says: for sockets and for the HTTP API alike.

What writes to a room's log goes through the group commit, in one thread; everything else runs
in the pool. Nothing here touches the database in the event loop.
"""

import asyncio

import structlog

from accounts.models import User
from chat import protocol
from chat.actions.batches import Commits
from chat.commands.registry import Runs, Socket, definition_of
from chat.concurrency.executors import run_in_db_pool
from chat.models import Message
from chat.protocol import ChatError, ErrorCode
from mediachat.databases.transactions import retried
from mediachat.monitoring.logs import reason

logger = structlog.get_logger(__name__)

Answer = protocol.Reply | asyncio.Future[Message] | asyncio.Future[None] | None
"""A reply, a future after which there is one, or None for what is not answered."""


async def begin(socket: Socket, command: protocol.Command) -> Answer:
    """Carries out a command of a socket, but for what comes later: what moves a read mark, and a
    message that is sent, whose commit those behind it may share.

    Raises:
        ChatError: it cannot be done, and nothing has been changed.
    """
    definition = definition_of(type(command))
    answer: Answer
    if isinstance(command, protocol.MessageSend):
        answer = socket.commits.submit(await definition.handler(socket.user, command))
    elif definition.runs is Runs.EVENT_LOOP:
        answer = await definition.handler(socket, command)
    else:
        answer = await execute(socket.commits, socket.user, command)
    if definition.before_reply is not None:
        await definition.before_reply(socket, command)
    return answer


async def execute(commits: Commits, user: User, command: protocol.Command) -> protocol.Reply:
    """Carries out a command that needs no socket.

    Raises:
        ChatError: it cannot be done, and nothing has been changed.
    """
    definition = definition_of(type(command))
    if definition.runs is Runs.DB_POOL:
        reply: protocol.Reply = await run_in_db_pool(retried, definition.handler, user, command)
        return reply
    if definition.runs is Runs.LOG_WRITE:
        return message_reply(await (await submit(commits, user, command)))
    raise TypeError(f"{type(command).__name__} needs the socket that it came over.")


async def send(commits: Commits, user: User, command: protocol.MessageSend) -> Message:
    """Stores a message, or finds it if this ``client_id`` has been sent before.

    Raises:
        ChatError: it cannot be sent, and nothing has been changed.
    """
    return await (await submit(commits, user, command))


async def submit(
    commits: Commits, user: User, command: protocol.Command
) -> "asyncio.Future[Message]":
    """Puts what writes to the log in line for the next commit; the future is the stored message.

    Raises:
        ChatError: it cannot be done, which is asked before a text is rendered that takes long.
    """
    return commits.submit(await definition_of(type(command)).handler(user, command))


def message_reply(message: Message) -> protocol.MessageReply:
    return protocol.MessageReply(
        message=protocol.Encoded(message.encoded), position=message.position
    )


def refusal(error: BaseException) -> ChatError:
    """What the person is told of an error; what they did not cause is logged."""
    if isinstance(error, ChatError):
        return error
    logger.error("command_failed", error=reason(error), exc_info=error)
    return ChatError(
        ErrorCode.SERVER_ERROR, "The server could not do this. It has been logged; try again."
    )
