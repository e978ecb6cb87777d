"""A process in which several attackers, each a person of their own, attack at once.

Reads one JSON object and writes one: how often each has attacked, and how it was answered.
"""

import asyncio
import collections
import json
import secrets
import sys
import time
from typing import Any
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Origin, Subprotocol

from chat import protocol
from tests.system.abuse import inputs
from tests.system.abuse.world import World

RATE = 20.0
"""Attacks a second, of each."""
AT_ONCE = 60
"""Requests of one attacker that may wait for their answer."""

Answers = collections.Counter[str]


class Attacker:
    """One person who attacks by one case; each comes from an address of their own."""

    def __init__(self, url: str, world: World, case: str, me: str) -> None:
        self.url, self.world, self.case, self.me = url, world, case, me
        self.kind, _, self.what = case.partition(" ")
        self.session = world.sessions[me]
        self.answers: Answers = collections.Counter()
        self.attacks = 0
        self.socket: ClientConnection | None = None
        self.address = f"10.1.2.{int(me.removeprefix('attacker'))}"

    # -- HTTP, as plainly as can be --------------------------------------------------------------

    async def ask(self, request: inputs.Request) -> tuple[int, bytes]:
        host = urlsplit(self.url).netloc
        headers = [
            f"{request.method} {request.path} HTTP/1.1",
            f"Host: {host}",
            f"X-Forwarded-For: {self.address}",
            "Connection: close",
            f"Content-Length: {len(request.body)}",
        ]
        if request.body:
            headers.append(f"Content-Type: {request.content_type}")
        if request.signed_in == "token":
            headers.append(f"X-Session-Token: {self.session}")
        elif request.signed_in:
            csrf = secrets.token_hex(16)
            headers += [f"X-CSRFToken: {csrf}", f"Origin: {self.url}"]
            session = f"; sessionid={self.session}" if request.signed_in == "cookie" else ""
            headers.append(f"Cookie: csrftoken={csrf}{session}")
        reader, writer = await asyncio.open_connection(host.split(":")[0], int(host.split(":")[1]))
        try:
            writer.write("\r\n".join([*headers, "", ""]).encode() + request.body)
            answer = await reader.read()
        finally:
            writer.close()
        head, _, body = answer.partition(b"\r\n\r\n")
        return int(head.split(b" ", 2)[1]), body

    # -- Sockets -------------------------------------------------------------------------------

    async def open(self, kind: str = "ticket") -> ClientConnection:
        base = self.url.replace("http", "ws", 1)
        headers = {"X-Forwarded-For": self.address}
        if kind in ("ticket", "no ticket"):
            ticket = "made-up"
            if kind == "ticket":
                _, body = await self.ask(inputs.Request("POST", "/api/v1/tickets"))
                ticket = json.loads(body).get("ticket", "refused")
            protocols = [Subprotocol("mediachat.v1"), Subprotocol(f"ticket.{ticket}")]
            return await connect(
                f"{base}/ws/client/",
                subprotocols=protocols,
                additional_headers=headers,
                compression=None,
                max_size=None,
            )
        if kind != "no cookie":
            headers["Cookie"] = f"sessionid={self.session}"
        origin = "http://elsewhere.example" if kind == "wrong origin" else self.url
        return await connect(
            f"{base}/ws/",
            origin=Origin(origin),
            additional_headers=headers,
            compression=None,
            max_size=None,
        )

    async def prepare(self) -> None:
        if self.kind in ("command", "malformed"):
            self.socket = await self.open()
            await self.socket.recv()
            self.draining = asyncio.create_task(self._drain(self.socket))

    async def _drain(self, socket: ClientConnection) -> None:
        try:
            async for text in socket:
                # Answers are short where they are refusals; nothing else is looked at.
                head = text[:200] if isinstance(text, str) else ""
                if '"type":"error"' in head:
                    self.answers[head.partition('"code":"')[2].partition('"')[0]] += 1
                elif '"type":"reply"' in head:
                    self.answers["reply"] += 1
        except WebSocketException:
            pass
        self.answers[f"closed {socket.close_code}"] += 1

    async def flood(self, flood: inputs.Flood) -> None:
        """All at once into a new connection, of which everything is read to its end."""
        host = urlsplit(self.url).netloc
        ticket = "made-up"
        if flood.ticket:
            _, body = await self.ask(inputs.Request("POST", "/api/v1/tickets"))
            ticket = json.loads(body).get("ticket", "refused")
        reader, writer = await asyncio.open_connection(*host.split(":"))
        try:
            if flood.ticket is not None:
                lines = [
                    "GET /ws/client/ HTTP/1.1",
                    f"Host: {host}",
                    f"X-Forwarded-For: {self.address}",
                    "Connection: Upgrade",
                    "Upgrade: websocket",
                    "Sec-WebSocket-Version: 13",
                    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
                    f"Sec-WebSocket-Protocol: mediachat.v1, ticket.{ticket}",
                ]
                writer.write("\r\n".join([*lines, "", ""]).encode())
                self.answers[(await reader.readuntil(b"\r\n")).split()[1].decode()] += 1
            writer.write(flood.content)
            while await reader.read(2**16):
                pass
            self.answers["closed"] += 1
        finally:
            writer.close()

    # -- Attacking -------------------------------------------------------------------------------

    async def attack(self, number: int) -> None:
        if self.kind == "socket":
            socket = await self.open(self.what)
            async with asyncio.timeout(20):
                await socket.recv()
            await socket.close()
            self.answers["in"] += 1
        elif self.kind == "request":
            door, _, which = self.what.rpartition(" ")
            request = inputs.ENDPOINTS[door][int(which)](self.world, self.me, number)
            status, _ = await self.ask(request)
            self.answers[str(status)] += 1
        elif self.kind == "flood":
            await self.flood(inputs.FLOODS[self.what])
        elif self.socket is not None and self.socket.close_code is None:
            await self.socket.send(self._frame(number))

    def _frame(self, number: int) -> str:
        if self.kind == "malformed":
            return inputs.MALFORMED
        name, _, which = self.what.partition(" ")
        fields = inputs.COMMANDS[getattr(protocol, name)][int(which)](self.world, self.me, number)
        return json.dumps({"ref": str(number)} | fields)

    async def run(self, seconds: float) -> None:
        """At the rate, whether or not answers come."""
        started = time.monotonic()
        under_way: set[asyncio.Task[None]] = set()
        while (at := time.monotonic() - started) < seconds:
            if len(under_way) < AT_ONCE:
                task = asyncio.create_task(self._attempt(self.attacks))
                under_way.add(task)
                task.add_done_callback(under_way.discard)
                self.attacks += 1
            await asyncio.sleep(max(0.001, self.attacks / RATE - at))
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        if self.socket is not None:
            self.socket.transport.abort()

    async def _attempt(self, number: int) -> None:
        try:
            await self.attack(number)
        except (OSError, WebSocketException, TimeoutError, ValueError, IndexError) as error:
            self.answers[type(error).__name__] += 1


async def main(task: dict[str, Any]) -> dict[str, Any]:
    world = World(**task["world"])
    attackers = [Attacker(task["url"], world, case, me) for case, me in task["attackers"].items()]
    await asyncio.gather(*(each.prepare() for each in attackers))
    print("ready", flush=True)
    await asyncio.gather(*(each.run(task["seconds"]) for each in attackers))
    return {each.case: {"attacks": each.attacks, **each.answers} for each in attackers}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(json.loads(sys.stdin.read())))))
