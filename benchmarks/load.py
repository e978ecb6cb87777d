"""The load: people in rooms who send, wait for the answer, and count what reaches them.

One process and one loop. What is done for a delivery is to count a marker in the bytes of a
frame; only one client of a few rooms looks inside, for the times. ``Load.share`` says how much
of a core that took, so that nobody has to believe that it was not the load that was measured.
"""

import asyncio
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from benchmarks.measure import cpu, milliseconds

PAD = ", ".join(["what people write to each other in a room"] * 5)
MARKED = PAD + ", *in* some **words** and `code`"
SAMPLED_ROOMS = 10
_STAMP = re.compile(rb"No (\d+) is ")


class Client(Protocol):
    """Someone in a room, in whatever dialect the server speaks."""

    room: "Room"

    def say(self, body: str) -> None: ...

    def close(self) -> None: ...


@dataclass(eq=False)
class Room:
    """A room and what is under way in it."""

    load: "Load"
    clients: list[Client] = field(default_factory=list)
    sent: int = 0
    answered: int = 0
    sampled: bool = False
    sends: dict[int, float] = field(default_factory=dict)


class Load:
    """``messages`` in each room, ``window`` of them under way at once, or ``rate`` a second.

    Every client reports to ``heard``. A client of a sampled room, the last of it, has its frames
    looked into; a room's senders look for the answers to what they sent themselves.
    """

    def __init__(
        self,
        *,
        rooms: int,
        members: int,
        messages: int,
        window: int,
        senders: int = 1,
        rate: float = 0.0,
        markdown: bool = False,
        settle: float = 0.0,
    ) -> None:
        self.rooms = [Room(self) for _ in range(rooms)]
        for room in self.rooms[:SAMPLED_ROOMS]:
            room.sampled = True
        self.members, self.messages, self.window = members, messages, window
        self.senders, self.rate = senders, rate
        self.settle = settle
        """Seconds after the last delivery that belong to it: clients may answer what they read."""
        self._pad = MARKED if markdown else PAD
        self.delivered = self.answered = self.frames = 0
        self.delivery_times: list[float] = []
        self.answer_times: list[float] = []
        self._sent_at: dict[tuple[Room, int], float] = {}
        self._done = asyncio.Event()

    # -- What clients report -------------------------------------------------------------------

    def heard(self, client: Client, payload: bytes, deliveries: int, answers: int) -> None:
        self.delivered += deliveries
        self.frames += 1
        room = client.room
        if room.sampled and deliveries and client is room.clients[-1]:
            now = time.perf_counter()
            for stamp in _STAMP.findall(payload):
                # A message and its rendering both carry the stamp.
                if (sent := room.sends.pop(int(stamp), None)) is not None:
                    self.delivery_times.append(now - sent)
        if answers:
            self.answered += answers
            room.answered += answers
            if self.rate:
                self._note_answers(room, payload)
            else:
                self._go_on(room)
        if self.delivered >= self.expected and self.answered >= self.total:
            self._done.set()

    def _note_answers(self, room: Room, payload: bytes) -> None:
        now = time.perf_counter()
        for stamp in set(_STAMP.findall(payload)):
            if (sent := self._sent_at.pop((room, int(stamp)), None)) is not None:
                self.answer_times.append(now - sent)

    # -- Running -------------------------------------------------------------------------------

    @property
    def total(self) -> int:
        return self.messages * len(self.rooms)

    @property
    def expected(self) -> int:
        return sum(len(room.clients) for room in self.rooms) * self.messages

    async def run(self, pids: Sequence[int], *, limit: float = 60.0) -> dict[str, Any]:
        """Runs to the end or for ``limit`` seconds; what the server's processes used for it.

        A twentieth is sent before, unmeasured: first calls and just-in-time compilers are not
        what is compared.
        """
        await self._warm_up(limit)
        before, own, began = cpu(pids), time.process_time(), time.perf_counter()
        if self.rate:
            await self._at_rate(limit)
        else:
            for room in self.rooms:
                self._go_on(room)
        try:
            await asyncio.wait_for(self._done.wait(), limit)
        except TimeoutError:
            pass
        wall = time.perf_counter() - began
        await asyncio.sleep(self.settle)
        used = cpu(pids) - before
        share = (time.process_time() - own) / (wall + self.settle)
        return {
            "messages": self.answered,
            "delivered": self.delivered,
            "lost": self.expected - self.delivered,
            "frames": self.frames,
            "wall_s": round(wall, 2),
            "cpu_s": round(used, 2),
            "cpu_us_per_delivery": round(used / max(self.delivered, 1) * 1e6, 2),
            "cpu_us_per_message": round(used / max(self.answered, 1) * 1e6, 1),
            "messages_per_s": round(self.answered / wall),
            "delivered_per_s": round(self.delivered / wall),
            "delivery": milliseconds(self.delivery_times),
            "answer": milliseconds(self.answer_times),
            "load_share": round(share, 2),
        }

    async def _warm_up(self, limit: float) -> None:
        await asyncio.sleep(1.0)  # what connecting set off has ended
        whole, rate = self.messages, self.rate
        self.messages, self.rate = max(whole // 20, 5), 0.0
        for room in self.rooms:
            self._go_on(room)
        try:
            await asyncio.wait_for(self._done.wait(), limit / 2)
        except TimeoutError:
            pass
        self.messages, self.rate = whole, rate
        self.delivered = self.answered = self.frames = 0
        self.delivery_times.clear()
        self._done.clear()
        for room in self.rooms:
            room.sent = room.answered = 0
            room.sends.clear()

    async def _at_rate(self, limit: float) -> None:
        began = time.perf_counter()
        sent = 0
        while sent < self.total and time.perf_counter() - began < limit:
            due = min(self.total, int((time.perf_counter() - began) * self.rate))
            while sent < due:
                room = self.rooms[sent % len(self.rooms)]
                self._send(room)
                sent += 1
            await asyncio.sleep(0.002)

    def _go_on(self, room: Room) -> None:
        while room.sent < self.messages and room.sent - room.answered < self.window:
            self._send(room)

    def _send(self, room: Room) -> None:
        number = room.sent
        room.sent += 1
        now = time.perf_counter()
        if room.sampled:
            room.sends[number] = now
        if self.rate:
            self._sent_at[room, number] = now
        room.clients[number % min(self.senders, len(room.clients))].say(
            f"No {number} is {self._pad}"
        )

    def close(self) -> None:
        for room in self.rooms:
            for client in room.clients:
                client.close()
