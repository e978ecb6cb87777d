"""A client that knows only the published protocol, and holds the server to its promises.

It shares no code with the product. Whatever it is sent, it checks: positions of a room grow by
one, nothing comes twice, a message's number never changes, a change is later than what it
changes. The first broken promise ends the connection and is raised by the next call.
"""

import asyncio
import contextlib
import json
import uuid
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from tests.support import sessions

Frame = dict[str, Any]
PASSWORD = "correct horse battery staple"


class CommandError(Exception):
    """The server's answer to a command it did not do."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class BrokenPromiseError(AssertionError):
    """The server did what the protocol says it never does."""


class ClosedError(Exception):
    """The server closed the socket, or the connection was lost."""

    def __init__(self, code: int) -> None:
        super().__init__(f"closed with {code}")
        self.code = code


@dataclass
class Held:
    """What a client holds of one room."""

    position: int
    """Everything up to here has been seen, or was asked for as history."""
    messages: dict[str, Frame] = field(default_factory=dict)
    waiting: dict[int, Frame] = field(default_factory=dict)
    """Live events that came while a ``sync`` was under way and stand after its answer."""
    synced_to: int = 0

    def store(self, message: Frame) -> None:
        known = self.messages.get(message["id"])
        if known is not None:
            for name in ("number", "room", "sender", "client_id", "created_at"):
                if known[name] != message[name]:
                    raise BrokenPromiseError(f"{name} changed: {known} → {message}")
            if message["position"] < known["position"]:
                return
        self.messages[message["id"]] = message

    def ordered(self) -> list[Frame]:
        return sorted(self.messages.values(), key=lambda message: message["number"])

    def take(self, position: int, message: Frame) -> None:
        if message["position"] != position:
            raise BrokenPromiseError(f"event at {position} holds {message['position']}")
        self.store(message)
        self.position = position


class OutsideClient:
    """One person's program. Use it as an async context manager, or connect by hand."""

    def __init__(self, url: str, username: str, password: str = PASSWORD) -> None:
        self.url = url
        self.username = username
        self.password = password
        self.token = ""
        self.cookies = ""
        self.headers: dict[str, str] = {}
        """What a program adds to the request for its socket."""
        self.socket: ClientConnection | None = None
        self.ready: Frame = {}
        self.rooms: dict[str, Frame] = {}
        self.held: dict[str, Held] = {}
        self.events: list[Frame] = []
        """Every event as it came, replies and errors left out."""
        self.closed: asyncio.Future[int] = asyncio.Future()
        self._answers: dict[str, asyncio.Future[Frame]] = {}
        self._news = asyncio.Event()
        self._reader: asyncio.Task[None] | None = None
        self._broken: BrokenPromiseError | None = None
        self._syncing = 0
        self._one_sync = asyncio.Lock()
        self._more: set[str] = set()
        self._reset: set[str] = set()
        self._follow: set[asyncio.Task[None]] = set()

    # -- HTTP doors ---------------------------------------------------------------------------

    def http(self) -> httpx.AsyncClient:
        headers = {"X-Session-Token": self.token} if self.token else {}
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=20)

    async def sign_up(self) -> Self:
        return await self._authenticate("signup")

    async def sign_in(self) -> Self:
        """Takes the session that a person of the cast came with, or signs in."""
        if self.password == PASSWORD and (token := sessions.take(self.url, self.username)):
            self.token = token
            return self
        return await self.sign_in_by_password()

    async def sign_in_by_password(self) -> Self:
        return await self._authenticate("login")

    async def _authenticate(self, step: str) -> Self:
        async with self.http() as http:
            answer = await http.post(
                f"/_allauth/app/v1/auth/{step}",
                json={"username": self.username, "password": self.password},
            )
        assert answer.status_code == 200, (answer.status_code, answer.text)
        self.token = answer.json()["meta"]["session_token"]
        return self

    async def sign_out(self) -> None:
        async with self.http() as http:
            answer = await http.delete("/_allauth/app/v1/auth/session")
        assert answer.status_code == 401, (answer.status_code, answer.text)

    async def sign_in_by_form(self) -> Self:
        """Signs in as a browser does; ``cookies`` then open the page's own door."""
        async with httpx.AsyncClient(base_url=self.url, timeout=20) as http:
            page = await http.get("/accounts/login/")
            assert page.status_code == 200, page.status_code
            answer = await http.post(
                "/accounts/login/",
                data={
                    "login": self.username,
                    "password": self.password,
                    "csrfmiddlewaretoken": http.cookies["csrftoken"],
                },
                headers={"Referer": f"{self.url}/accounts/login/"},
            )
            assert answer.status_code == 302, (answer.status_code, answer.text[:2000])
            self.cookies = "; ".join(f"{name}={value}" for name, value in http.cookies.items())
        return self

    async def ticket(self) -> str:
        async with self.http() as http:
            answer = await http.post("/api/v1/tickets")
        assert answer.is_success, (answer.status_code, answer.text)
        assert answer.json()["expires_in"] == 30
        return str(answer.json()["ticket"])

    async def upload(self, name: str, content: bytes, content_type: str) -> Frame:
        async with self.http() as http:
            answer = await http.post(
                "/api/v1/attachments", files={"file": (name, content, content_type)}
            )
        if answer.status_code >= 400:
            raise CommandError(answer.json()["code"], answer.json()["detail"])
        return dict(answer.json())

    async def download(self, url: str) -> httpx.Response:
        async with self.http() as http:
            return await http.get(url)

    # -- The socket ---------------------------------------------------------------------------

    async def connect(self, *, ticket: str | None = None) -> Self:
        """Connects, takes ``ready``, and catches up on every room of which something is held."""
        if self.cookies and ticket is None:
            self.socket = await connect(
                self._socket_url("/ws/"),
                additional_headers={"Cookie": self.cookies},
                origin=Origin(self.url),
                compression=None,
                max_size=None,
            )
        else:
            self.socket = await connect(
                self._socket_url("/ws/client/"),
                subprotocols=[
                    Subprotocol("mediachat.v1"),
                    Subprotocol(f"ticket.{ticket or await self.ticket()}"),
                ],
                additional_headers=self.headers,
                compression=None,
                max_size=None,
            )
            assert self.socket.subprotocol == "mediachat.v1"
        self.closed = asyncio.Future()
        self.ready = {}
        self._reader = asyncio.create_task(self._read(self.socket))
        await self.until(lambda: bool(self.ready), 10)
        if behind := [room for room, held in self.held.items() if self._stale(held)]:
            await self.sync(behind)
        return self

    def _socket_url(self, path: str) -> str:
        return self.url.replace("http", "ws", 1) + path

    async def disconnect(self) -> None:
        if self.socket is not None:
            await self.socket.close()
            self.socket = None
        if self._reader is not None:
            await asyncio.wait([self._reader])
            self._reader = None
        self._raise_broken()

    async def __aenter__(self) -> Self:
        if not self.token:
            await self.sign_in()
        return await self.connect()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            await self.disconnect()
        except BrokenPromiseError:
            if error is None:
                raise

    async def _read(self, socket: ClientConnection) -> None:
        code = 1006
        try:
            while True:
                text = await socket.recv()
                if not isinstance(text, str):
                    raise BrokenPromiseError("a binary frame")
                frame = json.loads(text)
                for one in frame if isinstance(frame, list) else [frame]:
                    self._receive(one)
                self._announce()
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else 1006
        except BrokenPromiseError as broken:
            self._broken = broken
            await socket.close()
        except (KeyError, TypeError, ValueError) as broken:
            self._broken = BrokenPromiseError(f"{broken!r} in {text[:500]!r}")
            await socket.close()
        finally:
            self.closed.set_result(code)
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(ClosedError(code))
                    answer.exception()
            self._answers.clear()
            self._announce()

    def _announce(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def until(self, condition: Callable[[], bool], seconds: float = 5) -> None:
        """Waits until this holds of what was received; looks again after every frame."""
        async with asyncio.timeout(seconds):
            while not condition():
                self._raise_broken()
                if self.closed.done() and not condition():
                    raise ClosedError(self.closed.result())
                await self._news.wait()
        self._raise_broken()

    def _raise_broken(self) -> None:
        if self._broken is not None:
            raise self._broken

    async def raw(self, text: str) -> None:
        """Sends any text, whether or not it is a command."""
        assert self.socket is not None
        await self.socket.send(text)

    async def command(self, kind: str, /, **fields: Any) -> Frame:
        """Sends a command and returns its reply.

        Raises:
            CommandError: the server answered with an error.
            ClosedError: the connection was lost before the answer; it may have been done.
        """
        self._raise_broken()
        if self.socket is None or self.closed.done():
            raise ClosedError(1006)
        ref = uuid.uuid4().hex
        answer: asyncio.Future[Frame] = asyncio.Future()
        self._answers[ref] = answer
        try:
            await self.socket.send(json.dumps({"type": kind, "ref": ref, **fields}))
        except ConnectionClosed as closed:
            self._answers.pop(ref, None)
            raise ClosedError(closed.rcvd.code if closed.rcvd else 1006) from None
        async with asyncio.timeout(30):
            reply = await answer
        if reply["type"] == "error":
            raise CommandError(reply["code"], reply["detail"])
        return reply

    async def send(self, room: str, body: str, /, **fields: Any) -> Frame:
        """Sends a message until it is acknowledged or refused, and returns it as stored."""
        fields.setdefault("client_id", str(uuid.uuid4()))
        reply = await self.command("message.send", room=room, body=body, **fields)
        message = dict(reply["message"])
        if reply["position"] != message["position"]:
            raise BrokenPromiseError(f"the reply's position is not the message's: {reply}")
        return message

    async def sync(self, rooms: Iterable[str] | None = None) -> None:
        """Asks for all that was missed, until every room says there is no more.

        Live events that come meanwhile wait: they stand after the answer.
        """
        asked = set(self.held if rooms is None else rooms)
        self._syncing += 1
        try:
            async with self._one_sync:
                while asked & self.held.keys():
                    self._more.clear()
                    positions = {
                        room: self.held[room].position for room in asked & self.held.keys()
                    }
                    await self.command("sync", rooms=positions)
                    asked = set(self._more)
        finally:
            self._syncing -= 1
        self._drain_all()
        while self._reset:
            await self.page_history(self._reset.pop())

    async def history(self, room: str, limit: int = 200) -> list[Frame]:
        """All messages of a room, oldest first, paged from the newest."""
        messages: list[Frame] = []
        before: int | None = None
        while True:
            fields = {} if before is None else {"before": before}
            page = await self.command("history", room=room, limit=limit, **fields)
            numbers = [message["number"] for message in page["messages"]]
            assert numbers == sorted(numbers), numbers
            assert len(numbers) <= limit
            if before is not None:
                assert all(number < before for number in numbers)
            messages = page["messages"] + messages
            if not page["more"]:
                return messages
            assert numbers, "more is true of an empty page"
            before = numbers[0]

    async def page_history(self, room: str) -> None:
        """Fills what is held of the room with everything before it was joined."""
        for message in await self.history(room):
            self.held[room].store(message)

    # -- What comes ---------------------------------------------------------------------------

    def _receive(self, frame: Frame) -> None:
        kind = frame["type"]
        if kind in ("reply", "error"):
            answer = self._answers.pop(frame["ref"], None)
            if answer is not None and not answer.done():
                answer.set_result(frame)
            elif answer is None and kind == "reply":
                raise BrokenPromiseError(f"an answer to nothing: {frame}")
            elif answer is None:
                self.events.append(frame)
            return
        self.events.append(frame)
        if not self.ready and kind != "ready":
            raise BrokenPromiseError(f"{kind} came before ready")
        if kind == "ready":
            self._take_ready(frame)
        elif kind == "room":
            self._take_room(frame["room"])
        elif kind == "room.removed":
            self.rooms.pop(frame["room"], None)
            self.held.pop(frame["room"], None)
        elif kind == "message":
            self._take_message(frame)
        elif kind == "changes":
            self._take_changes(frame)
        elif kind == "heads":
            self._take_heads(frame["rooms"])

    def _take_ready(self, frame: Frame) -> None:
        assert frame["protocol"] == 1
        assert frame["user"]["username"] == self.username
        self.rooms = {}
        for room in frame["rooms"]:
            self._take_room(room)
        for gone in self.held.keys() - self.rooms.keys():
            del self.held[gone]
        self.ready = frame

    def _take_room(self, room: Frame) -> None:
        self.rooms[room["id"]] = room
        if room["id"] not in self.held:
            self.held[room["id"]] = Held(room["position"])

    def _take_message(self, frame: Frame) -> None:
        room, position = frame["room"], frame["position"]
        held = self.held.get(room)
        if held is None:
            raise BrokenPromiseError(f"a message of a room we were not told of: {frame}")
        if self._behind(held) and position > held.position:
            # It may stand after a gap, or come again in the answer that is under way.
            held.waiting[position] = frame
        elif position == held.position + 1:
            held.take(position, frame["message"])
        elif position <= held.synced_to:
            held.store(frame["message"])
        elif position <= held.position:
            raise BrokenPromiseError(f"{position} of {room} came twice")
        else:
            raise BrokenPromiseError(f"a gap in {room}: {held.position} → {position}")

    def _behind(self, held: Held) -> bool:
        return self._syncing > 0 or self._stale(held)

    def _stale(self, held: Held) -> bool:
        """Between ``ready`` and our ``sync``, live events stand after what we have yet to ask."""
        return any(
            room["position"] > held.position
            for room in self.ready.get("rooms", [])
            if self.held.get(room["id"]) is held
        )

    def _drain_all(self) -> None:
        for room, held in self.held.items():
            self._drain(room, held)

    def _drain(self, room: str, held: Held) -> None:
        for position in sorted(held.waiting):
            if position <= held.position:
                held.store(held.waiting.pop(position)["message"])
            elif position == held.position + 1:
                held.take(position, held.waiting.pop(position)["message"])
            elif not self._syncing:
                raise BrokenPromiseError(f"sync left a gap in {room}: {held.position} → {position}")

    def _take_changes(self, frame: Frame) -> None:
        room, held = frame["room"], self.held[frame["room"]]
        if frame["reset"]:
            held.messages.clear()
            held.waiting.clear()
            self._reset.add(room)
        last = held.position
        for message in frame["messages"]:
            if not frame["reset"] and message["position"] <= last:
                raise BrokenPromiseError(
                    f"changes of {room} go back: {last} → {message['position']}"
                )
            last = message["position"]
            held.store(message)
        if last > frame["position"] or frame["position"] < held.position:
            raise BrokenPromiseError(f"changes of {room} end at {frame['position']}, after {last}")
        held.position = held.synced_to = frame["position"]
        if frame["more"]:
            self._more.add(room)

    def _take_heads(self, heads: dict[str, int]) -> None:
        """Asks for what a lost doorbell kept from us."""
        behind = [
            room
            for room, position in heads.items()
            if room in self.held and position > self.held[room].position
        ]
        if behind:
            # From here on, and not from when the task runs: what follows may stand beyond a gap.
            self._syncing += 1
            task = asyncio.create_task(self._catch_up(behind))
            self._follow.add(task)
            task.add_done_callback(self._follow.discard)

    async def _catch_up(self, rooms: list[str]) -> None:
        try:
            await self.sync(rooms)
        except ClosedError:
            pass
        except BrokenPromiseError as broken:
            self._broken = broken
        finally:
            self._syncing -= 1
        self._drain_all()
        self._announce()

    # -- Questions that tests ask -------------------------------------------------------------

    def bodies(self, room: str) -> list[str]:
        return [message["body"] for message in self.held[room].ordered()]

    def of_type(self, kind: str) -> list[Frame]:
        return [event for event in self.events if event["type"] == kind]


def assert_complete(client: OutsideClient, room: str, count: int) -> None:
    """The client holds messages 1 to ``count``, each once."""
    ordered = client.held[room].ordered()
    assert [message["number"] for message in ordered] == list(range(1, count + 1))
    positions = [message["position"] for message in ordered]
    assert len(set(positions)) == len(positions)
    keys = {(message["sender"], message["client_id"]) for message in ordered}
    assert len(keys) == len(ordered)


@contextlib.asynccontextmanager
async def connected(url: str, *usernames: str) -> AsyncIterator[list[OutsideClient]]:
    """Several people at once, signed in and connected."""
    clients = [OutsideClient(url, username) for username in usernames]
    try:
        for client in clients:
            await client.sign_in()
            await client.connect()
        yield clients
    finally:
        for client in clients:
            with contextlib.suppress(Exception):
                await client.disconnect()
    for client in clients:
        client._raise_broken()


def everyone(clients: Iterable[OutsideClient], room: str, position: int) -> bool:
    return all(client.held[room].position >= position for client in clients)
