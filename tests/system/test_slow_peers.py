"""What a peer may make the server keep: bodies, connections, time. On uvicorn, daphne and nginx."""

import asyncio
import contextlib
import itertools
import os
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.conftest import Serve
from tests.support.live import Seeded, Server
from tests.support.outside import OutsideClient
from tests.system.test_runserver import DevelopmentServer

pytestmark = pytest.mark.once

MIB = 1024 * 1024
SECONDS = 1.0
QUICK = {"HEADER_SECONDS": f"{SECONDS}", "BODY_SECONDS": f"{SECONDS}", "HEARTBEAT": "2"}
"""What would be ten seconds."""
TIMEOUT_SECONDS = 9.0
"""Seconds in which a busy machine has ended what should end after ``SECONDS``."""


@pytest.fixture(params=["uvicorn", "daphne", "nginx"])
def started(
    request: pytest.FixtureRequest, serve: Serve, seeded: Seeded, tmp_path: Path
) -> Iterator[Callable[..., tuple[Server, str]]]:
    """Starts a server with these settings; gives it and the address at which it is reached."""
    development: list[Server] = []

    def start(**settings: Any) -> tuple[Server, str]:
        environment: dict[str, Any] = QUICK | settings
        if request.param == "uvicorn":
            server = serve(**environment)
            return server, server.url
        if request.param == "nginx":
            server = serve(TRUSTED_PROXY_COUNT="1", **environment)
            return server, request.getfixturevalue("nginx")(server, server, header_timeout="1s")
        server = DevelopmentServer(seeded.copy(tmp_path / "data"), {"DEBUG": "1"} | environment)
        development.append(server)
        server.start()
        return server, server.url

    yield start
    for server in development:
        server.stop()
        server.assert_no_exception_logged()


