"""Who gets through which socket door: session, ticket and Origin, and how each ends."""

import asyncio
import time
import uuid

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.typing import Origin, Subprotocol

from tests.conftest import Serve
from tests.support.live import Server
from tests.support.outside import BrokenPromiseError, CommandError, OutsideClient

WEBVIEW = "vscode-webview://1a2b3c4d5e"


async def comes_in(
    server: Server,
    path: str,
    *,
    origin: str | None = None,
    cookies: str = "",
    ticket: str = "",
    protocols: tuple[str, ...] = (),
) -> bool:
    """Whether this door lets the connection in as far as ``ready``."""
    if ticket:
        protocols = ("mediachat.v1", f"ticket.{ticket}")
    try:
        async with connect(
            server.socket_url + path,
            origin=Origin(origin) if origin else None,
            additional_headers={"Cookie": cookies} if cookies else {},
            subprotocols=[Subprotocol(each) for each in protocols] or None,
            compression=None,
        ) as socket:
            frame = await asyncio.wait_for(socket.recv(), 5)
            assert '"type":"ready"' in str(frame)
            return True
    except (InvalidStatus, ConnectionClosed, WebSocketException):
        return False


@pytest.fixture
async def anna(server: Server) -> OutsideClient:
    return await (await OutsideClient(server.url, "crowd0").sign_in()).sign_in_by_form()


@pytest.mark.once
@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("own", True),
        (None, False),
        ("https://evil.example", False),
        (WEBVIEW, False),
        ("null", False),
        ("http://127.0.0.1:1", False),
    ],
)
async def test_the_browsers_door_asks_for_a_cookie_and_its_own_origin(
    server: Server, anna: OutsideClient, origin: str | None, allowed: bool
):
    origin = server.url if origin == "own" else origin
    assert await comes_in(server, "/ws/", origin=origin, cookies=anna.cookies) is allowed


@pytest.mark.once
@pytest.mark.parametrize("origin", ["own", None, "https://evil.example", WEBVIEW])
async def test_the_browsers_door_knows_no_tickets(
    server: Server, anna: OutsideClient, origin: str | None
):
    origin = server.url if origin == "own" else origin
    assert not await comes_in(server, "/ws/", origin=origin, ticket=await anna.ticket())
    assert not await comes_in(server, "/ws/", origin=origin)


@pytest.mark.once
@pytest.mark.parametrize("origin", ["own", None, WEBVIEW])
async def test_the_programs_door_asks_for_a_ticket_and_ignores_cookies(
    server: Server, anna: OutsideClient, origin: str | None
):
    origin = server.url if origin == "own" else origin
    door = "/ws/client/"
    assert await comes_in(server, door, origin=origin, ticket=await anna.ticket())
    assert not await comes_in(server, door, origin=origin, cookies=anna.cookies)
    assert not await comes_in(
        server, door, origin=origin, cookies=anna.cookies, protocols=("mediachat.v1",)
    )
    assert not await comes_in(server, door, origin=origin, ticket="made-up")


@pytest.mark.once
@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
async def test_the_programs_door_takes_no_page_but_ours_and_editors(
    server: Server, anna: OutsideClient, origin: str
):
    ticket = await anna.ticket()
    assert not await comes_in(server, "/ws/client/", origin=origin, ticket=ticket)


@pytest.mark.once
async def test_a_made_up_host_is_no_page_of_ours(server: Server, anna: OutsideClient):
    """``Host: evil`` with ``Origin: http://evil`` agree with each other, and are both wrong."""
    name = f"evil.example:{server.port}"
    with pytest.raises(InvalidStatus) as refused:
        async with connect(
            f"ws://{name}/ws/",
            host="127.0.0.1",
            origin=Origin(f"http://{name}"),
            additional_headers={"Cookie": anna.cookies},
        ):
            pass
    assert refused.value.response.status_code == 403


@pytest.mark.once
async def test_an_origin_is_the_same_in_capitals(server: Server, anna: OutsideClient):
    async with connect(
        f"ws://localhost:{server.port}/ws/",
        host="127.0.0.1",
        origin=Origin(f"http://LOCALHOST:{server.port}"),
        additional_headers={"Cookie": anna.cookies},
    ) as socket:
        assert '"type":"ready"' in str(await asyncio.wait_for(socket.recv(), 5))


