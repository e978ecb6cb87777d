"""How each server is spoken to. A dialect connects a client to a room and counts its frames."""

import asyncio
import json
import re
import uuid
from collections.abc import Callable
from typing import Any

from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from benchmarks.load import Client, Room

Connect = Callable[[Room, int, int], Any]
"""Connects client ``index`` to the ``number``-th room; awaitable, gives the client."""


class WebSocketClient(WSListener):
    """A client on a websocket; what it counts is given by its dialect."""

    delivery = b""
    answer = b""
    """Where it is empty, one's own message coming back is the answer."""

    def __init__(self, room: Room, index: int) -> None:
        self.room = room
        self.index = index
        self.transport: WSTransport
        self.ready = asyncio.get_running_loop().create_future()

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type != WSMsgType.TEXT:
            return
        payload = frame.get_payload_as_bytes()
        if not self.ready.done():
            self.greeted(payload)
            return
        self.counted(payload)

    def greeted(self, payload: bytes) -> None:
        self.ready.set_result(None)

    def counted(self, payload: bytes) -> None:
        deliveries = payload.count(self.delivery)
        if self.answer:
            answers = payload.count(self.answer)
        else:
            answers = deliveries if self.index < self.room.load.senders else 0
        self.room.load.heard(self, payload, deliveries, answers)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        if not self.ready.done():
            self.ready.set_exception(ConnectionError("closed before it was greeted"))

    def say(self, body: str) -> None:
        self.write(body)

    def write(self, text: str) -> None:
        self.transport.send(WSMsgType.TEXT, text.encode())

    def close(self) -> None:
        self.transport.disconnect()


class MediaChatClient(WebSocketClient):
    """Ours: everything that a client has to say and nothing less."""

    delivery = b'"type":"message"'
    answer = b'"type":"reply"'
    room_id = ""
    waiting: "asyncio.Future[None] | None" = None

    def counted(self, payload: bytes) -> None:
        if self.waiting is not None and b'"ref":"sync"' in payload:
            self.waiting.set_result(None)
            self.waiting = None
            return
        super().counted(payload)

    def say(self, body: str) -> None:
        self.write(
            f'{{"type":"message.send","ref":"{self.room.sent}","room":"{self.room_id}",'
            f'"client_id":"{uuid.uuid4()}","body":"{body}"}}'
        )


class ReadingClient(MediaChatClient):
    """Reads as the page does: a moment after it was shown something, it says so."""

    AFTER = 0.4
    _NUMBER = re.compile(rb'"number":(\d+),"position"')

    def __init__(self, room: Room, index: int) -> None:
        super().__init__(room, index)
        self._newest = 0
        self._soon: asyncio.TimerHandle | None = None

    def counted(self, payload: bytes) -> None:
        deliveries = payload.count(self.delivery)
        # The answers to marks are none to messages.
        answers = payload.count(self.answer) - payload.count(b'"ref":"read"')
        self.room.load.heard(self, payload, deliveries, answers)
        if deliveries:
            self._newest = max(self._newest, *map(int, self._NUMBER.findall(payload)))
            if self._soon is None:
                self._soon = asyncio.get_running_loop().call_later(self.AFTER, self._read)

    def _read(self) -> None:
        self._soon = None
        self.write(
            f'{{"type":"room.read","ref":"read","room":"{self.room_id}","number":{self._newest}}}'
        )

    def close(self) -> None:
        if self._soon is not None:
            self._soon.cancel()
        super().close()


class ComingClient(MediaChatClient):
    """Comes, and counts what it is told of others who come and go."""

    def __init__(self, room: Room, index: int) -> None:
        super().__init__(room, index)
        self.ready_size = self.frames = self.events = 0

    def greeted(self, payload: bytes) -> None:
        self.ready_size = len(payload)
        super().greeted(payload)

    def counted(self, payload: bytes) -> None:
        if events := payload.count(b'"type":"presence"'):
            self.events += events
            self.frames += 1


class RawClient(WebSocketClient):
    """A pipe that sends on whatever it gets."""

    delivery = b'"body"'

    def say(self, body: str) -> None:
        self.write(f'{{"client_id":"{uuid.uuid4()}","body":"{body}"}}')

    def on_ws_connected(self, transport: WSTransport) -> None:
        super().on_ws_connected(transport)
        self.ready.set_result(None)


class TutorialClient(RawClient):
    """The chat of Channels' tutorial."""

    delivery = b'"message"'

    def say(self, body: str) -> None:
        self.write(json.dumps({"message": body}))


class SocketIOClient(WebSocketClient):
    """Engine.IO's handshake, then one event."""

    delivery = b'42["message"'

    def greeted(self, payload: bytes) -> None:
        if payload.startswith(b"0"):
            self.write("40")
        elif payload.startswith(b"40"):
            self.ready.set_result(None)

    def counted(self, payload: bytes) -> None:
        if payload == b"2":
            self.write("3")
        else:
            super().counted(payload)

    def say(self, body: str) -> None:
        self.write("42" + json.dumps(["message", {"body": body}]))