class Peer:
    """A connection that says what it is told, and no more."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        with contextlib.suppress(ConnectionError):
            await self.writer.drain()

    async def dribble(self, data: bytes, *, every: float) -> None:
        """Says it a byte at a time, for as long as somebody listens."""
        with contextlib.suppress(ConnectionError):
            for byte in data:
                self.writer.write(bytes([byte]))
                await self.writer.drain()
                await asyncio.sleep(every)

    async def answer(self, within: float = TIMEOUT_SECONDS) -> tuple[int, str]:
        """Status and text of the answer, at once when it has come."""
        async with asyncio.timeout(within):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
            length = re.search(r"content-length: *(\d+)", head, re.IGNORECASE)
            text = await self.reader.readexactly(int(length[1])) if length else b""
        return int(head.split()[1]), text.decode()

    async def closed(self) -> float:
        """Seconds until the server closes."""
        before = time.monotonic()
        with contextlib.suppress(ConnectionError):
            while await self.reader.read(65_536):
                pass
        return time.monotonic() - before

    def leave(self) -> None:
        self.writer.transport.abort()


@contextlib.asynccontextmanager
async def peers(address: str, count: int) -> AsyncIterator[list[Peer]]:
    url = httpx.URL(address)
    found = [Peer(*await asyncio.open_connection(url.host, url.port)) for _ in range(count)]
    try:
        yield found
    finally:
        for peer in found:
            peer.leave()


def head(path: str, *, length: int | None, **headers: str) -> bytes:
    """What announces a body: of so many bytes, or in chunks."""
    size = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", size]
    lines += ["Content-Type: multipart/form-data; boundary=b"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


def kept(server: Server) -> int:
    """Bytes in the server's files that no directory names, or that are named as temporary."""
    assert server.process is not None
    root = psutil.Process(server.process.pid)
    total = 0
    for process in (root, *root.children(recursive=True)):
        for file in Path(f"/proc/{process.pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                name = os.readlink(file)
                if name.endswith("(deleted)") or "/tmp" in Path(name).name:
                    total += file.stat().st_size
    return total


async def until(condition: Callable[[], bool], within: float = TIMEOUT_SECONDS) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        await asyncio.sleep(0.05)


async def signed_in(address: str) -> OutsideClient:
    return await OutsideClient(address, "crowd0").sign_in()


@pytest.mark.parametrize("declared", [99 * MIB, None])
async def test_nobody_has_a_body_kept(started: Any, declared: int | None):
    """Five peers, each with 99 MB; of each two come."""
    server, address = started()
    before = kept(server)
    piece = b"x" * 65_536 if declared else b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    async with OutsideClient(address, "crowd0") as anna, peers(address, 5) as strangers:
        room = (await anna.command("room.open", kind="private", name="Work"))["room"]["id"]

        async def send(stranger: Peer) -> tuple[int, str]:
            await stranger.say(head("/api/v1/attachments", length=declared))
            flood = asyncio.create_task(stranger.say(piece * 32))
            answer = await stranger.answer()
            flood.cancel()
            return answer

        sending = [asyncio.create_task(send(stranger)) for stranger in strangers]
        waits = []
        for number in range(10):
            began = time.monotonic()
            await anna.send(room, f"meanwhile {number}")
            waits.append(time.monotonic() - began)
        for status, text in await asyncio.gather(*sending):
            assert (status, '"unauthenticated"' in text) == (401, True), (status, text)
        assert kept(server) - before < 1 * MIB
        assert sorted(waits)[8] < 1.0, waits


BODY = head("/accounts/login/", length=5_000)
HALVES = {
    # What is said at once, and what follows a byte at a time.
    "nothing": (b"", b"GET /" + b"a" * 90),
    "half a request line": (b"GET /healthz", b"a" * 90),
    "empty lines": (b"\r\n", b"\r\n" * 45),
    "half of the headers": (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Half: ", b"a" * 90),
    "many headers": (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n", b"a: b\r\n" * 15),
    "half a handshake": (b"GET /ws/client/ HTTP/1.1\r\nUpgrade: websocket\r\nX: ", b"a" * 90),
    "half a body": (BODY + b"x" * 400, b"x" * 90),
    "half a body in chunks": (
        head("/accounts/login/", length=None) + b"5\r\nabcde\r\n",
        b"1\r\na\r\n" * 15,
    ),
}


async def test_what_is_half_sent_ends(started: Any):
    """Silent peers, and peers that say a byte in a third of a second."""
    _, address = started()
    async with peers(address, len(HALVES)) as silent, peers(address, len(HALVES)) as slow:
        for peer, (said, _) in zip([*silent, *slow], [*HALVES.values()] * 2, strict=True):
            await peer.say(said)
        talking = [
            asyncio.create_task(peer.dribble(more, every=0.3))
            for peer, (_, more) in zip(slow, HALVES.values(), strict=True)
        ]
        ends = await asyncio.gather(
            *(asyncio.wait_for(peer.closed(), 25) for peer in [*silent, *slow]),
            return_exceptions=True,
        )
        for task in talking:
            task.cancel()
        late = [
            name
            for name, end in zip(
                [*HALVES, *(f"slow: {name}" for name in HALVES)], ends, strict=True
            )
            if isinstance(end, BaseException) or end > TIMEOUT_SECONDS
        ]
        assert not late, late


async def test_a_slow_line_is_no_fault(started: Any):
    """Somebody with 32 KB a second, who stands still for longer than a stranger may at first,
    and somebody who keeps a connection and a socket."""
    server, address = started(BODY_RATE_KB="8")
    async with OutsideClient(address, "crowd0") as anna, peers(address, 1) as (phone,):
        size = 6 * 32 * 1024
        start = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        end = b"\r\n--b--\r\n"
        length = len(start) + size + len(end)
        await phone.say(head("/api/v1/attachments", length=length, X_Session_Token=anna.token))
        await phone.say(start)
        for number in range(6):
            await phone.say(b"x" * 32 * 1024)
            await asyncio.sleep(3 * SECONDS if number == 4 else 0.6)
        await phone.say(end)
        status, text = await phone.answer()
        assert status == 201, text
        # Open sockets are cut by none of this.
        await anna.command("ping")
        await until(lambda: kept(server) < 1 * MIB)


async def test_forty_uploads_of_one_person_are_four(started: Any):
    server, address = started()
    anna = await signed_in(address)
    announced = head("/api/v1/attachments", length=15 * MIB, X_Session_Token=anna.token)

    async with peers(address, 40) as senders:
        for sender in senders:
            await sender.say(announced + b"x" * 200_000)

        async def refused(sender: Peer) -> bool:
            try:
                status, text = await sender.answer()
            except TimeoutError:
                return False
            assert (status, '"rate_limited"' in text) == (429, True), (status, text)
            return True

        answers = await asyncio.gather(*(refused(sender) for sender in senders))
        assert answers.count(False) <= 4
        # What is small is not counted.
        small = await anna.upload("small.txt", b"x" * 1_000, "text/plain")
        assert small["size"] == 1_000
    # They have gone: so has what they sent, and others may follow.
    await until(lambda: kept(server) < 1 * MIB)
    file = await anna.upload("large.bin", b"x" * 3 * MIB, "application/octet-stream")
    assert file["size"] == 3 * MIB
    await until(lambda: kept(server) < 1 * MIB)


async def test_what_is_being_sent_counts_towards_the_quota(serve: Serve):
    server = serve(UPLOAD_QUOTA_MB="20")
    anna = await signed_in(server.url)
    announced = head("/api/v1/attachments", length=15 * MIB, X_Session_Token=anna.token)
    async with peers(server.url, 3) as (first, second, chunked):
        await first.say(announced + b"x" * 100_000)
        with pytest.raises(TimeoutError):
            await first.answer(within=0.5)
        await second.say(announced + b"x" * 100_000)
        status, text = await second.answer()
        assert (status, '"quota_exceeded"' in text) == (413, True)
        await chunked.say(
            head("/api/v1/attachments", length=None, X_Session_Token=anna.token)
            + (b"100000\r\n" + b"x" * MIB + b"\r\n") * 7
        )
        status, text = await chunked.answer()
        assert (status, '"quota_exceeded"' in text) == (413, True)
    await until(lambda: kept(server) < 1 * MIB)
    assert (await anna.upload("fits.bin", b"x" * 15 * MIB, "application/octet-stream"))["id"]


async def test_a_foreign_page_cannot_make_a_browser_send_a_large_body(serve: Serve):
    server = serve()
    anna = await signed_in(server.url)
    cookies = f"sessionid={anna.token}; csrftoken={'c' * 32}"
    tries: dict[str, tuple[str, dict[str, str], int | None]] = {
        "no token": ("/api/v1/attachments", {}, 403),
        "a wrong token": ("/api/v1/attachments", {"X_CSRFToken": "d" * 32}, 403),
        "our page": ("/api/v1/attachments", {"X_CSRFToken": "c" * 32}, None),
        "a foreign form": ("/accounts/profile", {"Origin": "https://evil.example"}, 403),
        "our form": ("/accounts/profile", {"Origin": "http://localhost"}, None),
    }
    async with peers(server.url, len(tries)) as senders:
        for sender, (path, headers, _) in zip(senders, tries.values(), strict=True):
            await sender.say(head(path, length=2 * MIB, Cookie=cookies, **headers) + b"x" * 9_000)
        for sender, (name, (_, _, expected)) in zip(senders, tries.items(), strict=True):
            if expected is None:  # it is being taken in
                with pytest.raises(TimeoutError):
                    await sender.answer(within=0.5)
            else:
                assert (await sender.answer())[0] == expected, name


PATHS = ("/accounts/login/", "/accounts/profile", "/admin/login/", "/api/v1/rooms")


async def test_strangers_send_64_kilobytes_at_every_address(serve: Serve):
    server = serve()
    async with httpx.AsyncClient(base_url=server.url) as http:
        for path, token in itertools.product(PATHS, ({}, {"X-Session-Token": "made-up"})):
            assert (await http.post(path, content=b"x" * 65_536, headers=token)).status_code < 413
            answer = await http.post(path, content=b"x" * 65_537, headers=token)
            assert answer.status_code in (401, 413)
            assert answer.json()["code"] in ("unauthenticated", "too_large")


async def test_headers_have_an_end(serve: Serve):
    server = serve()
    before = server.memory()

    async def endless(peer: Peer, begin: bytes, more: bytes) -> None:
        await peer.say(begin)
        for _ in range(60):
            await peer.say(more * (MIB // len(more)))

    async with peers(server.url, 4) as (line, value, many, trailer):
        floods = [
            asyncio.create_task(endless(peer, begin, more))
            for peer, begin, more in (
                (line, b"GET /", b"a"),
                (value, b"GET / HTTP/1.1\r\nX: ", b"a"),
                (many, b"GET / HTTP/1.1\r\n", b"a: b\r\n"),
                (trailer, head("/accounts/login/", length=None) + b"1\r\nx\r\n0\r\n", b"a: b\r\n"),
            )
        ]
        await asyncio.gather(
            *(asyncio.wait_for(p.closed(), 10) for p in (line, value, many, trailer))
        )
        for flood in floods:
            flood.cancel()
    assert server.memory() - before < 20 * MIB


async def test_idle_connections_of_one_address_are_so_many(serve: Serve):
    server = serve(CONNECTIONS_PER_ADDRESS="5")
    async with peers(server.url, 12) as found:
        for peer in found:
            await peer.say(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert (await peer.answer())[0] == 200
        ends = [asyncio.create_task(peer.closed()) for peer in found]
        await until(lambda: sum(end.done() for end in ends) >= 7)
        await asyncio.sleep(2)
        assert [end.done() for end in ends] == [True] * 7 + [False] * 5
        for end in ends:
            end.cancel()
    async with httpx.AsyncClient(base_url=server.url) as http:
        assert (await http.get("/healthz")).status_code == 200
