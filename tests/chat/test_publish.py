"""Doorbells that wait for the layer are joined, in the order of each room."""

import asyncio
import uuid
from typing import Any

import pytest
from channels.layers import channel_layers, get_channel_layer
from structlog.testing import capture_logs

from chat import broadcast
from chat.realtime.in_memory_layer import InProcessLayer

ROOM, OTHER = uuid.uuid4(), uuid.uuid4()


def _changes(room: uuid.UUID, *positions: int, members_version: int = 1) -> broadcast.GroupMessage:
    entries = [(position, position, f"id{position}", "{}") for position in positions]
    return broadcast.room_group(room), {
        "type": "room.event",
        "room": room.hex,
        "members_version": members_version,
        "entries": entries,
    }


@pytest.fixture
def _own_layer() -> Any:
    channel_layers.backends = {}
    yield
    channel_layers.backends = {}


async def _heard(*bells: list[broadcast.GroupMessage]) -> list[dict[str, Any]]:
    """What a hub hears of these, rung one list after another before the layer has its turn."""
    layer = get_channel_layer()
    channel = await layer.new_channel()
    for room in (ROOM, OTHER):
        await layer.group_add(broadcast.room_group(room), channel)
    broadcaster = broadcast.Broadcaster()
    for each in bells:
        broadcaster.send(*each)
    heard = []
    while True:
        try:
            heard.append(await asyncio.wait_for(layer.receive(channel), 0.2))
        except TimeoutError:
            return heard


def _positions(event: dict[str, Any]) -> list[int]:
    return [entry[0] for entry in event["entries"]]


@pytest.mark.usefixtures("_own_layer")
async def test_what_comes_for_a_room_while_it_waits_is_one_doorbell() -> None:
    first, second = await _heard(
        [_changes(ROOM, 1), _changes(OTHER, 7)], [_changes(ROOM, 2, 3)], [_changes(ROOM, 4)]
    )
    assert (first["room"], _positions(first)) == (ROOM.hex, [1, 2, 3, 4])
    assert (second["room"], _positions(second)) == (OTHER.hex, [7])


@pytest.mark.usefixtures("_own_layer")
async def test_changes_that_rest_on_another_membership_are_not_joined() -> None:
    heard = await _heard([_changes(ROOM, 1)], [_changes(ROOM, 2, members_version=2)])
    assert [(event["members_version"], _positions(event)) for event in heard] == [
        (1, [1]),
        (2, [2]),
    ]


@pytest.mark.usefixtures("_own_layer")
async def test_what_is_not_a_change_keeps_its_place_in_the_room() -> None:
    changed = broadcast.room_group(ROOM), {"type": "room.event", "room": ROOM.hex, "changed": True}
    first, second, third = await _heard([_changes(ROOM, 1)], [changed], [_changes(ROOM, 2)])
    assert _positions(first) == [1]
    assert second["changed"]
    assert _positions(third) == [2]


@pytest.mark.usefixtures("_own_layer")
async def test_of_too_many_changes_only_the_newest_is_told() -> None:
    (event,) = await _heard([_changes(ROOM, n) for n in range(1, broadcast.JOINED + 2)])
    assert _positions(event) == [broadcast.JOINED + 1]


# -- What waits is bounded, however slow the layer ---------------------------------------------


def _heavy(room: uuid.UUID, position: int, size: int) -> broadcast.GroupMessage:
    group, message = _changes(room, position)
    message["entries"] = [(position, position, f"id{position}", "x" * size)]
    return group, message


@pytest.mark.usefixtures("_own_layer")
async def test_large_messages_that_wait_are_told_by_their_newest() -> None:
    (only,) = await _heard(*([_heavy(ROOM, position, 50_000)] for position in range(1, 11)))
    assert 0 < len(_positions(only)) * 50_000 <= broadcast.JOINED_SIZE
    assert _positions(only)[-1] == 10


@pytest.mark.usefixtures("_own_layer")
async def test_what_waits_for_a_slow_layer_is_bounded_in_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(broadcast, "WAITING_SIZE", 1_000_000)
    broadcaster = broadcast.Broadcaster()
    rooms = [uuid.uuid4() for _ in range(50)]
    for position in range(1, 5):
        for room in rooms:
            broadcaster.send(_heavy(room, position, 40_000))
            assert broadcaster._size == sum(
                broadcast._size(each)
                for messages in broadcaster._waiting.values()
                for each in messages
            )
            assert broadcaster._size <= 1_000_000
    assert broadcast.room_group(rooms[-1]) in broadcaster._waiting
    typing = broadcast.room_group(ROOM), {"type": "room.event", "room": ROOM.hex, "frame": "x" * 99}
    for _ in range(2_000):
        broadcaster.send(typing)
    assert len(broadcaster._waiting[typing[0]]) <= broadcast.JOINED
    while broadcaster._task is not None:
        await asyncio.wait([broadcaster._task])
    assert broadcaster._size == 0


# -- An outage is logged once ------------------------------------------------------------------


class _Breaking(InProcessLayer):
    broken = True

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        if self.broken:
            raise ConnectionError("no layer")
        await super().group_send(group, message)


async def test_an_outage_is_logged_once_and_its_end_with_what_was_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    layer = _Breaking()
    monkeypatch.setattr(broadcast, "get_channel_layer", lambda: layer)
    monkeypatch.setattr(broadcast, "LOST_EVERY", 0.01)
    broadcaster = broadcast.Broadcaster()
    with capture_logs() as said:
        for _ in range(2):
            layer.broken = True
            for position in range(10):
                broadcaster.send(_changes(ROOM, position), _changes(OTHER, position))
                await broadcaster.sent()
            layer.broken = False
            assert broadcaster._telling_lost is not None
            await asyncio.wait_for(broadcaster._telling_lost, 30)
    assert [line["event"] for line in said] == ["doorbell_lost", "doorbells_ring_again"] * 2
    assert [line.get("lost") for line in said] == [None, 20, None, 20]


def test_what_is_rung_without_a_server_is_logged_so_too(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = _Breaking()
    monkeypatch.setattr(broadcast, "get_channel_layer", lambda: layer)
    monkeypatch.setattr(broadcast, "_broadcaster", None)
    with capture_logs() as said:
        for position in range(5):
            broadcast._send(_changes(ROOM, position))
        layer.broken = False
        for position in range(5, 8):
            broadcast._send(_changes(ROOM, position))
    assert [(line["event"], line.get("lost")) for line in said] == [
        ("doorbell_lost", None),
        ("doorbells_ring_again", 5),
    ]