@pytest.mark.once
async def test_the_programs_door_speaks_only_its_own_protocol(server: Server, anna: OutsideClient):
    ticket = await anna.ticket()
    assert not await comes_in(server, "/ws/client/", protocols=(f"ticket.{ticket}",))
    ticket = await anna.ticket()
    assert not await comes_in(server, "/ws/client/", protocols=("mediachat.v9", f"ticket.{ticket}"))


@pytest.mark.once
async def test_a_wrong_ticket_is_closed_with_a_code_that_says_so(server: Server):
    async with connect(
        server.socket_url + "/ws/client/",
        subprotocols=[Subprotocol("mediachat.v1"), Subprotocol("ticket.made-up")],
    ) as socket:
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(socket.recv(), 5)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401


@pytest.mark.once
async def test_a_ticket_opens_one_socket(server: Server, anna: OutsideClient):
    ticket = await anna.ticket()
    assert await comes_in(server, "/ws/client/", ticket=ticket)
    assert not await comes_in(server, "/ws/client/", ticket=ticket)


@pytest.mark.once
async def test_of_ten_sockets_with_one_ticket_one_comes_in(server: Server, anna: OutsideClient):
    ticket = await anna.ticket()
    came_in = await asyncio.gather(
        *(comes_in(server, "/ws/client/", ticket=ticket) for _ in range(10))
    )
    assert came_in.count(True) == 1


async def test_a_ticket_ends_with_its_session(server: Server):
    anna = await OutsideClient(server.url, "crowd1").sign_in()
    ticket = await anna.ticket()
    await anna.sign_out()
    assert not await comes_in(server, "/ws/client/", ticket=ticket)


@pytest.mark.once
async def test_tickets_are_for_those_who_are_signed_in(server: Server):
    async with httpx.AsyncClient(base_url=server.url) as http:
        answer = await http.post("/api/v1/tickets")
        assert answer.status_code == 401
        assert set(answer.json()) == {"code", "detail"}
        assert answer.json()["code"] == "unauthenticated"
        forged = await http.post("/api/v1/tickets", headers={"X-Session-Token": "made-up"})
        assert forged.content == answer.content


async def test_signing_out_closes_the_sockets_of_that_session_only(server: Server):
    phone, laptop, writer = (
        OutsideClient(server.url, name) for name in ("crowd2", "crowd2", "crowd3")
    )
    async with phone, laptop, writer:
        room = (await writer.command("room.open", kind="direct", members=["crowd2"]))["room"]["id"]
        await writer.send(room, "for both")
        for device in (phone, laptop):
            await device.until(lambda device=device: room in device.held)
        await phone.sign_out()
        assert await asyncio.wait_for(phone.closed, 2) == 4401
        before = len(phone.events)
        message = await writer.send(room, "for the laptop alone")
        await laptop.until(lambda: message["id"] in laptop.held[room].messages)
        assert len(phone.events) == before


async def test_signing_out_in_the_browser_closes_its_socket(server: Server):
    anna = await OutsideClient(server.url, "crowd4").sign_in_by_form()
    await anna.connect()
    token = next(part.split("=")[1] for part in anna.cookies.split("; ") if "csrftoken" in part)
    async with httpx.AsyncClient(base_url=server.url, headers={"Cookie": anna.cookies}) as http:
        answer = await http.post(
            "/accounts/logout/",
            data={"csrfmiddlewaretoken": token},
            headers={"Referer": server.url},
        )
    assert answer.status_code == 302
    assert await asyncio.wait_for(anna.closed, 2) == 4401
    assert not await comes_in(server, "/ws/", origin=server.url, cookies=anna.cookies)


