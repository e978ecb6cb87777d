"""Marks of reading wait a moment to be stored together: what a stop and a kill leave of them."""

import asyncio

from tests.conftest import Serve
from tests.support.outside import OutsideClient


async def marked(client: OutsideClient, room: str, number: int) -> None:
    """Sends the mark and does not wait for its answer."""
    asked = asyncio.create_task(client.command("room.read", room=room, number=number))
    asked.add_done_callback(lambda done: done.cancelled() or done.exception())
    await asyncio.sleep(0)


def read(client: OutsideClient, room: str) -> int:
    return next(each["read"] for each in client.ready["rooms"] if each["id"] == room)


async def test_a_stop_loses_no_mark_and_a_kill_loses_marks_alone(serve: Serve, seeded):
    server = serve()
    room = seeded.rooms["private"]
    member = await (await OutsideClient(server.url, "member").sign_in()).connect()
    stays = await (await OutsideClient(server.url, "owner").sign_in()).connect()
    for number in range(5):
        await stays.send(room, str(number))
    await member.until(lambda: member.held[room].position == 5)

    # One is connected when the server stops, and another has just gone.
    await marked(stays, room, 3)
    await marked(member, room, 4)
    await member.disconnect()
    await asyncio.to_thread(server.stop)
    await stays.disconnect()
    await asyncio.to_thread(server.start)
    await member.connect()
    await stays.connect()
    assert (read(stays, room), read(member, room)) == (3, 4)

    # What has been answered is there after a kill; what has not may be lost, and nothing else.
    await member.command("room.read", room=room, number=5)
    sent = await stays.send(room, "acknowledged")
    await marked(stays, room, 6)
    await asyncio.to_thread(server.kill)
    await asyncio.gather(member.disconnect(), stays.disconnect())
    await asyncio.to_thread(server.start)
    await member.connect()
    await stays.connect()
    assert read(member, room) == 5
    assert read(stays, room) in (3, 6)
    assert (await stays.history(room))[-1] == sent
    await stays.command("room.read", room=room, number=6)
    await stays.disconnect()
    await stays.connect()
    assert read(stays, room) == 6
    await asyncio.gather(member.disconnect(), stays.disconnect())
