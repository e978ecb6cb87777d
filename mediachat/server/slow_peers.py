"""Closes HTTP connections that are too slow, for uvicorn and daphne alike.

A peer that sends a byte a second would keep its request open for ever. One scan of all connections
per second finds them, so that requests and pieces of bodies need no timers. WebSockets leave the
scan with their handshake.
"""

import asyncio
from collections import Counter
from enum import Enum
from typing import Protocol

from django.conf import settings

from mediachat.addresses import networks

INTERVAL = 1.0
"""Seconds between two looks at all connections."""
HEAD_LIMIT = 64 * 1024
"""Bytes of a request line and its headers, where they come in pieces."""
FRAMING_LIMIT = 64 * 1024
FRAMING_PER_BYTE = 8
"""What a body in chunks may cost beside its own bytes: so many bytes, and so many for each of
them. A chunk of one byte takes six."""
CREDIT_LIMIT = 60.0
"""Seconds for which a body that came fast may stand still: a phone in a tunnel."""
UNREAD = 60.0
"""Seconds for which a peer may read nothing of an answer."""
CLOSING = 10.0
"""Seconds that a closed connection has to take what is left to write."""
SETTLED = 2.0
"""Seconds without a request after which a connection may be closed for those that are used: a
peer that has just connected is about to ask something."""
HARD_FACTOR = 4
"""One address gets no more connections beyond so many times CONNECTIONS_PER_ADDRESS, however
busy they are."""


class Phase(Enum):
    NEW = "nothing has come yet"
    HEAD = "a request line or headers are coming"
    BODY = "a body is coming"
    ANSWER = "it is our turn"
    KEPT = "answered, and kept for the next request"


class Pace:
    """The progress of one connection. Times are those of the event loop, in seconds."""

    __slots__ = ("counted", "credit", "phase", "received", "since", "stuck_at", "stuck_since")

    def __init__(self, now: float) -> None:
        self.phase = Phase.NEW
        self.since = now
        """When this phase began."""
        self.received = 0
        """Bytes of the body that is coming."""
        self.counted = 0
        """How many of them have been turned into credit."""
        self.credit = 0.0
        """Seconds for which the body may stand still from now on."""
        self.stuck_at = 0
        """Bytes that were unsent when somebody looked last."""
        self.stuck_since = now

    def enter(self, phase: Phase, now: float) -> None:
        self.phase = phase
        self.since = now
        if phase is Phase.BODY:
            self.received = self.counted = 0
            self.credit = settings.BODY_SECONDS

    def is_late(self, now: float, *, held_up: bool) -> bool:
        """Returns whether the peer sends too slowly; ``held_up``: we are not reading from it just
        now.
        """
        if self.phase in (Phase.NEW, Phase.HEAD):
            return now - self.since > settings.HEADER_SECONDS
        if self.phase is not Phase.BODY:
            return False
        earned = (self.received - self.counted) / (settings.BODY_RATE_KB * 1024)
        self.counted = self.received
        spent = 0.0 if held_up else INTERVAL
        self.credit = min(CREDIT_LIMIT, self.credit - spent + earned)
        return self.credit < 0

    def is_stuck(self, now: float, unsent: int) -> bool:
        """Returns whether the peer has read none of our output for too long."""
        if not unsent or unsent != self.stuck_at:
            self.stuck_at, self.stuck_since = unsent, now
            return False
        return now - self.stuck_since > UNREAD

    def idle_since(self) -> float | None:
        return self.since if self.phase in (Phase.NEW, Phase.KEPT) else None


class Peer(Protocol):
    """A server's end of an HTTP connection."""

    pace: Pace
    address: str | None

    def is_held_up(self) -> bool:
        """Returns whether we do not read from it, or it waits for our permission to continue."""

    def unsent(self) -> int:
        """Returns the number of bytes that wait to be written."""

    def is_closing(self) -> bool: ...

    def end_late(self) -> None:
        """Answers that the peer was too slow, if still possible, and closes."""

    def close(self) -> None: ...

    def abort(self) -> None: ...


class Watch:
    """Scans all HTTP connections of this process at intervals."""

    def __init__(self) -> None:
        self._peers: dict[Peer, None] = {}
        self._closing: dict[Peer, float] = {}
        self._by_address: Counter[str] = Counter()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, peer: Peer) -> bool:
        """Adds a new connection; returns False if its address has too many and it must
        be closed.
        """
        if peer.address is not None:
            most = settings.CONNECTIONS_PER_ADDRESS * HARD_FACTOR
            if self._by_address[peer.address] >= most:
                return False
            self._by_address[peer.address] += 1
        self._peers[peer] = None
        if self._timer is None:
            self._look_soon()
        return True

    def discard(self, peer: Peer) -> None:
        """Removes a connection that is closed, or that has become a WebSocket."""
        if peer not in self._peers:
            return
        del self._peers[peer]
        self._closing.pop(peer, None)
        if peer.address is not None:
            self._by_address[peer.address] -= 1
            if not self._by_address[peer.address]:
                del self._by_address[peer.address]

    def _look_soon(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(INTERVAL, self._look)

    def _look(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time()
        for peer in list(self._peers):
            self._look_at(peer, now)
        most = settings.CONNECTIONS_PER_ADDRESS
        for address in [each for each, count in self._by_address.items() if count > most]:
            self._thin_out(address, now)
        if self._peers:
            self._look_soon()

    def _look_at(self, peer: Peer, now: float) -> None:
        if peer.is_closing():
            if now - self._closing.setdefault(peer, now) > CLOSING:
                peer.abort()
        elif peer.pace.is_late(now, held_up=peer.is_held_up()):
            peer.end_late()
        elif peer.pace.is_stuck(now, peer.unsent()):
            peer.abort()

    def _thin_out(self, address: str, now: float) -> None:
        """Closes the connections of this address that have been idle for longest."""
        over = self._by_address[address] - settings.CONNECTIONS_PER_ADDRESS
        idle = [
            (since, number, peer)
            for number, peer in enumerate(self._peers)
            if peer.address == address
            and (since := peer.pace.idle_since()) is not None
            and now - since > SETTLED
            and not peer.is_closing()
        ]
        for _, _, peer in sorted(idle)[:over]:
            peer.close()


watch = Watch()
"""That of this process, which has one event loop with HTTP in it."""


def counted_address(host: str | None) -> str | None:
    """Returns the key by which a peer's connections are counted: the address, or in IPv6 the /64
    that one customer gets. None if nothing is limited, or a proxy stands between.
    """
    if not host or not settings.RATE_LIMITS or settings.TRUSTED_PROXY_COUNT:
        return None
    narrow, _ = networks(host)
    return narrow