async def connected(client: WebSocketClient, url: str, headers: dict[str, str]) -> WebSocketClient:
    """Connects it and waits until the server has greeted it."""
    await ws_connect(lambda: client, url, extra_headers=headers, websocket_handshake_timeout=30)
    await asyncio.wait_for(client.ready, 60)
    return client


def raw(kind: type[WebSocketClient], url: str) -> Connect:
    """For servers that take the room from the address: ``{room}`` in ``url``."""

    def connect(room: Room, number: int, index: int) -> Any:
        return connected(kind(room, index), url.format(room=number), {})

    return connect


class XmppClient(asyncio.Protocol):
    """Enough of XMPP to sign in anonymously, enter a room and talk in it."""

    def __init__(self, room: Room, index: int, number: int, domain: str) -> None:
        self.room, self.index, self._domain = room, index, domain
        self._address = f"room{number}@conference.{domain}"
        self.ready = asyncio.get_running_loop().create_future()
        self._buffer = b""
        self._wanted: list[tuple[bytes, str]] = [
            (
                b"</stream:features>",
                "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>",
            ),
            (b"<success", self._stream()),
            (
                b"</stream:features>",
                "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>",
            ),
            (
                b"</iq>",
                f"<presence to='{self._address}/n{index}'>"
                "<x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x>"
                "</presence>",
            ),
            (b"110", ""),
        ]

    def _stream(self) -> str:
        return (
            f"<stream:stream to='{self._domain}' version='1.0' xmlns='jabber:client' "
            "xmlns:stream='http://etherx.jabber.org/streams'>"
        )

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self._write(self._stream())

    def data_received(self, data: bytes) -> None:
        if self.ready.done():
            self._counted(data)
            return
        self._buffer += data
        while self._wanted and self._wanted[0][0] in self._buffer:
            marker, answer = self._wanted.pop(0)
            self._buffer = self._buffer.split(marker, 1)[1]
            if answer:
                self._write(answer)
        if not self._wanted:
            self._buffer = b""
            self.ready.set_result(None)

    def _counted(self, data: bytes) -> None:
        # The end of a message, so that one that comes in two pieces is counted once.
        data = self._buffer + data
        end = data.rfind(b"</message>") + len(b"</message>")
        if end < len(b"</message>"):
            self._buffer = data
            return
        whole, self._buffer = data[:end], data[end:]
        deliveries = whole.count(b"<body>")
        answers = deliveries if self.index < self.room.load.senders else 0
        self.room.load.heard(self, whole, deliveries, answers)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.ready.done():
            self.ready.set_exception(ConnectionError("closed before it was in the room"))

    def say(self, body: str) -> None:
        self._write(
            f"<message to='{self._address}' type='groupchat' id='{uuid.uuid4()}'>"
            f"<body>{body}</body></message>"
        )

    def _write(self, text: str) -> None:
        self.transport.write(text.encode())

    def close(self) -> None:
        self.transport.close()


def xmpp(port: int, domain: str = "localhost") -> Connect:
    async def connect(room: Room, number: int, index: int) -> Client:
        client = XmppClient(room, index, number, domain)
        await asyncio.get_running_loop().create_connection(lambda: client, "127.0.0.1", port)
        await asyncio.wait_for(client.ready, 60)
        return client

    return connect


def media_chat(
    urls: list[str],
    rooms: list[str],
    members: list[list[str]],
    kind: type[MediaChatClient] = MediaChatClient,
) -> Connect:
    """Our people by their sessions' cookies; on several processes they take turns."""

    def connect(room: Room, number: int, index: int) -> Any:
        client = kind(room, index)
        client.room_id = rooms[number]
        url = urls[index % len(urls)]
        return connected(client, f"ws{url[4:]}/ws/", cookie(url, members[number][index]))

    return connect


def synced(client: Client, positions: dict[str, int]) -> "asyncio.Future[None]":
    """Done when the server has brought this client, who stands there, up to date."""
    assert isinstance(client, MediaChatClient)
    client.waiting = asyncio.get_running_loop().create_future()
    client.write(json.dumps({"type": "sync", "ref": "sync", "rooms": positions}))
    return client.waiting


def cookie(url: str, session: str) -> dict[str, str]:
    return {"Cookie": f"sessionid={session}", "Origin": url}


async def gather(load_rooms: list[Room], connect: Connect, members: int, at_once: int = 20) -> None:
    """Brings everyone in, a few at a time, each room's first member first."""
    places = asyncio.Semaphore(at_once)

    async def enter(number: int, room: Room, index: int) -> Client:
        async with places:
            return await connect(room, number, index)

    firsts = [enter(number, room, 0) for number, room in enumerate(load_rooms)]
    for room, first in zip(load_rooms, await asyncio.gather(*firsts), strict=True):
        room.clients.append(first)
    for number, room in enumerate(load_rooms):
        room.clients += await asyncio.gather(
            *(enter(number, room, index) for index in range(1, members))
        )