async def test_a_removed_member_gets_no_further_frame(server: Server):
    owner, removed, member = (OutsideClient(server.url, f"crowd{n}") for n in (5, 6, 7))
    second_door = await OutsideClient(server.url, "crowd6").sign_in_by_form()
    async with owner, removed, member:
        await second_door.connect()
        room = (
            await owner.command(
                "room.open", kind="private", name="Secrets", members=["crowd6", "crowd7"]
            )
        )["room"]["id"]
        for each in (removed, second_door, member):
            await each.until(lambda each=each: room in each.held)
        message = await owner.send(room, "for all")
        await removed.until(lambda: removed.held[room].position == 1)
        await owner.command("room.remove", room=room, member="crowd6")

        for each in (removed, second_door):
            await each.until(lambda each=each: room not in each.held, 2)
            assert each.of_type("room.removed")[-1] == {
                "type": "room.removed",
                "room": room,
                "reason": "removed",
                "name": "Secrets",
                "by": "crowd5",
            }
        assert member.of_type("room.removed") == owner.of_type("room.removed") == []
        seen = len(removed.events), len(second_door.events)
        await owner.send(room, "for those who are left")
        await owner.command("message.edit", message=message["id"], body="changed")
        await owner.command("room.rename", room=room, name="Other secrets")
        await owner.raw(f'{{"type": "typing", "room": "{room}"}}')
        await owner.command("room.read", room=room, number=2)
        await member.until(lambda: member.held[room].position == 3)
        await asyncio.sleep(2.5)
        for each, count in ((removed, seen[0]), (second_door, seen[1])):
            about_the_room = [event for event in each.events[count:] if room in str(event)]
            assert about_the_room == []
            with pytest.raises(CommandError) as refused:
                await each.command("history", room=room)
            assert refused.value.code == "not_found"
        await second_door.disconnect()


async def test_someone_who_left_and_came_back_sees_what_they_missed(server: Server):
    owner, guest = OutsideClient(server.url, "crowd8"), OutsideClient(server.url, "crowd9")
    async with owner, guest:
        room = (await owner.command("room.open", kind="public", name="Square"))["room"]["id"]
        await guest.command("room.join", room=room)
        await guest.until(lambda: room in guest.held)
        await owner.send(room, "hello")
        await guest.until(lambda: guest.held[room].position == 1)
        await guest.command("room.leave", room=room)
        await guest.until(lambda: room not in guest.held)
        await owner.send(room, "is anyone there?")
        await guest.command("room.join", room=room)
        await guest.until(lambda: room in guest.held)
        assert guest.held[room].position == 2
        await owner.send(room, "welcome back")
        await guest.until(lambda: guest.held[room].position == 3)
        assert [message["number"] for message in await guest.history(room)] == [1, 2, 3]


async def test_joining_and_leaving_while_others_write_never_leaves_a_gap(server: Server):
    writer, guest = OutsideClient(server.url, "crowd10"), OutsideClient(server.url, "crowd11")
    async with writer, guest:
        room = (await writer.command("room.open", kind="public", name="Busy"))["room"]["id"]
        done = asyncio.Event()

        async def write() -> None:
            number = 0
            while not done.is_set():
                number += 1
                await writer.send(room, str(number))

        writing = asyncio.create_task(write())
        for _ in range(15):
            await guest.command("room.join", room=room)
            await guest.until(lambda: room in guest.held)
            start = guest.held[room].position
            await guest.until(lambda start=start: guest.held[room].position >= start + 3)
            await guest.page_history(room)
            numbers = [message["number"] for message in guest.held[room].ordered()]
            assert numbers == list(range(1, len(numbers) + 1))
            await guest.command("room.leave", room=room)
            await guest.until(lambda: room not in guest.held)
        done.set()
        await writing


async def test_ready_comes_first_however_much_happens_while_someone_connects(server: Server):
    """The outside client refuses whatever comes before ``ready``."""
    host = OutsideClient(server.url, "crowd13")
    guests = [await OutsideClient(server.url, "crowd14").sign_in() for _ in range(4)]
    async with host:
        opened = asyncio.Event()

        async def open_rooms() -> None:
            for number in range(40):
                await host.command(
                    "room.open", kind="private", name=f"Room {number}", members=["crowd14"]
                )
            opened.set()

        opening = asyncio.create_task(open_rooms())
        while not opened.is_set():
            await asyncio.gather(*(guest.connect() for guest in guests))
            await asyncio.gather(*(guest.disconnect() for guest in guests))
        await opening
        guest = await guests[0].connect()
        mine = [room for room in guest.rooms.values() if room["name"].startswith("Room ")]
        assert len(mine) == 40
        await guest.disconnect()


@pytest.mark.once
@pytest.mark.parametrize("path", ["/ws", "/ws/nothing/"])
async def test_what_is_no_door_is_refused_without_a_word(server: Server, path: str):
    with pytest.raises(InvalidStatus) as refused:
        await connect(server.socket_url + path)
    assert refused.value.response.status_code == 403


@pytest.mark.once
async def test_a_frame_over_the_limit_closes_the_socket_with_1009(server: Server):
    async with OutsideClient(server.url, "crowd12") as anna:
        await anna.command("ping")
        await anna.raw('{"type": "ping", "ref": "' + "x" * 65 * 1024 + '"}')
        assert await asyncio.wait_for(anna.closed, 5) == 1009


