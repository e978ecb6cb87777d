"""What changes one person's view reaches all their devices, through real servers."""

import asyncio
import random
import uuid
from typing import Any

import pytest

from tests.conftest import Serve
from tests.support.live import Server
from tests.support.outside import OutsideClient
from tests.support.personal_device import DeviceClient, all_the_same
from tests.system.test_backup import clients

HEARTBEAT = 2.0

MANY = """
from accounts.models import User
from chat.models import Membership, PersonalChange, Room
from chat.models.personal import change_id
user = User.objects.get(username="crowd4")
rooms = Room.objects.bulk_create(Room(kind="private", name=f"Room {n}") for n in range(600))
Membership.objects.bulk_create(
    Membership(room=room, user=user, role="owner", favorite=True) for room in rooms)
PersonalChange.objects.bulk_create(
    PersonalChange(id=change_id(user.pk, "favorite", str(room.pk)), user=user, version=version,
        kind="favorite", key=str(room.pk), value=True)
    for version, room in enumerate(rooms, start=2))
"""


async def rooms_of(client: OutsideClient, count: int) -> list[str]:
    """New rooms of this person's."""
    opened = [
        client.command("room.open", kind="private", name=f"Room {n} {uuid.uuid4().hex[:4]}")
        for n in range(count)
    ]
    return [reply["room"]["id"] for reply in await asyncio.gather(*opened)]


async def devices_of(username: str, *servers: Server) -> list[DeviceClient]:
    devices = [DeviceClient(server.url, username) for server in servers]
    for each in devices:
        await each.sign_in()
        await each.connect()
    return devices


async def test_two_devices_of_which_one_was_away_hold_the_same(server: Server) -> None:
    one, other = await devices_of("crowd3", server, server)
    rooms = await rooms_of(one, 4)
    await one.command("room.favorite", room=rooms[0], on=True)
    await other.reaches(1)
    assert other.favorites == {rooms[0]}
    assert not other.asked, "it was told"
    await other.disconnect()
    for room in rooms[1:]:
        await one.command("room.favorite", room=room, on=True)
    await one.command("room.favorite", room=rooms[0], on=False)
    await other.connect()
    assert await all_the_same([one, other]) == set(rooms[1:])
    await other.command("room.favorite", room=rooms[1], on=False)
    assert await all_the_same([one, other]) == set(rooms[2:])
    for each in (one, other):
        await each.disconnect()


async def test_of_a_person_nobody_else_is_told(server: Server) -> None:
    (one,), (stranger,) = await devices_of("owner", server), await devices_of("member", server)
    room = next(room for room in one.rooms.values() if room["name"] == "The private room")["id"]
    for on in (True, False):
        await one.command("room.favorite", room=room, on=on)
    await one.reaches(one.ready["me_version"] + 2)
    await stranger.command("ping")
    assert stranger.of_type("me.changed") == []
    assert (await stranger.command("me.sync", after=0))["changes"] == []
    for each in (one, stranger):
        await each.disconnect()


async def test_a_device_that_missed_more_than_five_hundred_changes(server: Server) -> None:
    one, other = await devices_of("crowd4", server, server)
    rooms = await rooms_of(one, 2)
    await one.command("room.favorite", room=rooms[0], on=True)
    await other.reaches(1)
    await other.disconnect()
    await asyncio.to_thread(server.manage, "shell", "-c", MANY)
    await one.command("room.favorite", room=rooms[0], on=False)
    await one.command("room.favorite", room=rooms[1], on=True)
    await other.connect()
    favorites = await all_the_same([one, other], 10)
    assert (len(favorites), rooms[0] in favorites, rooms[1] in favorites) == (601, False, True)
    assert other.asked == 2
    for each in (one, other):
        await each.disconnect()


