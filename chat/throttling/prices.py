"""What each request costs, so that no person can take a server away from the others.

The unit is the work of a short message: 1 to 5 ms of one core. A person has ``RATE_BURST`` units
at once and ``RATE_PER_SECOND`` afterwards, about a tenth of a core whatever they ask for. A price
grows with the work that the fields of a command cause; what only the answer tells, its length, is
paid afterwards.

A command without a price fails this import, and an address without one fails a test.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from chat import protocol
from chat.rendering import text

ANSWER_SIZE = 64 * 1024
"""Characters of an answer that cost one unit more, paid when it has been made."""
ANSWER_MOST = 100
"""The most units that the length of one answer costs: half of the default burst."""
ROOMS_LISTED = 50
"""Rooms in one list of them that cost one unit more, paid when it has been made."""
LOG_READ = 1
"""Units for each room of a ``sync`` whose log has to be read, since the process does not hold
what is asked for. They are waited for, not refused."""
MALFORMED_SIZE = 16 * 1024
"""Characters of a frame that is no command which cost one unit more: it is parsed twice."""

RENDERING = 3.0
"""Milliseconds of rendering a text, as they are estimated, that cost one unit."""


@dataclass(frozen=True, slots=True)
class Price:
    """``base`` units, and those that the fields of the command add."""

    base: int
    more: Callable[[Any], int] | None = None
    words: str = ""
    """What is added, for the protocol's reference: it follows "costs N, and"."""

    def of(self, command: Any) -> int:
        return self.base if self.more is None else self.base + self.more(command)

    def __str__(self) -> str:
        return f"{self.base}, and {self.words}" if self.words else str(self.base)


def _text(body: str, code: str = "") -> int:
    if not code and text.is_cheap(body):
        return 0
    return int(text.cost(body, code) / RENDERING)


def _message(command: protocol.MessageSend) -> int:
    units = _text(command.body, command.code.text if command.code else "")
    return units + len(command.attachments) // 5 if command.attachments else units


def _opening(command: protocol.RoomOpen) -> int:
    # How many other rooms someone opens in a day is bounded; a direct room can be asked for again.
    return 2 if command.kind == protocol.RoomKind.DIRECT else _people(command)


def _people(command: protocol.RoomOpen | protocol.RoomAdd) -> int:
    return len(command.members) // 2


_PEOPLE_WORDS = "1 more for each 2 people"
_TEXT_WORDS = "up to some 40 more for long text with much formatting, or with code"

