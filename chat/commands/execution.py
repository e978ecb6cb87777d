"""Runs commands, each in the thread that its definition names, for sockets and the HTTP API.

Writes to a room's log go through the group commit, in one thread; everything else runs in the pool.
Nothing here uses the database in the event loop.
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
    """Runs a socket's command, except for deferred ones: moving a read mark, and sending a message,
    whose commit later ones may share.

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
    """Runs a command that needs no socket.

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
    """Stores a message, or returns the existing one with this ``client_id``.

    Raises:
        ChatError: it cannot be sent, and nothing has been changed.
    """
    return await (await submit(commits, user, command))


async def submit(
    commits: Commits, user: User, command: protocol.Command
) -> "asyncio.Future[Message]":
    """Queues a write to the log for the next commit; the future is the stored message.

    Raises:
        ChatError: it is refused, which is checked before a long text is rendered.
    """
    return commits.submit(await definition_of(type(command)).handler(user, command))


def message_reply(message: Message) -> protocol.MessageReply:
    return protocol.MessageReply(
        message=protocol.Encoded(message.encoded), position=message.position
    )


def refusal(error: BaseException) -> ChatError:
    """Returns the error to show to the person; errors that they did not cause are logged."""
    if isinstance(error, ChatError):
        return error
    logger.error("command_failed", error=reason(error), exc_info=error)
    return ChatError(
        ErrorCode.SERVER_ERROR, "The server could not do this. It has been logged; try again."
    )
