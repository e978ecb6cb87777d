"""Matrix's client API, as far as a room's members need it: sign up, join, send, and ``/sync``."""

import asyncio
import json
import uuid
from typing import Any
from urllib.parse import quote

from benchmarks.dialects import Connect
from benchmarks.load import Client, Room

API = "/_matrix/client/v3"
FILTER = quote(json.dumps({"room": {"timeline": {"limit": 200}}}))
"""More than is ever under way: else a slow reader would be told only of the last ten."""
SYNC_SECONDS = 20


class Http:
    """Requests over one connection after another's answer, the least that HTTP/1.1 needs."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.token = ""

    async def ask(self, method: str, path: str, body: Any = None) -> bytes:
        """The body of the answer.

        Raises:
            ConnectionError: it was not a 200.
        """
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        sent = b"" if body is None else json.dumps(body).encode()
        who = f"Authorization: Bearer {self.token}\r\n" if self.token else ""
        writer.write(
            f"{method} {API}{path} HTTP/1.1\r\nHost: localhost\r\n{who}"
            f"Content-Type: application/json\r\nContent-Length: {len(sent)}\r\n\r\n".encode()
            + sent
        )
        status, _, headers = (await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in headers.strip().split(b"\r\n"))
        if b"content-length" in fields:
            answer = await reader.readexactly(int(fields[b"content-length"]))
        else:
            answer = await _chunks(reader)
        if b" 200 " not in status:
            raise ConnectionError(f"{method} {path}: {status.decode()} {answer[:200].decode()}")
        return answer

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    parts = []
    while size := int(await reader.readline(), 16):
        parts.append(await reader.readexactly(size))
        await reader.readexactly(2)
    await reader.readexactly(2)
    return b"".join(parts)


class MatrixClient:
    """One member: a loop of ``/sync``, and a connection for each message under way."""

    def __init__(self, port: int, room: Room) -> None:
        self.room = room
        self.room_id = ""
        self._port = port
        self._reads = Http(port)
        self._free: list[Http] = []
        self._all = [self._reads]
        self._tasks: set[asyncio.Task[None]] = set()
        self._since = ""
        self._known: set[str] = set()

    async def sign_up(self, room_id: str) -> None:
        """Makes an account and joins, or opens a room where there is none yet."""
        account = {
            "username": f"u{uuid.uuid4().hex}",
            "password": uuid.uuid4().hex,
            "auth": {"type": "m.login.dummy"},
        }
        answer = json.loads(await self._reads.ask("POST", "/register", account))
        self._reads.token = answer["access_token"]
        path = f"/join/{quote(room_id)}" if room_id else "/createRoom"
        asked = {} if room_id else {"preset": "public_chat"}
        self.room_id = json.loads(await self._reads.ask("POST", path, asked))["room_id"]

    def take_over(self, other: "MatrixClient") -> None:
        """Is the same member: signing up takes a third of a second each."""
        self.room_id, self._reads.token = other.room_id, other._reads.token

    async def follow(self) -> None:
        self._new(await self._sync(0))
        self._start(self._follow())

    def say(self, body: str) -> None:
        self._start(self._put(body))

    def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        for each in self._all:
            each.close()

    async def _put(self, body: str) -> None:
        if not self._free:
            self._free.append(Http(self._port))
            self._free[-1].token = self._reads.token
            self._all.append(self._free[-1])
        http = self._free.pop()
        path = f"/rooms/{quote(self.room_id)}/send/m.room.message/{uuid.uuid4()}"
        await http.ask("PUT", path, {"msgtype": "m.text", "body": body})
        self._free.append(http)
        self.room.load.heard(self, b"", 0, 1)

    async def _follow(self) -> None:
        while True:
            if said := self._new(await self._sync(SYNC_SECONDS)):
                self.room.load.heard(self, "".join(said).encode(), len(said), 0)

    def _new(self, events: list[dict[str, Any]]) -> list[str]:
        """What is said in messages that were in no answer before: an event may be in two."""
        messages = [
            event
            for event in events
            if event["type"] == "m.room.message" and event["event_id"] not in self._known
        ]
        self._known.update(event["event_id"] for event in messages)
        return [event["content"]["body"] for event in messages]

    async def _sync(self, seconds: int) -> list[dict[str, Any]]:
        """The room's new events."""
        since = f"&since={self._since}" if self._since else ""
        path = f"/sync?filter={FILTER}&timeout={seconds * 1000}{since}"
        answer = json.loads(await self._reads.ask("GET", path))
        self._since = answer["next_batch"]
        room = answer.get("rooms", {}).get("join", {}).get(self.room_id)
        return room["timeline"]["events"] if room else []

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            raise error


def matrix(port: int) -> Connect:
    members: dict[tuple[int, int], MatrixClient] = {}

    async def connect(room: Room, number: int, index: int) -> Client:
        client = MatrixClient(port, room)
        if known := members.get((number, index)):
            client.take_over(known)
        else:
            await client.sign_up(members[number, 0].room_id if index else "")
        members[number, index] = client
        await client.follow()
        return client

    return connect