@pytest.mark.once
@pytest.mark.timeout(120)
async def test_lost_doorbells_are_made_up_for_within_a_heartbeat(serve: Serve) -> None:
    settings: dict[str, Any] = {
        "DJANGO_SETTINGS_MODULE": "tests.support.settings_dropping_layer",
        "RATE_LIMITS": "off",
        "HEARTBEAT": str(HEARTBEAT),
    }
    first = serve(**settings)
    second = serve(data_of=first, **settings)
    devices = await devices_of("crowd5", first, second, second)
    rooms = await rooms_of(devices[0], 3)
    for device, room in zip(devices, rooms, strict=True):
        # Whoever asks is answered, and holds no more than before.
        await device.until(lambda device=device, room=room: room in device.held, HEARTBEAT + 3)
        await device.command("room.favorite", room=room)
    assert await all_the_same(devices, HEARTBEAT + 1) == set(rooms)
    assert all(device.asked for device in devices)
    for each in devices:
        await each.disconnect()


@pytest.mark.timeout(120)
async def test_a_layer_that_drops_repeats_and_reorders(serve: Serve) -> None:
    settings: dict[str, Any] = {
        "DJANGO_SETTINGS_MODULE": "tests.support.settings_unreliable_layer",
        "RATE_LIMITS": "off",
        "HEARTBEAT": str(HEARTBEAT),
    }
    first = serve(**settings)
    devices = await devices_of("crowd6", *[first] * 3)
    rooms = await rooms_of(devices[0], 5)
    for device in devices:
        await device.until(lambda device=device: set(rooms) <= device.held.keys(), HEARTBEAT + 3)

    async def change(device: DeviceClient, seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(40):
            await device.command(
                "room.favorite", room=chance.choice(rooms), on=chance.random() < 0.5
            )
            await device.follow()
            if chance.random() < 0.1:
                await device.disconnect()
                await device.connect()

    await asyncio.gather(*(change(device, seed) for seed, device in enumerate(devices)))
    await all_the_same(devices, HEARTBEAT + 1)
    for each in devices:
        await each.disconnect()


@pytest.mark.timeout(120)
async def test_the_client_tells_later_what_was_changed_offline(server: Server) -> None:
    """Two of the page's own clients, one of them offline, and a program beside them."""
    (program,) = await devices_of("crowd7", server)
    rooms = await rooms_of(program, 4)
    async with clients(server) as people:
        for who in ("desk", "phone"):
            await people.do("join", who=who, username="crowd7", room=rooms[0])
        await people.do("favorite", who="desk", room=rooms[0], on=True)
        await program.reaches(1)
        await people.do("leave", who="phone")
        await people.do("favorite", who="phone", room=rooms[1], on=True)
        await people.do("favorite", who="phone", room=rooms[0], on=False)
        assert await people.do("favorites", who="phone") == [rooms[1]]
        await people.do("favorite", who="desk", room=rooms[2], on=True)
        await program.command("room.favorite", room=rooms[3], on=True)
        await program.reaches(3)
        assert program.favorites == {rooms[0], rooms[2], rooms[3]}
        await people.do("come", who="phone")
        await program.reaches(5)
        wanted = await all_the_same([program])
        assert wanted == set(rooms[1:])
        for who in ("desk", "phone"):
            async with asyncio.timeout(5):
                while set(await people.do("favorites", who=who)) != wanted:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
    await program.disconnect()


@pytest.mark.timeout(120)
async def test_the_client_tells_later_what_was_changed_while_the_server_was_away(
    serve: Serve,
) -> None:
    server = serve(RATE_LIMITS="off", HEARTBEAT=str(HEARTBEAT), expect_errors=True)
    (program,) = await devices_of("crowd8", server)
    rooms = await rooms_of(program, 3)
    wanted = set(rooms[1:])
    async with clients(server) as people:
        for who in ("desk", "phone"):
            await people.do("join", who=who, username="crowd8", room=rooms[0])
        await people.do("favorite", who="desk", room=rooms[0], on=True)
        await program.reaches(1)
        server.kill()
        await people.do("favorite", who="desk", room=rooms[1], on=True)
        await people.do("favorite", who="phone", room=rooms[2], on=True)
        await people.do("favorite", who="phone", room=rooms[0], on=False)
        await asyncio.sleep(1)
        server.start()
        for who in ("desk", "phone"):
            async with asyncio.timeout(60):
                while set(await people.do("favorites", who=who)) != wanted:  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
    (fresh,) = await devices_of("crowd8", server)
    assert await all_the_same([fresh]) == wanted
    await fresh.disconnect()