@pytest.mark.once
async def test_a_compressed_bomb_is_not_even_negotiated(server: Server):
    anna = await OutsideClient(server.url, "crowd12").sign_in()
    async with connect(
        server.socket_url + "/ws/client/",
        subprotocols=[Subprotocol("mediachat.v1"), Subprotocol(f"ticket.{await anna.ticket()}")],
        compression="deflate",
    ) as socket:
        assert socket.response is not None
        assert "Sec-WebSocket-Extensions" not in socket.response.headers


async def test_when_the_server_restarts_everyone_is_told_and_comes_back(serve: Serve):
    server = serve(RATE_LIMITS="off", HEARTBEAT="2")
    clients = [OutsideClient(server.url, f"crowd{number}") for number in range(10)]
    for client in clients:
        await client.sign_in()
        await client.connect()
    room = (
        await clients[0].command(
            "room.open",
            kind="private",
            name="Deploy",
            members=[client.username for client in clients[1:]],
        )
    )["room"]["id"]
    await clients[0].send(room, "before")
    for client in clients:
        await client.until(lambda client=client: room in client.held)
    started = time.monotonic()
    await asyncio.to_thread(server.stop)
    assert {await asyncio.wait_for(client.closed, 3) for client in clients} == {1012}
    assert time.monotonic() - started < 5
    await asyncio.to_thread(server.start)
    for client in clients:
        await client.disconnect()
        await client.connect()
    message = await clients[0].send(room, "after", client_id=str(uuid.uuid4()))
    for client in clients:
        await client.until(lambda client=client: client.held[room].position == 2)
        assert message["id"] in client.held[room].messages
        await client.disconnect()


@pytest.mark.once
def test_the_outside_client_notices_broken_promises():
    """The checks that all of these tests rest on can fail."""

    async def follow(*frames: dict) -> None:
        client = OutsideClient("http://nowhere", "anna")
        room = {"id": "r", "position": 4}
        client._receive(
            {"type": "ready", "protocol": 1, "rooms": [room], "user": {"username": "anna"}}
        )
        for frame in frames:
            client._receive(frame)

    def change(position: int, number: int = 1, id: str = "m") -> dict:
        return {
            "type": "message",
            "room": "r",
            "position": position,
            "message": {
                "id": id,
                "number": number,
                "position": position,
                "room": "r",
                "sender": "ben",
                "client_id": "c",
                "created_at": "now",
            },
        }

    asyncio.run(follow(change(5), change(6)))
    for broken in (
        (change(6),),
        (change(5), change(5)),
        (change(5), change(4)),
        (change(5), change(6, number=2)),
        (change(5), {**change(6), "position": 7}),
        ({"type": "reply", "ref": "never asked"},),
        ({**change(5), "room": "another"},),
    ):
        with pytest.raises(BrokenPromiseError):
            asyncio.run(follow(*broken))


async def test_why_somebody_is_out_of_a_room_is_said_as_it_is(server: Server):
    owner, leaver = (OutsideClient(server.url, f"crowd{n}") for n in (8, 9))
    second = await OutsideClient(server.url, "crowd9").sign_in_by_form()
    async with owner, leaver:
        await second.connect()
        opened = await owner.command(
            "room.open", kind="private", name="A while", members=["crowd9"]
        )
        room = opened["room"]["id"]
        for each in (leaver, second):
            await each.until(lambda each=each: room in each.held)
        left = await leaver.command("room.leave", room=room)
        assert left["room"]["id"] == room
        for each in (leaver, second):
            await each.until(lambda each=each: room not in each.held, 2)
            (told,) = [one for one in each.of_type("room.removed") if one["room"] == room]
            assert told["reason"] == "left"
        await leaver.command("sync", rooms={room: 0})
        assert leaver.of_type("room.removed")[-1] == {
            "type": "room.removed",
            "room": room,
            "reason": "not_found",
        }
        # Two people have a direct room for good: it is put away, and they stay in it.
        direct = await leaver.command("room.open", kind="direct", members=["crowd8"])
        count = len(leaver.of_type("room.removed"))
        put_away = await leaver.command("room.leave", room=direct["room"]["id"])
        assert put_away["room"]["put_away"]
        await leaver.command("ping")
        assert len(leaver.of_type("room.removed")) == count
