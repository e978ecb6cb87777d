"""Whoever follows the logs gets every change of every room, once, in order."""

import asyncio
import random
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from asgiref.sync import sync_to_async
from django.core.management import CommandError, call_command
from django.utils import timezone

from chat.actions import messages
from chat.followers import progress, registry, worker
from chat.followers.progress import Step, advance, begin_again, behind
from chat.followers.worker import FollowerWorker
from chat.models import Due, Follower, Message, Room
from chat.protocol import ChatError

pytestmark = pytest.mark.django_db

NAME = "mirror"
State = tuple[int, str, bool]


class Mirror:
    """A follower that keeps each message as it was told of it."""

    def __init__(self) -> None:
        self.rows: dict[UUID, State] = {}
        self.batches: list[list[int]] = []
        self.dies = False

    def __call__(self, room: UUID, changes: Sequence[Message]) -> None:
        self.batches.append([each.position for each in changes])
        for each in changes:
            self.rows[each.pk] = (each.position, each.body, each.is_gone)
        if self.dies:
            self.dies = False
            raise RuntimeError("It died after its work.")


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    each = Mirror()
    registry.follower(NAME)(each)
    yield each
    registry.unregister(NAME)


def truth() -> dict[UUID, State]:
    return {each.pk: (each.position, each.body, each.is_gone) for each in Message.objects.all()}


def follow_all() -> None:
    for room in list(behind(NAME)):
        while advance(NAME, room) is not Step.DONE:
            pass


def test_a_name_is_taken_once(mirror: Mirror) -> None:
    with pytest.raises(ValueError, match="already"):
        registry.follower(NAME)(mirror)


def test_batches_come_in_order_each_once(
    mirror: Mirror, owner, private_room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "BATCH", 3)
    for n in range(7):
        messages.send_message(owner, room=private_room.pk, client_id=uuid.uuid4(), body=f"{n}")
    follow_all()
    assert mirror.batches == [[1, 2, 3], [4, 5, 6], [7]]
    follow_all()
    assert len(mirror.batches) == 3
    assert list(behind(NAME)) == []


def test_a_batch_comes_again_after_a_death_between_work_and_note(
    mirror: Mirror, owner, private_room
) -> None:
    messages.send_message(owner, room=private_room.pk, client_id=uuid.uuid4(), body="hello")
    mirror.dies = True
    with pytest.raises(RuntimeError):
        advance(NAME, private_room.pk)
    assert advance(NAME, private_room.pk) is Step.DONE
    assert mirror.batches == [[1], [1]]


def test_two_processes_do_not_work_on_one_room(mirror: Mirror, private_room) -> None:
    advance(NAME, private_room.pk)
    rows = Follower.objects.filter(name=NAME)
    assert rows.update(lease_until=timezone.now() + timedelta(seconds=30)) == 1
    assert advance(NAME, private_room.pk) is Step.BUSY
    rows.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert advance(NAME, private_room.pk) is Step.DONE


@pytest.mark.parametrize("seed", range(3))
def test_rebuilt_equals_followed(
    mirror: Mirror, owner, private_room, public_room, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Random sends, edits, deletions and hidings, followed now and then, with deaths."""
    monkeypatch.setattr(progress, "BATCH", 5)
    chance = random.Random(seed)
    said: list[UUID] = []

    def send() -> None:
        room = chance.choice([private_room, public_room])
        body = f"{chance.random()}"
        row = messages.send_message(owner, room=room.pk, client_id=uuid.uuid4(), body=body)
        said.append(row.pk)

    def edit() -> None:
        with suppress(ChatError):  # a hidden one cannot be edited
            messages.edit_message(owner, message=chance.choice(said), body=f"{chance.random()}")

    def delete() -> None:
        messages.delete_message(owner, message=said.pop(chance.randrange(len(said))))

    def hide() -> None:
        messages.hide_message(message=chance.choice(said), hidden=chance.random() < 0.5)

    steps: list[Callable[[], object]] = [send, send, send, edit, delete, hide]
    for _ in range(80):
        (chance.choice(steps) if said else send)()
        if chance.random() < 0.2:
            mirror.dies = chance.random() < 0.3
            try:
                follow_all()
            except RuntimeError:
                pass
    mirror.dies = False
    follow_all()
    assert mirror.rows == truth()
    mirror.rows.clear()
    begin_again(NAME)
    follow_all()
    assert mirror.rows == truth()


@pytest.mark.django_db(transaction=True)
async def test_a_process_follows_what_it_commits_and_what_others_left(
    mirror: Mirror, owner, private_room
) -> None:
    async def send(body: str) -> None:
        await sync_to_async(messages.send_message)(
            owner, room=private_room.pk, client_id=uuid.uuid4(), body=body
        )

    async def heard(count: int) -> None:
        async with asyncio.timeout(20):
            while len(mirror.rows) < count:  # noqa: ASYNC110  (the mirror is another thread's)
                await asyncio.sleep(0.01)

    await send("left by a process that died")
    running = FollowerWorker()
    running.start()
    try:
        await heard(1)
        await send("committed here")
        await heard(2)
        mirror.dies = True
        await send("tried again after an error")
        await heard(3)
        assert await sync_to_async(truth)() == mirror.rows
        mirror.rows.clear()
        await sync_to_async(call_command)("rebuild", NAME)
        due = await sync_to_async(Due.objects.get)(kind=worker.SWEEP)
        await sync_to_async(worker._sweep)(due)
        await heard(3)
    finally:
        await running.stop()


def test_no_follower_is_rebuilt_that_is_not_there() -> None:
    with pytest.raises(CommandError, match="no follower"):
        call_command("rebuild", "nothing")


def test_a_sweep_costs_two_queries_for_five_hundred_rooms(
    mirror: Mirror, django_assert_max_num_queries: Any
) -> None:
    Room.objects.bulk_create(Room(kind="private", name=f"{n}") for n in range(900))
    with django_assert_max_num_queries(1 + 2 * 2):
        assert list(behind(NAME)) == []
