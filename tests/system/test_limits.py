"""What one person or one address can take of the server."""

import asyncio
import json
import time
import uuid
from collections import Counter

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin

from tests.conftest import Serve
from tests.support.live import Seeded, Server
from tests.support.outside import ClosedError, CommandError, OutsideClient

pytestmark = pytest.mark.once


async def test_a_burst_over_the_limit_is_refused_and_the_socket_lives(serve: Serve):
    server = serve(HEARTBEAT="2")
    fast, other = OutsideClient(server.url, "crowd0"), OutsideClient(server.url, "crowd1")
    async with fast, other:
        room = (await fast.command("room.open", kind="direct", members=["crowd1"]))["room"]["id"]
        await asyncio.sleep(0.2)
        answers = await asyncio.gather(
            *(fast.command("ping") for _ in range(400)), return_exceptions=True
        )
        refused = [answer for answer in answers if isinstance(answer, CommandError)]
        assert {answer.code for answer in refused} == {"rate_limited"}
        done = len(answers) - len(refused)
        assert 195 <= done <= 260, done

        waits = []
        for _ in range(5):
            before = time.monotonic()
            await other.command("ping")
            waits.append(time.monotonic() - before)
        assert max(waits) < 0.5

        await asyncio.sleep(1.5)
        assert (await fast.send(room, "again"))["number"] == 1
        assert not fast.closed.done()


async def test_a_refused_message_is_not_stored_and_can_be_sent_again(serve: Serve):
    server = serve(RATE_BURST="5", RATE_PER_SECOND="5")
    async with OutsideClient(server.url, "crowd0") as anna:
        room = (await anna.command("room.open", kind="private", name="Slow"))["room"]["id"]
        sent = 0
        for number in range(30):
            try:
                await anna.send(room, str(number))
                sent += 1
            except CommandError as refused:
                assert refused.code == "rate_limited"
        assert 3 <= sent < 30
        await asyncio.sleep(1.2)
        assert len(await anna.history(room)) == sent


async def test_the_limit_is_on_the_person_and_not_on_the_socket(serve: Serve):
    server = serve(RATE_BURST="50", RATE_PER_SECOND="1")
    sockets = [OutsideClient(server.url, "crowd0") for _ in range(4)]
    for socket in sockets:
        await socket.sign_in()
        await socket.connect()
    answers = await asyncio.gather(
        *(socket.command("ping") for _ in range(40) for socket in sockets), return_exceptions=True
    )
    done = sum(not isinstance(answer, Exception) for answer in answers)
    assert done <= 60, done
    for socket in sockets:
        await socket.disconnect()


async def _sockets(url: str, usernames: list[str]) -> tuple[list[OutsideClient], int]:
    """Opens one socket for each; those that stayed open, and how many were refused."""
    clients: list[OutsideClient] = []
    refused = 0
    tokens: dict[str, str] = {}
    for username in usernames:
        client = OutsideClient(url, username)
        if username not in tokens:
            await client.sign_in()
            tokens[username] = client.token
        client.token = tokens[username]
        try:
            await client.connect()
            clients.append(client)
        except (ClosedError, ConnectionClosed, InvalidStatus) as error:
            if isinstance(error, ClosedError):
                assert error.code == 4429
            refused += 1
    return clients, refused


async def test_one_person_has_so_many_sockets_and_no_more(serve: Serve):
    server = serve(SOCKETS_PER_PERSON="5")
    clients, refused = await _sockets(server.url, ["crowd0"] * 8 + ["crowd1"])
    assert refused == 3
    assert clients[-1].username == "crowd1"
    await clients[0].disconnect()
    await asyncio.sleep(0.5)
    more, refused = await _sockets(server.url, ["crowd0"])
    assert refused == 0
    for client in clients[1:] + more:
        await client.disconnect()


async def test_one_address_has_so_many_sockets_and_no_more(serve: Serve):
    server = serve(SOCKETS_PER_ADDRESS="6")
    clients, refused = await _sockets(server.url, [f"crowd{n}" for n in range(9)])
    assert (len(clients), refused) == (6, 3)
    for client in clients:
        await client.disconnect()


@pytest.mark.timeout(90)
async def test_a_small_bot_meets_no_limit(serve: Serve):
    """150 at once and then 15 a second for ten seconds, under the limits of the defaults."""
    server = serve()
    async with OutsideClient(server.url, "crowd0") as bot:
        room = (await bot.command("room.open", kind="private", name="Bot"))["room"]["id"]
        await asyncio.gather(*(bot.send(room, f"burst {n}") for n in range(150)))
        started = time.monotonic()
        for number in range(150):
            await asyncio.sleep(max(0.0, started + number / 15 - time.monotonic()))
            await bot.send(room, f"steady {number}")
        await bot.until(lambda: bot.held[room].position == 300)


async def test_one_person_connects_so_often_and_others_are_let_in(serve: Serve):
    server = serve(CONNECTS_PER_PERSON="5")
    anna = await OutsideClient(server.url, "crowd0").sign_in()
    for _ in range(5):
        await anna.connect()
        await anna.disconnect()
    for _ in range(3):
        with pytest.raises(ClosedError) as refused:
            await anna.connect()
        assert refused.value.code == 4429
        await anna.disconnect()
    async with OutsideClient(server.url, "crowd1") as other:
        await other.command("ping")


