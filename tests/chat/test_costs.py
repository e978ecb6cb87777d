"""What each thing costs, in counts that do not depend on the machine.

A time would tell more and hold less: benchmarks/README.md has those.
"""

import asyncio
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from chat import serializers
from chat.actions import messages
from chat.actions.drafts import Draft
from chat.message_log.group_commit import GroupCommit
from chat.models import Membership, Message, Room
from chat.queries import directory, room_log
from chat.realtime.socket_writer import SocketWriter, frame
from tests.support.drafts import draft_of
from tests.support.sockets import opened


def _drafts(sender: User, room: Room, count: int) -> list[Draft]:
    return [draft_of(sender, room.pk, f"number {n}") for n in range(count)]


def _queries_of_batch(sender: User, room: Room, count: int) -> int:
    with CaptureQueriesContext(connection) as captured:
        results = messages.send_messages(_drafts(sender, room, count))
    assert not any(isinstance(result, Exception) for result in results)
    return len(captured)


def test_a_batch_of_messages_takes_as_many_queries_as_one(owner: User, private_room: Room) -> None:
    serializers.usernames([owner.pk])
    _queries_of_batch(owner, private_room, 1)  # their first ever is noted once
    assert _queries_of_batch(owner, private_room, 20) == _queries_of_batch(owner, private_room, 1)


def test_a_change_asks_as_often_whatever_it_mentions(owner: User, private_room: Room) -> None:
    def asked(many: int) -> tuple[int, int]:
        named = " ".join(f"@{name}" for name in ["nobody", owner.username, *map(str, range(many))])
        (row,) = messages.send_messages(_drafts(owner, private_room, 1))
        assert isinstance(row, Message)
        with CaptureQueriesContext(connection) as edit:
            messages.edit_message(owner, message=row.pk, body=named)
        assert Message.objects.get(pk=row.pk).mentions == [owner.username]
        with CaptureQueriesContext(connection) as send:
            messages.send_message(owner, room=private_room.pk, client_id=uuid.uuid4(), body=named)
        return len(edit), len(send)

    asked(1)  # their first ever is noted once
    assert asked(40) == asked(1)


def test_a_message_is_encoded_once_for_its_reply_and_for_everyone(
    owner: User, private_room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: list[int] = []
    encode = serializers.encode

    def counted(rows: Any) -> list[str]:
        encoded.append(len(rows))
        return encode(rows)

    monkeypatch.setattr(serializers, "encode", counted)
    messages.send_messages(_drafts(owner, private_room, 7))
    assert sum(encoded) == 7


def test_the_heads_of_500_rooms_take_one_query(owner: User) -> None:
    rooms = Room.objects.bulk_create(Room(kind="private", name=str(n)) for n in range(500))
    Membership.objects.bulk_create(Membership(room=room, user=owner) for room in rooms)
    with CaptureQueriesContext(connection) as captured:
        assert len(room_log.heads([room.pk for room in rooms])) == 500
    assert len(captured) == 1


async def test_commands_that_came_together_share_a_commit() -> None:
    batches: list[int] = []

    def work(jobs: Any) -> list[int]:
        batches.append(len(jobs))
        return list(jobs)

    commits: GroupCommit[int, int] = GroupCommit(work)

    async def sends(job: int) -> int:
        await asyncio.sleep(0)
        return await commits.submit(job)

    assert await asyncio.gather(*(sends(job) for job in range(50))) == list(range(50))
    assert batches == [50]


async def test_answers_of_one_turn_of_the_loop_are_one_frame_in_order() -> None:
    written: list[str] = []

    async def send(message: dict[str, Any]) -> None:
        written.append(message["text"])

    socket = SocketWriter(send)
    for number in range(20):
        socket.write_soon(str(number))
    await asyncio.sleep(0)
    socket.write_soon('"answer"')
    socket.write(frame('"event"'))
    assert written == [f"[{','.join(map(str, range(20)))}]", '"answer"', '"event"']


async def test_writing_to_sockets_that_take_it_starts_no_task() -> None:
    async def send(message: dict[str, Any]) -> None:
        pass

    sockets = [SocketWriter(send) for _ in range(100)]
    before = len(asyncio.all_tasks())
    text = frame("{}")
    for socket in sockets:
        socket.write(text)
    assert len(asyncio.all_tasks()) == before


async def _application(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    await asyncio.Event().wait()


@pytest.mark.parametrize("size", [1, 125, 126, 65_535, 65_536])
async def test_a_frame_for_many_is_made_once_and_is_what_uvicorn_would_write(size: int) -> None:
    first, second, third = [await opened(_application) for _ in range(3)]
    message = frame("é" + "x" * (size - 2) if size > 1 else "x")
    assert first[0].write_text(message)
    assert second[0].write_text(message)
    await third[0].send({"type": "websocket.send", "text": message["text"]})
    (made,), (shared,), (theirs,) = (each[1].written for each in (first, second, third))
    assert made is shared
    assert made == theirs


async def test_a_frame_goes_the_long_way_where_it_has_to_wait() -> None:
    protocol, transport = await opened(_application)
    protocol.pause_writing()
    assert not protocol.write_text(frame("late"))
    assert transport.written == []


def test_a_word_that_is_asked_for_often_is_looked_for_once(owner: User) -> None:
    with CaptureQueriesContext(connection) as once:
        directory.find_people("own")
    with CaptureQueriesContext(connection) as often:
        assert [each.username for each in directory.find_people("own " * 20)[0]] == ["owner"]
    assert [each["sql"] for each in often] == [each["sql"] for each in once]
