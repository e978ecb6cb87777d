"""The registry of commands: each with its handler, its price and the way it runs.

A command and its reply are declared in ``chat.protocol.commands``. The modules beside this one
register a handler for each with ``@command``, and ``check`` refuses to start without one.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Protocol, TypeVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from accounts.models import User
from chat import protocol
from chat.actions.batches import Change, Commits
from chat.actions.drafts import Draft
from chat.throttling.prices import Price


class Runs(Enum):
    """Where a handler runs, which determines its arguments and result."""

    DB_POOL = "db pool"
    """In a thread of the database pool: ``(user, command)`` to the reply. It is called again where
    the database fails in a way that passes."""
    LOG_WRITE = "log write"
    """In the event loop: ``async (user, command)`` to the ``Draft`` or ``Change`` that is stored
    in the log's thread, with all others of its commit. The reply is the message as stored."""
    EVENT_LOOP = "event loop"
    """In the event loop: ``async (socket, command)`` to the reply, or to a future after which the
    command is done. Only sockets can ask for these."""


class Socket(Protocol):
    """The methods of a WebSocket that commands may use."""

    user: User
    rooms: set[UUID]
    commits: Commits

    async def bring_up_to_date(self, positions: Mapping[UUID, int]) -> None:
        """Writes what changed in rooms after these positions."""

    async def say_typing(self, room: UUID) -> None:
        """Tells the others of a room that the person is typing."""

    def has_written(self, room: UUID) -> None:
        """Notes that the person has sent what they were typing."""

    async def mark_read(self, room: UUID, number: int) -> "asyncio.Future[None]":
        """Moves the mark of someone who follows this room; the future ends when it is stored."""

    async def unread(self, rooms: Collection[UUID]) -> dict[UUID, protocol.Unread]:
        """How much is unread of those of these rooms that the person is in."""

    async def refresh_rooms(self) -> None:
        """Tells all sockets of the person of rooms that they came into or left."""

    async def refresh_relations(self) -> None:
        """Tells all sockets of the person how they stand with others now."""


Handler = Callable[..., Any]
BeforeReply = Callable[[Socket, Any], Awaitable[None]]
H = TypeVar("H", bound=Handler)


@dataclass(frozen=True, slots=True)
class Definition:
    """All that there is to know of one command."""

    request: type[protocol.Command]
    handler: Handler
    runs: Runs
    price: Price | None
    """None is a mistake, which ``check`` reports."""
    before_reply: BeforeReply | None
    """What the socket does between carrying out the command and answering it."""

    @property
    def reply(self) -> type[protocol.Reply] | None:
        return self.request.reply


_definitions: dict[type[protocol.Command], Definition] = {}


def command(
    request: type[protocol.Command],
    *,
    runs: Runs = Runs.DB_POOL,
    price: Price | None = None,
    before_reply: BeforeReply | None = None,
) -> Callable[[H], H]:
    """Makes the function below it the handler of this command."""

    def register(handler: H) -> H:
        _definitions[request] = Definition(request, handler, runs, price, before_reply)
        return handler

    return register


def definition_of(request: type[protocol.Command]) -> Definition:
    return _definitions[request]


def price_of(command: protocol.Command) -> int:
    """What this command costs before it is carried out, in units."""
    price = _definitions[type(command)].price
    return price.of(command) if price else 0


# -- What is checked at the start ---------------------------------------------------------------


def check() -> None:
    """Called when all handlers are registered.

    Raises:
        ImportError: a command is not defined as it should be; the message says what to do.
    """
    if found := problems(protocol.COMMANDS, _definitions):
        raise ImportError("\n".join(found))


def problems(
    commands: Collection[type[protocol.Command]],
    definitions: Mapping[type[protocol.Command], Definition],
) -> list[str]:
    """What is wrong with the definitions of these commands, with what to do about it."""
    found = [
        f"{request.__name__} is not among COMMANDS of chat/protocol/commands.py: add it there."
        for request in definitions
        if request not in commands
    ]
    for request in commands:
        definition = definitions.get(request)
        if not hasattr(request, "reply"):
            found.append(
                f"{request.__name__} has no reply: name one in chat/protocol/commands.py, as in "
                "`reply = Done`, or None where it is not answered."
            )
        elif definition is None:
            found.append(
                f"{request.__name__} has no handler: write one in chat/commands/, below "
                f"`@command(protocol.{request.__name__}, price=Price(1))`."
            )
        else:
            found += _problems_of(definition)
    return found


def _problems_of(definition: Definition) -> list[str]:
    name, handler = definition.request.__name__, definition.handler
    found = []
    if definition.price is None:
        found.append(
            f"{name} has no price: give it one in `@command(protocol.{name}, price=Price(...))`, "
            f"above {handler.__module__}.{handler.__name__}."
        )
    if inspect.iscoroutinefunction(handler) == (definition.runs is Runs.DB_POOL):
        kind = "def" if definition.runs is Runs.DB_POOL else "async def"
        found.append(
            f"{handler.__module__}.{handler.__name__} runs in the {definition.runs.value}: make it "
            f"`{kind}`."
        )
    allowed = _allowed(definition)
    returned = get_type_hints(handler).get("return", Any)
    parts = get_args(returned) if get_origin(returned) in (Union, UnionType) else (returned,)
    if not allowed or not set(parts) <= set(allowed):
        names = " or ".join(getattr(each, "__name__", str(each)) for each in allowed)
        found.append(
            f"{handler.__module__}.{handler.__name__} does not say that it returns what {name} "
            f"promises: "
            + (
                f"annotate it with `-> {names}`, or change `reply` of {name}."
                if allowed
                else f"what writes to the log is answered with MessageReply; change `reply` of "
                f"{name} or how it runs."
            )
        )
    return found


def _allowed(definition: Definition) -> tuple[Any, ...]:
    """The types of which a handler may return one."""
    reply: Any = definition.reply or NoneType
    if definition.runs is Runs.LOG_WRITE:
        return (Draft, Change) if reply is protocol.MessageReply else ()
    if definition.runs is Runs.EVENT_LOOP and reply is protocol.Done:
        return (reply, asyncio.Future[None])
    return (reply,)
