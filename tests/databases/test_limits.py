"""What is counted holds, when it is done many times at the same moment on connections of their
own, as processes have."""

from collections import Counter
from collections.abc import Callable

import pytest

from accounts import erasure as accounts_erasing
from accounts.models import User
from chat.actions import blocks, rooms
from chat.actions.strangers import ASKED_A_DAY, WAITING_LIMIT
from chat.models import Block, Membership, Room, RoomRequest
from chat.protocol import ChatError, ErrorCode
from chat.realtime import erasure_worker
from tests import databases
from tests.conftest import person
from tests.databases.test_log import in_threads

pytestmark = pytest.mark.django_db(transaction=True)

AT_ONCE = 8


@pytest.fixture(autouse=True)
def strangers_ask(settings):
    settings.STRANGERS_ASK = True


def crowd(count: int, name: str = "stranger") -> list[User]:
    return User.objects.bulk_create(User(username=f"{name}{number}") for number in range(count))


def outcomes(*jobs: Callable[[], object]) -> Counter[str]:
    """How many of these jobs, done at the same moment, ended in which way."""

    def outcome(job: Callable[[], object]) -> str:
        try:
            job()
        except ChatError as refusal:
            return refusal.code.value
        return "done"

    return Counter(str(end) for end in in_threads(*(lambda job=job: outcome(job) for job in jobs)))


def assert_as_many_as_allowed(found: int, limit: int) -> None:
    """Without locks those who come at the same moment may all be refused."""
    assert found <= limit if databases.kind() == "mongodb" else found == limit


def test_strangers_a_day(owner):
    people = [each.username for each in crowd(AT_ONCE * 10)]

    def open_with(names: list[str]) -> Callable[[], object]:
        return lambda: rooms.open_room(owner, kind="private", name="Trap", members=names)

    ends = outcomes(*(open_with(people[n * 10 : n * 10 + 10]) for n in range(AT_ONCE)))
    assert_as_many_as_allowed(RoomRequest.objects.count(), ASKED_A_DAY)
    # Who is refused has opened nothing.
    assert Room.objects.count() == Membership.objects.count() == ends["done"]
    assert ends["done"] + ends[ErrorCode.RATE_LIMITED.value] == AT_ONCE
    assert RoomRequest.objects.count() == 10 * ends["done"]


def test_strangers_a_day_into_one_room_and_one_by_one(owner):
    room, _ = rooms.open_room(owner, kind="private", name="Trap")
    people = [each.username for each in crowd(ASKED_A_DAY + AT_ONCE)]
    rooms.add_members(owner, room=room.pk, members=people[AT_ONCE + 2 :])

    def add(name: str) -> Callable[[], object]:
        return lambda: rooms.add_members(owner, room=room.pk, members=[name])

    def write_to(name: str) -> Callable[[], object]:
        return lambda: rooms.open_room(owner, kind="direct", members=[name])

    outcomes(*(add(name) if n % 2 else write_to(name) for n, name in enumerate(people[:AT_ONCE])))
    assert_as_many_as_allowed(RoomRequest.objects.filter(asker=owner).count(), ASKED_A_DAY)


def test_requests_that_wait_for_one_person(owner, outsider):
    some = Room.objects.bulk_create(
        Room(kind="private", name=f"{n}") for n in range(WAITING_LIMIT - 2)
    )
    RoomRequest.objects.bulk_create(
        RoomRequest(room=room, user=outsider, asker=owner) for room in some
    )

    def ask(asker: User) -> Callable[[], object]:
        return lambda: rooms.open_room(
            asker, kind="private", name="Trap", members=[outsider.username]
        )

    outcomes(*(ask(asker) for asker in crowd(AT_ONCE, "asker")))
    assert_as_many_as_allowed(RoomRequest.objects.filter(user=outsider).count(), WAITING_LIMIT)


def test_people_who_ask_each_other_never_wait_in_a_circle(owner):
    people = crowd(AT_ONCE)

    def ask_all(asker: User) -> Callable[[], object]:
        names = [each.username for each in people if each.pk != asker.pk]
        return lambda: rooms.open_room(asker, kind="private", name="All", members=names)

    assert outcomes(*map(ask_all, people)) == {"done": AT_ONCE}


def test_blocks(owner, monkeypatch):
    monkeypatch.setattr(blocks, "BLOCKS_LIMIT", 5)
    people = crowd(AT_ONCE)

    def block(other: User) -> Callable[[], object]:
        return lambda: blocks.block_person(owner, username=other.username)

    outcomes(*map(block, people))
    assert_as_many_as_allowed(Block.objects.filter(blocker=owner).count(), 5)


def test_a_superuser_stays_of_those_who_are_erased_at_once(monkeypatch):
    monkeypatch.setattr(erasure_worker._thread, "start", lambda: None)
    people = [person(f"root{n}", is_superuser=True, is_staff=True) for n in range(AT_ONCE)]

    def erase(each: User) -> Callable[[], object]:
        def job() -> object:
            try:
                return accounts_erasing.begin(each, keep_messages=True)
            except accounts_erasing.LastSuperuser:
                raise ChatError(ErrorCode.CONFLICT, "the last") from None

        return job

    ends = outcomes(*map(erase, people))
    left = User.objects.filter(is_superuser=True, is_active=True).count()
    assert left == AT_ONCE - ends["done"] >= 1
    if databases.kind() != "mongodb":
        assert left == 1
