"""What people do meanwhile: they write, change, react, read and type; rooms are renamed; some are
sent out and let in again, some leave and come back."""

import asyncio
import random
import time
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

from tests.support.outside import CommandError
from tests.system.chaos.client import Client
from tests.system.chaos.herd import Herd
from tests.system.chaos.history import History
from tests.system.chaos.topologies import Topology

EMOJI = tuple("👍🎉😄🚀👀🙏🔥✅💡🌍🍀🍎🎈🎲🐝🐳🌵🍋🎸🚲")
"""Each client has one of its own: the model knows then whose change was the last."""
AT_ONCE = 2
"""What one client does at the same time."""
PAUSES = (0.05, 0.5)
"""Seconds between two things that somebody does, at least and at most."""


async def until(condition: Callable[[], bool], seconds: float) -> None:
    """Waits until this holds.

    Raises:
        TimeoutError: it did not within so many seconds.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not after {seconds:g} s")
        await asyncio.sleep(0.02)


@dataclass
class World:
    """One installation, the people on it, and all that happened."""

    topology: Topology
    history: History
    rng: random.Random
    clients: list[Client]
    """The first is the owner of all rooms."""
    running: list[asyncio.Task[None]]
    """What keeps the clients connected."""
    tokens: dict[str, str]
    """The session of each person, for their clients and for the herd."""
    rooms: list[str] = field(default_factory=list)
    private: str = ""
    """The room that the guest is sent out of."""
    public: str = ""
    """The room that a passer-by leaves and joins."""
    crowd: str = ""
    """The room that the herd is in too."""
    others: list[Client] = field(default_factory=list)
    """Clients of the same people that are there for one fault, and then only listen."""
    herd: Herd | None = None
    busy: set[tuple[str, str]] = field(default_factory=set)
    """Messages that are being changed, with the client or the emoji by which they are."""
    unfinished: list[asyncio.Task[None]] = field(default_factory=list)
    """What a fault has begun and leaves to be finished: it too is to be answered in time."""
    numbers: int = 0

    def text(self, words: str) -> str:
        """A text that nobody has written before."""
        self.numbers += 1
        return f"{words} {self.numbers}"

    async def send(self, client: Client, room: str, words: str) -> str | None:
        """Sends a message and returns its id, or None where that was refused."""
        fields = {"room": room, "client_id": str(uuid.uuid4()), "body": self.text(words)}
        try:
            sent = await client.do("message.send", **fields)
        except CommandError:
            return None
        return str(sent["message"]["id"])

    async def react(self, client: Client, emoji: str, message: str, *, on: bool) -> None:
        """Changes a client's reaction, unless it is changing it already."""
        await self._alone(
            (message, emoji),
            lambda: client.do("message.react", message=message, emoji=emoji, on=on),
        )

    async def change(self, client: Client, message: str, *, delete: bool) -> None:
        """Edits or deletes one of the client's own messages, unless it is doing so already."""
        if delete:
            await self._alone(
                (message, client.name), lambda: client.do("message.delete", message=message)
            )
        else:
            body = self.text(f"edited by {client.name}")
            await self._alone(
                (message, client.name),
                lambda: client.do("message.edit", message=message, body=body),
            )

    async def _alone(self, key: tuple[str, str], what: Callable[[], Awaitable[object]]) -> None:
        if key in self.busy:
            return
        self.busy.add(key)
        try:
            await what()
        except CommandError:
            pass  # it was deleted meanwhile, or they were sent out
        finally:
            self.busy.discard(key)


class Workload:
    """Goes on until it is paused: what has been begun is brought to its end then."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._going, self._paused = asyncio.Event(), asyncio.Event()
        self._under_way = 0
        self._mine: dict[str, list[str]] = {client.name: [] for client in world.clients}
        guest, passer_by = world.clients[-2:]
        self.tasks = [
            asyncio.create_task(self._go_on(lambda client=client: self._act(client)))
            for client in world.clients
            for _ in range(AT_ONCE)
        ]
        self.tasks.append(asyncio.create_task(self._go_on(lambda: self._send_out(guest))))
        self.tasks.append(asyncio.create_task(self._go_on(lambda: self._pass_by(passer_by))))
        self.tasks.append(asyncio.create_task(self._go_on(self._rename)))

    @property
    def is_quiet(self) -> bool:
        return self._under_way == 0

    def go_on(self) -> None:
        self._paused.clear()
        self._going.set()

    def pause(self) -> None:
        self._going.clear()
        self._paused.set()

    async def _go_on(self, act: Callable[[], Awaitable[None]]) -> None:
        while True:
            await self._going.wait()
            self._under_way += 1
            try:
                await act()
            finally:
                self._under_way -= 1
            await asyncio.sleep(self._world.rng.uniform(*PAUSES))

    async def _act(self, client: Client) -> None:
        rng, world, mine = self._world.rng, self._world, self._mine[client.name]
        rooms = [room for room in world.rooms if room in client.held]
        if not rooms:
            return
        room = rng.choice(rooms)
        held = client.held[room]
        what = rng.random()
        if what < 0.5 or not mine or not held.messages:
            if sent := await world.send(client, room, f"by {client.name}"):
                mine.append(sent)
        elif what < 0.65:
            await world.change(client, rng.choice(mine[-30:]), delete=False)
        elif what < 0.7:
            await world.change(client, mine.pop(rng.randrange(len(mine))), delete=True)
        elif what < 0.85:
            message = rng.choice(list(held.messages)[-30:])
            emoji = EMOJI[world.clients.index(client)]
            await world.react(client, emoji, message, on=rng.random() < 0.7)
        elif what < 0.95:
            number = max(message["number"] for message in held.messages.values())
            try:
                await client.do("room.read", room=room, number=number)
            except CommandError:
                pass  # they were sent out
        else:
            await client.say_typing(room)

    async def _send_out(self, guest: Client) -> None:
        """The guest is removed, and let in again a little later."""
        world = self._world
        owner = world.clients[0]
        await self._surely(owner, "room.remove", room=world.private, member=guest.user)
        await self._rest(world.rng.uniform(0.3, 4))
        await self._surely(owner, "room.add", room=world.private, members=[guest.user])

    async def _pass_by(self, passer_by: Client) -> None:
        world = self._world
        await self._surely(passer_by, "room.leave", room=world.public)
        await self._rest(world.rng.uniform(0.1, 2))
        await self._surely(passer_by, "room.join", room=world.public)

    async def _rename(self) -> None:
        world = self._world
        room, name = world.rng.choice(world.rooms[1:]), world.text("Room")
        await self._surely(world.clients[0], "room.rename", room=room, name=name)
        await self._rest(world.rng.uniform(0.3, 2))

    async def _rest(self, seconds: float) -> None:
        """Waits so long, unless all is to come to its end."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._paused.wait()

    async def _surely(self, client: Client, kind: str, **fields: object) -> None:
        """Refused is only what an attempt whose answer was lost has done already."""
        try:
            await client.do(kind, **fields)
        except CommandError:
            pass