PRICES: dict[type[protocol.Command], Price] = {
    protocol.Sync: Price(
        1,
        lambda c: len(c.rooms) // 100,
        "1 more for each 100 rooms; a room that has to be read from the database waits for 1 more",
    ),
    protocol.MessageSend: Price(1, _message, f"{_TEXT_WORDS}, and 1 for each 5 files"),
    protocol.MessageEdit: Price(2, lambda c: _text(c.body), _TEXT_WORDS),
    protocol.MessageDelete: Price(2),
    protocol.MessageReact: Price(2),
    protocol.MessageReport: Price(2),
    protocol.MessageRevisions: Price(1),
    protocol.History: Price(
        1, lambda c: (c.limit - 1) // 50, "1 more for each further 50 messages of `limit`"
    ),
    protocol.RoomOpen: Price(1, _opening, f"{_PEOPLE_WORDS}, or 2 more for a direct room"),
    # Each of these tells everyone who is in the room how it looks now.
    protocol.RoomJoin: Price(5),
    protocol.RoomLeave: Price(5),
    protocol.RoomPutAway: Price(2),
    protocol.RoomAccept: Price(5),
    protocol.RoomRefuse: Price(2),
    protocol.RoomRename: Price(5),
    protocol.RoomAdd: Price(5, _people, _PEOPLE_WORDS),
    protocol.RoomRemove: Price(5),
    protocol.RoomRole: Price(5),
    protocol.RoomMembers: Price(1, lambda c: c.limit // 200, "1 more for 200 at once"),
    protocol.RoomRead: Price(1),
    protocol.RoomUnread: Price(1, lambda c: len(c.rooms) // 100, "1 more for each 100 of `rooms`"),
    protocol.RoomFind: Price(2),
    protocol.PeopleFind: Price(2),
    protocol.PeopleGet: Price(
        1, lambda c: len(c.usernames) // 100, "1 more for each 100 of `usernames`"
    ),
    protocol.PersonBlock: Price(5),
    protocol.UserUpdate: Price(5),
    protocol.Typing: Price(1),
    protocol.Ping: Price(1),
}

if _missing := [each.__name__ for each in protocol.COMMANDS if each not in PRICES]:
    raise ImportError(
        f"Give these commands a price in chat/throttling/prices.py: {', '.join(_missing)}."
    )


def of(command: protocol.Command) -> int:
    """What this command costs before it is carried out, in units."""
    return PRICES[type(command)].of(command)


def of_malformed(size: int) -> int:
    """What a frame of so many characters costs that turned out to be no command."""
    return 1 + size // MALFORMED_SIZE


def of_answer(size: int) -> int:
    """What an answer of so many characters costs beyond the price of its command."""
    return min(size // ANSWER_SIZE, ANSWER_MOST)


# -- HTTP ------------------------------------------------------------------------------------

Payer = Literal["person", "address", "nobody"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What a request to one kind of address costs, and who pays.

    A person pays from the same allowance as their sockets. Before it is known who asks, and
    where it never is, the network address pays. What costs next to nothing, nobody pays.
    """

    units: int
    payer: Payer


_UUID = "[0-9a-f-]{36}"

ENDPOINTS: dict[str, Endpoint] = {
    # Method and path. Those of the API that carry out a command pay for the rest of its price
    # when it has been read.
    r"POST /api/v1/tickets": Endpoint(1, "person"),
    r"GET /api/v1/rooms": Endpoint(2, "person"),
    r"POST /api/v1/rooms": Endpoint(1, "person"),
    rf"GET /api/v1/rooms/{_UUID}/messages": Endpoint(1, "person"),
    rf"POST /api/v1/rooms/{_UUID}/messages": Endpoint(1, "person"),
    r"POST /api/v1/attachments": Endpoint(4, "person"),
    rf"GET /api/v1/attachments/{_UUID}": Endpoint(1, "person"),
    rf"\w+ /media/{_UUID}/.*": Endpoint(1, "person"),
    r"\w+ /media/avatars/.*": Endpoint(1, "address"),
    r"\w+ /api/.*": Endpoint(1, "address"),
    r"\w+ /": Endpoint(2, "address"),
    rf"\w+ /rooms/{_UUID}": Endpoint(3, "address"),
    rf"\w+ /rooms/{_UUID}/\d+": Endpoint(3, "address"),
    r"\w+ /embed/": Endpoint(3, "address"),
    r"POST /accounts/profile/": Endpoint(10, "address"),
    r"\w+ /accounts/.*": Endpoint(3, "address"),
    r"\w+ /_allauth/.*": Endpoint(3, "address"),
    r"\w+ /admin/.*": Endpoint(5, "address"),
    # For monitoring and, unchanging, for every page; a server that many come to has a proxy.
    r"\w+ /healthz": Endpoint(0, "nobody"),
    r"\w+ /static/.*": Endpoint(0, "nobody"),
}
NOWHERE = Endpoint(1, "address")
"""For an address that does not exist, or not without METRICS_TOKEN."""

_doors = re.compile("|".join(f"({pattern})" for pattern in ENDPOINTS))
_in_order = list(ENDPOINTS.values())


def listed(method: str, path: str) -> Endpoint | None:
    """The first of ``ENDPOINTS`` that is meant."""
    found = _doors.fullmatch(f"{method} {path}")
    return _in_order[found.lastindex - 1] if found and found.lastindex else None


def of_request(method: str, path: str) -> Endpoint:
    """What a request costs, and who pays it."""
    return listed(method, path) or NOWHERE