async def test_whoever_has_no_session_is_soon_refused_before_they_are_accepted(serve: Serve):
    server = serve(CONNECTS_PER_ADDRESS="6")
    nobody = OutsideClient(server.url, "crowd0")
    codes = []
    for _ in range(12):
        try:
            await nobody.connect(ticket="made-up")
        except ClosedError as closed:
            codes.append(closed.code)
        except InvalidStatus as status:
            codes.append(status.response.status_code)
    assert codes[:6] == [4401] * 6
    assert codes[-5:] == [403] * 5


async def test_those_without_a_session_shut_nobody_out_who_has_one(serve: Serve):
    """From one address, faster than anyone may: cookies that are wrong, and twenty people."""
    server = serve(CONNECTS_PER_ADDRESS="6")
    people = [OutsideClient(server.url, f"crowd{number}") for number in range(20)]
    await asyncio.gather(*(person.sign_in() for person in people))
    refused: Counter[int] = Counter()

    async def keeps_trying() -> None:
        while True:
            refused[await _by_cookie(server, uuid.uuid4().hex)] += 1

    strangers = [asyncio.create_task(keeps_trying()) for _ in range(20)]
    await asyncio.sleep(1)
    assert refused[403] > 40  # the address has nothing left
    by_cookie = [await _by_cookie(server, person.token) for person in people[:10]]
    assert by_cookie == [0] * 10
    for person in people[10:]:
        await person.connect()
        await person.disconnect()
    for each in strangers:
        each.cancel()
    assert set(refused) == {403, 4401}


async def test_one_persons_cookie_opens_no_more_sockets_than_theirs(serve: Serve):
    server = serve(CONNECTS_PER_PERSON="5", CONNECTS_PER_ADDRESS="6")
    anna = await OutsideClient(server.url, "crowd0").sign_in()
    other = await OutsideClient(server.url, "crowd1").sign_in()
    codes = Counter(await asyncio.gather(*(_by_cookie(server, anna.token) for _ in range(100))))
    # What is refused costs the address, and then it is refused before it is accepted.
    assert codes.keys() == {0, 4429, 403}
    assert codes[0] == 5
    assert codes[4429] <= 7
    assert await _by_cookie(server, other.token) == 0


async def _by_cookie(server: Server, token: str) -> int:
    """0 where this cookie opens a socket; otherwise the closing code, or 403."""
    try:
        async with connect(
            f"{server.socket_url}/ws/",
            origin=Origin(server.url),
            additional_headers={"Cookie": f"sessionid={token}"},
        ) as socket:
            await asyncio.wait_for(socket.recv(), 10)
            return 0
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else 0
    except InvalidStatus as status:
        return status.response.status_code


async def test_typing_is_told_once_in_a_while(serve: Serve, seeded: Seeded):
    server = serve()
    async with (
        OutsideClient(server.url, "crowd0") as anna,
        OutsideClient(server.url, "crowd0") as her_phone,
        OutsideClient(server.url, "crowd1") as other,
    ):
        for _ in range(10):
            for device in (anna, her_phone):
                await device.raw(json.dumps({"type": "typing", "room": seeded.rooms["crowd"]}))
        await her_phone.command("ping")
        await anna.send(seeded.rooms["crowd"], "done")
        await other.until(lambda: bool(other.of_type("message")))
        assert len(other.of_type("typing")) == 1


async def test_one_address_asks_for_so_much_and_those_who_are_signed_in_pay_themselves(
    serve: Serve,
):
    server = serve(ADDRESS_BURST="30", ADDRESS_PER_SECOND="0.5")
    anna = await OutsideClient(server.url, "crowd0").sign_in()
    async with httpx.AsyncClient(base_url=server.url) as nobody, anna.http() as signed_in:
        before = [(await signed_in.get("/api/v1/rooms")).status_code for _ in range(40)]
        answers = [(await nobody.get("/accounts/login/")) for _ in range(15)]
        healthy = (await nobody.get("/healthz")).status_code
    assert set(before) == {200}
    assert answers[0].status_code == 200
    assert answers[-1].status_code == 429
    assert answers[-1].json()["code"] == "rate_limited"
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert healthy == 200


async def test_those_who_are_signed_in_are_served_behind_an_address_that_strangers_used_up(
    serve: Serve,
):
    server = serve(ADDRESS_BURST="30", ADDRESS_PER_SECOND="0.5")
    anna = await OutsideClient(server.url, "crowd0").sign_in()
    wrong = {"X-Session-Token": "made-up"}
    async with httpx.AsyncClient(base_url=server.url) as nobody, anna.http() as signed_in:
        flood = [await nobody.get("/api/v1/rooms", headers=wrong) for _ in range(40)]
        asked = [(await signed_in.get("/api/v1/rooms")).status_code for _ in range(40)]
        by_cookie = {"Cookie": f"sessionid={anna.token}"}
        pages = [await nobody.get("/", headers=by_cookie) for _ in range(40)]
        still = await nobody.get("/api/v1/rooms", headers=wrong)
    assert {answer.status_code for answer in flood} == {401, 429}
    assert pages[0].status_code == 200
    assert pages[-1].status_code == 429  # a page costs its person too, and is not given back
    assert asked == [200] * 40
    assert still.status_code == 429
