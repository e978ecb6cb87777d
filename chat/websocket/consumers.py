"""``ChatServer``: receives and sends one WebSocket's frames.

There are two endpoints, and never one for both. A browser sends cookies, which any page on the web
can cause, so its Origin must be ours. A program sends a one-time ticket and its cookies are
ignored; if it has an Origin, that is a page of an editor or of ours.
"""

import asyncio
import uuid
from collections.abc import Collection, Mapping
from functools import partial
from typing import Any, ClassVar
from uuid import UUID

from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.http import parse_cookie

from accounts.models import User
from accounts.sessions import signed_in
from accounts.sessions.store import key_of
from accounts.sign_in import tickets
from chat import permissions, protocol
from chat.commands import execution
from chat.commands.registry import price_of
from chat.concurrency.executors import run_in_db_pool
from chat.protocol import ChatError, CloseCode, ErrorCode, FrameError
from chat.realtime.hub import Hub
from chat.realtime.server_socket import server_socket
from chat.realtime.socket_writer import SocketWriter, frame
from chat.runtime import runtime_of
from chat.throttling import prices
from chat.throttling.limits import Limits
from mediachat.addresses import client_address
from mediachat.http.origins import is_editors, is_own

UNDER_WAY = 200
"""Messages and marks of one socket that may wait for their commit; further frames are not read
until then."""
PAYING = 0.1
"""Seconds after which someone who waits until they can pay is asked again."""


