"""A person's program: it follows docs/protocol.md, writes everything down, and never gives up."""

import asyncio
import contextlib
import itertools
import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, WebSocketException
from websockets.typing import Subprotocol

from tests.support.outside import CommandError
from tests.system.chaos.history import Frame, History, Messages

FIRST_WAIT, LONGEST_WAIT = 0.25, 2.0
"""Seconds within which the first attempt to come back falls, and the later ones."""
CONNECTING = 3.0
"""Seconds until an attempt to connect is given up."""
SILENCE = 3.0
"""Seconds without a frame after which a connection is given up; half as long until a ping."""
UNANSWERED = 8.0
"""Seconds after which a command is asked again on the same connection."""
LOST = (OSError, httpx.HTTPError, InvalidHandshake, WebSocketException, TimeoutError)
AGAIN = ("server_error", "rate_limited")
"""Errors that say nothing about the command: it is asked again."""
STAY_AWAY = (4400, 4401, 4403)
"""Closing codes after which a program does not come back by itself."""


class LostError(Exception):
    """The connection was lost before the answer."""


@dataclass
class Held:
    """What a client holds of a room, up to ``position``."""

    position: int
    read: int
    name: str
    messages: Messages = field(default_factory=dict)
    waiting: dict[int, Frame] = field(default_factory=dict)
    """Live messages beyond a gap."""
    is_whole: bool = False
    """Whether the history of before has been paged."""

    def store(self, message: Frame) -> None:
        known = self.messages.get(message["id"])
        if known is None or known["position"] < message["position"]:
            self.messages[message["id"]] = message

    def take_what_follows(self) -> None:
        for position in sorted(self.waiting):
            if position <= self.position + 1:
                self.store(self.waiting.pop(position))
                self.position = max(self.position, position)


