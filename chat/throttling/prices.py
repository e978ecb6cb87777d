"""The price of each request, so that no person can use up a server.

The unit is the work of a short message: 1 to 5 ms of one core. A person has a burst of
``RATE_BURST`` units and ``RATE_PER_SECOND`` afterwards, about a tenth of a core for anything they
request. A price grows with the work that a command's fields cause; the length of the answer is
charged afterwards.

Each command declares its price with its handler (``chat.commands``), and cannot be imported without
one. An endpoint without a price fails a test.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

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


@dataclass(frozen=True, slots=True)
class Price:
    """``base`` units, plus those that the command's fields add."""

    base: int
    more: Callable[[Any], int] | None = None
    words: str = ""
    """What is added, for the protocol's reference: it follows "costs N, and"."""

    def of(self, command: Any) -> int:
        return self.base if self.more is None else self.base + self.more(command)

    def __str__(self) -> str:
        return f"{self.base}, and {self.words}" if self.words else str(self.base)


def of_malformed(size: int) -> int:
    """Returns the price of a frame of so many characters that is no command."""
    return 1 + size // MALFORMED_SIZE


def of_answer(size: int) -> int:
    """Returns the price of an answer of so many characters beyond that of its command."""
    return min(size // ANSWER_SIZE, ANSWER_MOST)


# -- HTTP ------------------------------------------------------------------------------------

Payer = Literal["person", "address", "nobody"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The price of a request to one kind of address, and who pays.

    A person pays from the same allowance as their sockets. Before the person is known, and for
    anonymous requests, the network address pays. Very cheap requests are free.
    """

    units: int
    payer: Payer


_UUID = "[0-9a-f-]{36}"

ENDPOINTS: dict[str, Endpoint] = {
    # Method and path. Endpoints that run a command charge the rest of its price once it is parsed.
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
    """Returns the first matching entry of ``ENDPOINTS``."""
    found = _doors.fullmatch(f"{method} {path}")
    return _in_order[found.lastindex - 1] if found and found.lastindex else None


def of_request(method: str, path: str) -> Endpoint:
    """Returns the price of a request, and who pays it."""
    return listed(method, path) or NOWHERE