class ChatServer(AsyncWebsocketConsumer):
    """The server's end of one connection.

    ``id`` names the connection, ``username`` the person ('' until they are known), ``socket`` is
    what is written to. ``user``, ``session_key`` and ``rooms`` are for the hub, which forwards
    to it whatever happens in the person's rooms.
    """

    subprotocol: ClassVar[str | None] = None

    def __init__(self) -> None:
        super().__init__()
        self.id = uuid.uuid4()
        self.username = ""
        self.address = ""
        self.socket: SocketWriter
        self.user: User
        self.session_key = ""
        self._hub: Hub
        self._limits: Limits
        self.rooms: set[UUID] = set()
        self._has_place = False
        self._under_way = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Handles the frames one after another.

        Channels would wait for the channel layer as well, with a task a socket and three turns
        of the loop a frame; the hub alone hears the layer.
        """
        self.scope = scope
        self.base_send = send
        runtime = runtime_of(scope)
        self._hub, self._limits = runtime.hub, runtime.limits
        self.commits = runtime.commits
        try:
            while True:
                await self.dispatch(await receive())
        except StopConsumer:
            pass
        finally:
            self._leave()

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Without Channels' hop into the shared sync thread for every frame: no query is made
        in this thread, so no old connection has to be closed in it."""
        match message["type"]:
            case "websocket.receive":
                await self.websocket_receive(message)
            case "websocket.connect":
                await self.websocket_connect(message)
            case "websocket.restart":  # no word of ASGI's: see server_socket
                await self._restart()
            case "websocket.disconnect":
                await self.disconnect(message.get("code", 1006))
                raise StopConsumer

    # -- Connecting ----------------------------------------------------------------------------

    async def connect(self) -> None:
        """Accepts a person who is signed in and not suspended, within the limits on sockets."""
        self.socket = SocketWriter(self.base_send, server_socket(self.scope))
        self.address = client_address(self.scope)
        refused = await self._admitted()
        if refused is not None and not await self._limits.connects.address_pays(self.address):
            await self.close()  # before accepting: answered 403, which costs least
            return
        await self.accept(self.subprotocol)
        if refused is not None:
            self.socket.close(refused)
            return
        self.username = self.user.username
        await self._hub.enter(self)

    async def _admitted(self) -> int | None:
        """Returns the close code that refuses this connection, or None."""
        session_key = await self.claimed_session()
        session = await self._limits.connects.session(session_key) if session_key else None
        if session_key is None or session is None or session.owner is None:
            return CloseCode.NOT_SIGNED_IN
        if not await self._limits.connects.person_pays(session.owner):
            return CloseCode.TOO_FAST
        user = await run_in_db_pool(signed_in.user_of_session, session)
        if user is None:
            return CloseCode.NOT_SIGNED_IN
        self.user, self.session_key = user, session_key
        if not self.user.is_active:
            return CloseCode.BANNED
        self._has_place = await self._limits.places.acquire(self.user.pk, self.address)
        return None if self._has_place else CloseCode.TOO_FAST

    async def claimed_session(self) -> str | None:
        """Returns the session key that the client claims; None if it can have none.

        Each kind of connection has its own credentials, so each subclass implements this. It asks
        the database nothing for what a stranger can make up.
        """
        raise NotImplementedError

    def _is_from_own_page(self) -> bool:
        return is_own(
            self._header(b"origin"),
            host=self._header(b"host"),
            forwarded_proto=self._header(b"x-forwarded-proto"),
        )

    def _header(self, name: bytes) -> str:
        values = [value for key, value in self.scope["headers"] if key == name]
        return b",".join(values).decode("latin-1")

    async def disconnect(self, code: int) -> None:
        """Leaves the hub after the client has disconnected."""
        self._leave()

    async def _restart(self) -> None:
        """The server stops. What came before this has been taken; its answers go first."""
        await self._hub.read_marks.flush()
        while self._under_way:  # noqa: ASYNC110  (an event for each would cost all the others)
            await asyncio.sleep(0.01)
        if self.username:  # else it has been refused and closed
            self._hub.disconnect(self, CloseCode.RESTARTING)

    def _leave(self) -> None:
        """Also where the peer was gone before it was let in, of which no event tells."""
        if self.username:
            self.socket.gone()
            self._hub.leave(self)
        if self._has_place:
            self._has_place = False
            self._limits.places.release(self.user.pk, self.address)

    # -- Frames --------------------------------------------------------------------------------

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Handles one frame: answers it, or reports its error, and continues."""
        if not self.username or not self.socket.is_open:
            return
        if text_data is None:
            if await self._pays(prices.of_malformed(len(bytes_data or b"")), ""):
                self._refuse("", FrameError("A frame is text, not bytes."))
            return
        if len(text_data) > protocol.FRAME_LIMIT // 4 and _size(text_data) > protocol.FRAME_LIMIT:
            self._hub.disconnect(self, CloseCode.FRAME_TOO_LARGE)
            return
        try:
            command = protocol.parse(text_data)
        except FrameError as error:
            if await self._pays(prices.of_malformed(len(text_data)), error.ref):
                self._refuse(error.ref, error)
            return
        if await self._pays(price_of(command), command.ref):
            await self.handle_message(command)

    async def handle_message(self, message: protocol.Command) -> None:
        """Runs one command and answers it."""
        try:
            answer = await execution.begin(self, message)
            if isinstance(answer, asyncio.Future):
                await self._answer_later(message, answer)
            elif answer is not None:
                self._reply(message, answer)
        except Exception as error:
            self._refuse(message.ref, execution.refusal(error))
        if self.socket.is_late:
            await self.socket.caught_up()

    async def _answer_later(self, command: protocol.Command, future: "asyncio.Future[Any]") -> None:
        """Answers when it is stored, and takes the frames behind it meanwhile, so that they share
        its commit."""
        self._under_way += 1
        future.add_done_callback(partial(self._stored, command.ref))
        if self._under_way >= UNDER_WAY:
            # Commits end in the order of submission: after this one, all before it have ended.
            await asyncio.wait([future])

    def _stored(self, ref: str, stored: "asyncio.Future[Any]") -> None:
        self._under_way -= 1
        if error := stored.exception():
            self._refuse(ref, execution.refusal(error))
        elif message := stored.result():
            text = protocol.message_reply(ref, message.position, message.encoded)
            self.socket.write_soon(text)
        else:
            self.socket.write_soon(protocol.DONE.frame(ref))

    # -- What commands ask of their socket (``commands.registry.Socket``) ----------------------

    async def bring_up_to_date(self, positions: Mapping[UUID, int]) -> None:
        await self._hub.read_back(self, positions)
        size = 0
        for room, position in positions.items():
            if self._hub.reads_log(self, room, position):
                await self._waits_to_pay(prices.LOG_READ)
            if changes := await self._hub.changes(self, room, position):
                self.socket.write(frame(changes))
                if self.socket.is_late:
                    await self.socket.caught_up()
                size += len(changes)
                if units := size // prices.ANSWER_SIZE:
                    await self._waits_to_pay(units)
                    size -= units * prices.ANSWER_SIZE

    async def say_typing(self, room: UUID) -> None:
        if room not in self.rooms:
            raise permissions.not_found()
        if self._hub.typists.is_news(self.user.pk, room):
            await self._hub.say_typing(self, room)

    def has_written(self, room: UUID) -> None:
        self._hub.typists.wrote(self.user.pk, room)

    async def mark_read(self, room: UUID, number: int) -> "asyncio.Future[None]":
        return await self._hub.mark_read(self, room, number)

    async def unread(self, rooms: Collection[UUID]) -> dict[UUID, protocol.Unread]:
        return await self._hub.unread(self, rooms)

    async def refresh_rooms(self) -> None:
        await self._hub.refresh_rooms(self.user.pk)

    async def refresh_relations(self) -> None:
        await self._hub.refresh_relations(self.user.pk)

    # -- Paying and answering ------------------------------------------------------------------

    async def _pays(self, units: int, ref: str) -> bool:
        """Returns whether the person can pay this; otherwise refuses it."""
        allowance = self._limits.allowance(self.user.pk)
        if allowance.take(units) or await allowance.wait(units):
            return True
        if allowance.refuse():
            self._hub.disconnect(self, CloseCode.TOO_FAST)
        else:
            detail = "That was too much at once. Wait a few seconds and send it again."
            self._refuse(ref, ChatError(ErrorCode.RATE_LIMITED, detail))
        return False

    async def _waits_to_pay(self, units: int) -> None:
        """Goes on when the person can pay this: only their own next frames wait meanwhile."""
        allowance = self._limits.allowance(self.user.pk)
        while not await allowance.pay(units) and self.socket.is_open:  # noqa: ASYNC110
            await asyncio.sleep(PAYING)

    def _reply(self, command: protocol.Command, reply: protocol.Reply) -> None:
        text = reply.frame(command.ref)
        if units := prices.of_answer(len(text)):
            self._limits.allowance(self.user.pk).owe(units)
        self.socket.write(frame(text))

    def _refuse(self, ref: str, error: ChatError) -> None:
        self.socket.write(frame(protocol.error(ref, error.code, error.detail)))


class BrowserConsumer(ChatServer):
    """``/ws/``: the session cookie, from a page of this host only."""

    async def connect(self) -> None:
        if not self._is_from_own_page():
            await self.close()  # before accepting: answered 403, so the page learns nothing
            return
        await super().connect()

    async def claimed_session(self) -> str | None:
        token = parse_cookie(self._header(b"cookie")).get(settings.SESSION_COOKIE_NAME)
        return key_of(token) if token else None


class ClientConsumer(ChatServer):
    """``/ws/client/``: a ticket in the subprotocol, and no cookies."""

    subprotocol = protocol.SUBPROTOCOL

    async def connect(self) -> None:
        origin = self._header(b"origin")
        if origin and not is_editors(origin) and not self._is_from_own_page():
            await self.close()
            return
        if protocol.SUBPROTOCOL not in self.scope["subprotocols"]:
            await self.accept()
            SocketWriter(self.base_send, server_socket(self.scope)).close(CloseCode.WRONG_PROTOCOL)
            return
        await super().connect()

    async def claimed_session(self) -> str | None:
        for offered in self.scope["subprotocols"]:
            if offered.startswith("ticket."):
                return await run_in_db_pool(tickets.redeem, offered.removeprefix("ticket."))
        return None


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