class Client:
    """Connects to the first of the addresses, and to the next whenever one does not answer.

    ``run`` keeps it connected until it is cancelled. ``do`` asks until there is an answer, over
    however many connections.
    """

    def __init__(
        self, name: str, user: str, token: str, addresses: Sequence[str], history: History
    ) -> None:
        self.name, self.user = name, user
        self.held: dict[str, Held] = {}
        self.connects = 0
        self.is_connected = asyncio.Event()
        """Set from ``ready`` until the connection is lost."""
        self._token = token
        self._addresses = itertools.cycle(addresses)
        self._address = next(self._addresses)
        self._history = history
        self._socket: ClientConnection | None = None
        self._refs = itertools.count(1)
        self._answers: dict[str, asyncio.Future[Frame]] = {}
        self._behind: set[str] = set()
        self._catching_up: asyncio.Task[None] | None = None
        self._heard_at = 0.0

    @property
    def is_settled(self) -> bool:
        """Whether it is connected and, as far as it knows, lacks nothing."""
        return (
            self.is_connected.is_set()
            and not self._behind
            and (self._catching_up is None or self._catching_up.done())
            and all(held.is_whole and not held.waiting for held in self.held.values())
        )

    # -- The connection ------------------------------------------------------------------------

    async def run(self) -> None:
        # Without certificates, of which to read takes longer than all else: this is plain HTTP.
        async with httpx.AsyncClient(timeout=CONNECTING, verify=False) as http:
            for failures in itertools.count():
                connected_before = self.connects
                try:
                    await self._one_connection(http)
                except LOST:
                    pass
                if self.connects > connected_before:
                    failures = 0
                elif failures:
                    self._address = next(self._addresses)
                bound = min(LONGEST_WAIT, FIRST_WAIT * 2**failures)
                await asyncio.sleep(random.uniform(0, bound))

    async def _one_connection(self, http: httpx.AsyncClient) -> None:
        answer = await http.post(
            f"{self._address}/api/v1/tickets", headers={"X-Session-Token": self._token}
        )
        if not answer.is_success:
            if answer.status_code in (401, 403, 404):
                raise AssertionError(f"{self.name} was given no ticket: {answer.text}")
            return
        socket = await connect(
            self._address.replace("http", "ws", 1) + "/ws/client/",
            subprotocols=[
                Subprotocol("mediachat.v1"),
                Subprotocol(f"ticket.{answer.json()['ticket']}"),
            ],
            compression=None,
            max_size=None,
            open_timeout=CONNECTING,
            close_timeout=0.2,
            ping_interval=None,
        )
        self._socket, number = socket, self.connects + 1
        self._heard_at = time.monotonic()
        watching = asyncio.create_task(self._watch(socket))
        try:
            while True:
                read = json.loads(await socket.recv())
                self._heard_at = time.monotonic()
                for frame in read if isinstance(read, list) else [read]:
                    self._history.receive(self.name, self.user, number, frame)
                    self._take(frame)
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else None
            self._history.closings[code] += 1
            if code in STAY_AWAY:
                raise AssertionError(f"{self.name} was closed with {code}") from closed
        finally:
            self._lose(socket, watching)

    def _lose(self, socket: ClientConnection, watching: "asyncio.Task[None]") -> None:
        watching.cancel()
        socket.transport.abort()
        self._socket = None
        self.is_connected.clear()
        if self._catching_up:
            self._catching_up.cancel()
        answers, self._answers = self._answers, {}
        for answer in answers.values():
            if not answer.done():
                answer.set_exception(LostError())
                answer.exception()

    async def _watch(self, socket: ClientConnection) -> None:
        """Notices a connection over which nothing comes any more."""
        while True:
            await asyncio.sleep(SILENCE / 8)
            silent = time.monotonic() - self._heard_at
            if silent > SILENCE:
                socket.transport.abort()
            elif silent > SILENCE / 2 and self.is_connected.is_set():
                with contextlib.suppress(*LOST):
                    ref = f"ping {next(self._refs)}"
                    await socket.send(json.dumps({"type": "ping", "ref": ref}))

    def drop(self) -> None:
        """Ends the connection without a word, as when a cable is pulled."""
        if self._socket:
            self._socket.transport.abort()

    # -- Commands ------------------------------------------------------------------------------

    async def do(self, kind: str, /, **fields: Any) -> Frame:
        """Asks until the server answers, and returns the reply.

        Raises:
            CommandError: it was refused.
        """
        asked = self._history.ask(self.name, self.user, kind, fields)
        while True:
            await self.is_connected.wait()
            asked.attempts += 1
            try:
                answer = await self._ask(kind, fields)
            except (LostError, TimeoutError):
                await asyncio.sleep(0.02)  # until it is known here that it is not connected
                continue
            if answer["type"] == "error" and answer["code"] in AGAIN:
                await asyncio.sleep(random.uniform(0.1, 0.4))
                continue
            asked.answer, asked.answered_at = answer, time.monotonic()
            if kind == "room.read" and asked.is_done and (held := self.held.get(fields["room"])):
                held.read = max(held.read, fields["number"])
            return _done(answer)

    async def say_typing(self, room: str) -> None:
        """To which there is no answer, and which nobody repeats."""
        if self._socket and self.is_connected.is_set():
            with contextlib.suppress(*LOST):
                await self._socket.send(json.dumps({"type": "typing", "room": room}))

    async def _ask(self, kind: str, fields: Frame) -> Frame:
        """Asks once; the answer may be an error.

        Raises:
            LostError: the connection was lost first.
            TimeoutError: it was not, and there is no answer.
        """
        if self._socket is None:
            raise LostError
        ref = str(next(self._refs))
        answer = self._answers[ref] = asyncio.get_running_loop().create_future()
        try:
            await self._socket.send(json.dumps({"type": kind, "ref": ref, **fields}))
        except WebSocketException as error:
            raise LostError from error
        try:
            async with asyncio.timeout(UNANSWERED):
                return await answer
        finally:
            self._answers.pop(ref, None)

    # -- What comes ----------------------------------------------------------------------------

    def _take(self, frame: Frame) -> None:
        match frame["type"]:
            case "reply" | "error":
                answer = self._answers.get(str(frame.get("ref")))
                if answer and not answer.done():
                    answer.set_result(frame)
            case "ready":
                self._take_ready(frame)
            case "room":
                self._take_room(frame["room"])
            case "room.removed":
                self.held.pop(frame["room"], None)
                self._behind.discard(frame["room"])
            case "read" if frame["user"] == self.user:
                if held := self.held.get(frame["room"]):
                    held.read = max(held.read, frame["number"])
            case "message":
                self._take_message(frame)
            case "changes":
                self._take_changes(frame)
            case "heads":
                self._need(lambda room, held: frame["rooms"].get(room, 0) > held.position)

    def _take_ready(self, frame: Frame) -> None:
        self.connects += 1
        for gone in self.held.keys() - {room["id"] for room in frame["rooms"]}:
            del self.held[gone]
        for room in frame["rooms"]:
            self._take_room(room)
        self.is_connected.set()
        self._behind = set(self.held)
        self._catch_up_soon()

    def _take_room(self, room: Frame) -> None:
        if held := self.held.get(room["id"]):
            held.read, held.name = max(held.read, room["read"]), room["name"]
        elif room["role"]:
            self.held[room["id"]] = Held(room["position"], room["read"], room["name"])
            self._need(lambda each, _: each == room["id"])

    def _take_message(self, frame: Frame) -> None:
        held, position = self.held.get(frame["room"]), frame["position"]
        if held is None:
            return
        held.waiting[position] = frame["message"]
        held.take_what_follows()
        if held.waiting:
            self._need(lambda room, _: room == frame["room"])

    def _take_changes(self, frame: Frame) -> None:
        held = self.held.get(frame["room"])
        if held is None:
            return
        if frame["reset"]:
            held.messages, held.is_whole = {}, False
        for message in frame["messages"]:
            held.store(message)
        held.position = max(held.position, frame["position"])
        held.take_what_follows()
        if frame["more"]:
            self._need(lambda room, _: room == frame["room"])

    # -- What was missed -----------------------------------------------------------------------

    def _need(self, is_behind: Callable[[str, Held], bool]) -> None:
        behind = {room for room, held in self.held.items() if is_behind(room, held)}
        if behind:
            self._behind |= behind
            self._catch_up_soon()

    def _catch_up_soon(self) -> None:
        if self._catching_up is None or self._catching_up.done():
            self._catching_up = asyncio.create_task(self._catch_up())

    async def _catch_up(self) -> None:
        while self._behind and self._socket:
            behind, self._behind = self._behind & self.held.keys(), set()
            try:
                positions = {room: self.held[room].position for room in behind}
                _done(await self._ask("sync", {"rooms": positions}))
                for room in behind:
                    await self._page(room)
            except LostError:
                return  # the next connection begins with all rooms
            except TimeoutError:
                self._behind |= behind
            except CommandError:
                # It failed, or one room is ours no longer: which that is, it says itself.
                self._behind |= behind
                await asyncio.sleep(random.uniform(0.05, 0.2))

    async def _page(self, room: str) -> None:
        """Reads the history of before, once for each room that is new here."""
        held: Held | None = None
        before: int | None = None
        while (current := self.held.get(room)) and not current.is_whole:
            if current is not held:  # they have left and come back meanwhile
                held, before = current, None
            fields = {"room": room, "limit": 200, "before": before}
            page = _done(await self._ask("history", fields))
            for message in page["messages"]:
                held.store(message)
                before = message["number"] if before is None else min(before, message["number"])
            held.is_whole = not page["more"]


def _done(answer: Frame) -> Frame:
    if answer["type"] == "error":
        raise CommandError(answer["code"], answer["detail"])
    return answer
