"""What changes one person's view is in step on all their devices."""

import asyncio
import random
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.sessions.models import Session
from django.db import connection, connections
from django.utils import timezone

from accounts.models import User
from chat import broadcast, protocol
from chat.actions import memberships, personal, rooms
from chat.actions.favorites import set_favorite
from chat.actions.personal import change_personal
from chat.models import Membership, PersonalChange, Room
from chat.models.personal import change_id
from chat.protocol import ErrorCode, PersonalKind
from chat.queries import personal as log
from chat.queries import room_views
from chat.realtime.hub import Hub
from mediachat.databases import capabilities
from tests.chat.conftest import refused
from tests.support.fake_connection import FakeConnection
from tests.support.personal_device import PersonalDevice

pytestmark = pytest.mark.django_db


def change(user: User, key: str, value: Any, **fields: Any) -> protocol.PersonalChange:
    """Of a thing that nothing else repeats."""
    asked: dict[str, Any] = {"kind": PersonalKind.FAVORITE, "default": False, **fields}
    return change_personal(user.pk, key=key, value=value, repeat=lambda value: None, **asked)


def page_after(user: User, after: int) -> dict[str, Any]:
    page = log.changes_after(user.pk, after)
    reply = protocol.PersonalChangesReply(
        changes=page.changes, version=page.version, more=page.more, reset=page.reset
    )
    return reply.model_dump(mode="json")


def synced(user: User, device: PersonalDevice) -> PersonalDevice:
    while device.page(page_after(user, device.version)):
        pass
    return device


def room_ids(count: int) -> list[str]:
    return [str(uuid.uuid4()) for _ in range(count)]


def is_favorite(user: User, room: Room) -> bool:
    (seen,) = [view.room for view in room_views.rooms_of(user) if view.room.id == room.pk]
    return seen.favorite


# -- The log ----------------------------------------------------------------------------------


def test_each_change_has_the_next_version_and_one_row(owner: User) -> None:
    first, second = room_ids(2)
    assert [change(owner, *each).version for each in ((first, True), (second, True))] == [1, 2]
    assert change(owner, first, False).version == 3
    rows = PersonalChange.objects.filter(user=owner).order_by("version")
    assert list(rows.values_list("version", "key", "value")) == [
        (2, second, True),
        (3, first, False),
    ]
    assert log.versions_of([owner.pk, uuid.UUID(int=1)]) == {owner.pk: 3, uuid.UUID(int=1): 0}


def test_what_is_so_already_stays_as_it_is(owner: User) -> None:
    (room,) = room_ids(1)
    assert change(owner, room, False).version == 0
    assert not PersonalChange.objects.exists()
    assert change(owner, room, True).version == 1
    assert change(owner, room, True).version == 1


def test_people_have_logs_of_their_own(owner: User, member: User) -> None:
    (room,) = room_ids(1)
    change(owner, room, True)
    assert change(member, room, True).version == 1
    change(member, room, False)
    assert page_after(owner, 0)["changes"] == [
        {"kind": "favorite", "room": room, "value": True, "version": 1}
    ]


def test_a_device_that_was_away_gets_more_than_one_page(owner: User) -> None:
    device = PersonalDevice()
    keys = room_ids(protocol.PERSONAL_PAGE_LIMIT + 50)
    change(owner, keys[0], True)
    synced(owner, device)
    PersonalChange.objects.bulk_create(
        PersonalChange(
            id=change_id(owner.pk, PersonalKind.FAVORITE, key),
            user=owner,
            version=version,
            kind=PersonalKind.FAVORITE,
            key=key,
            value=True,
        )
        for version, key in enumerate(keys[1:], start=2)
    )
    change(owner, keys[0], False)
    first = page_after(owner, device.version)
    assert (len(first["changes"]), first["more"], first["reset"]) == (500, True, False)
    synced(owner, device)
    assert device.version == len(keys) + 1
    assert device.values == synced(owner, PersonalDevice()).values
    assert device.values["favorite", keys[0]] is False
    assert len(device.values) == len(keys)


def test_exactly_a_page_is_the_last_one(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "PERSONAL_PAGE_LIMIT", 3)
    for key in room_ids(4):
        change(owner, key, True)
    assert [page_after(owner, after)["more"] for after in (0, 1, 4)] == [True, False, False]


def test_a_page_ends_by_its_size(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in room_ids(4):
        change(owner, key, True)
    monkeypatch.setattr(protocol, "PAGE_SIZE", 250)
    page = page_after(owner, 0)
    assert (len(page["changes"]), page["more"]) == (2, True)
    monkeypatch.setattr(protocol, "PAGE_SIZE", 1)
    assert len(page_after(owner, 0)["changes"]) == 1


def test_whoever_is_ahead_of_the_log_begins_again(owner: User) -> None:
    rooms = room_ids(2)
    for room in rooms:
        change(owner, room, True)
    device = PersonalDevice()
    device.version, device.values = 7, {("favorite", "gone"): True}
    assert page_after(owner, 7)["reset"]
    synced(owner, device)
    assert device.version == 2
    assert device.values == {("favorite", room): True for room in rooms}
    PersonalChange.objects.all().delete()
    assert page_after(owner, 2) == {"changes": [], "version": 0, "more": False, "reset": True}
    assert page_after(owner, 0) == {"changes": [], "version": 0, "more": False, "reset": False}


def test_there_is_a_bound_for_each_kind(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(personal, "KEYS_LIMIT", 2)
    first, second, third = room_ids(3)
    change(owner, first, True)
    change(owner, second, True)
    refused(ErrorCode.CONFLICT, change, owner, third, True)
    change(owner, first, False)
    refused(ErrorCode.CONFLICT, change, owner, third, True)
    assert change(owner, second, False).version == 4
    refused(ErrorCode.TOO_LARGE, change, owner, first, "x" * personal.VALUE_LIMIT)


# -- Favourites -------------------------------------------------------------------------------


def test_a_room_says_whether_it_is_a_favourite(owner: User, member: User, private_room: Room):
    assert not is_favorite(owner, private_room)
    assert set_favorite(owner, room=private_room.pk, on=True).room == private_room.pk
    assert is_favorite(owner, private_room)
    assert room_views.room_view(owner, private_room.pk).favorite
    assert not is_favorite(member, private_room)
    set_favorite(owner, room=private_room.pk, on=False)
    assert not is_favorite(owner, private_room)


def test_only_members_have_a_favourite(outsider: User, private_room: Room, public_room: Room):
    refused(ErrorCode.NOT_FOUND, set_favorite, outsider, room=private_room.pk, on=True)
    refused(ErrorCode.NOT_FOUND, set_favorite, outsider, room=uuid.uuid4(), on=True)
    refused(ErrorCode.FORBIDDEN, set_favorite, outsider, room=public_room.pk, on=True)
    assert not PersonalChange.objects.exists()


def test_who_comes_back_finds_their_favourite(owner: User, member: User, private_room: Room):
    set_favorite(member, room=private_room.pk, on=True)
    rooms.remove_member(owner, room=private_room.pk, member=member.username)
    rooms.add_members(owner, room=private_room.pk, members=[member.username])
    assert is_favorite(member, private_room)


def test_of_many_who_come_in_each_finds_what_they_had(
    owner: User, member: User, outsider: User, private_room: Room
) -> None:
    set_favorite(member, room=private_room.pk, on=True)
    Membership.objects.filter(user__in=[member, outsider]).delete()
    memberships.admit(private_room, [member, outsider], protocol.Role.MEMBER)
    rows = Membership.objects.filter(room=private_room, user__in=[member, outsider])
    assert dict(rows.values_list("user__username", "favorite")) == {
        "member": True,
        "outsider": None,
    }


def test_the_same_command_mends_what_a_dead_process_left(owner: User, private_room: Room):
    set_favorite(owner, room=private_room.pk, on=True)
    Membership.objects.filter(user=owner, room=private_room).update(favorite=False)
    set_favorite(owner, room=private_room.pk, on=True)
    assert is_favorite(owner, private_room)
    assert log.versions_of([owner.pk])[owner.pk] == 1


def test_reading_rooms_asks_nothing_more_for_it(
    owner: User, private_room: Room, django_assert_num_queries: Any
) -> None:
    set_favorite(owner, room=private_room.pk, on=True)
    with django_assert_num_queries(1):
        (views, _) = room_views.rooms_of_each([owner.pk])[owner.pk]
    assert views[0].room.favorite


# -- Many at once -----------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_devices_that_follow_while_many_write_end_the_same(
    owner: User, member: User, request: pytest.FixtureRequest
) -> None:
    """No version is seen before those below it, and none is used twice."""
    keys, writers = room_ids(5), 4
    done = threading.Event()

    def write(seed: int) -> None:
        chance = random.Random(seed)
        try:
            for _ in range(25):
                change(owner, chance.choice(keys), chance.choice([True, False, seed]))
        finally:
            connections.close_all()

    def follow(seed: int) -> PersonalDevice:
        device, chance = PersonalDevice(), random.Random(seed)
        try:
            while not done.is_set():
                synced(owner, device)
                done.wait(chance.uniform(0, 0.01))
            return synced(owner, device)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(writers + 2) as pool:
        devices = [pool.submit(follow, seed) for seed in range(2)]
        for writing in [pool.submit(write, seed) for seed in range(writers)]:
            writing.result()
        done.set()
        fresh = synced(owner, PersonalDevice())
        assert fresh.values
        for device in devices:
            assert device.result().values == fresh.values
            assert device.result().version == fresh.version


@pytest.mark.django_db(transaction=True)
def test_a_version_that_was_left_is_never_given_again(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between reading the newest version and writing the next, others take it and leave it."""
    if not capabilities.of(connection).writes_meet:
        pytest.skip("here nobody else writes meanwhile")
    first, second = room_ids(2)
    change(owner, first, True)
    aggregate, meanwhile = type(PersonalChange.objects.all()).aggregate, [True]

    def read(self: Any, *args: Any, **kwargs: Any) -> Any:
        found = aggregate(self, *args, **kwargs)
        if self.model is PersonalChange and meanwhile and meanwhile.pop():
            for value in (False, True, False):
                change(owner, first, value)
        return found

    monkeypatch.setattr(type(PersonalChange.objects.all()), "aggregate", read)
    assert change(owner, second, True).version == 5
    assert [each["version"] for each in page_after(owner, 1)["changes"]] == [4, 5]


@pytest.mark.django_db(transaction=True)
def test_nobody_writes_between_reading_the_newest_version_and_the_next(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not capabilities.of(connection).locks_rows:
        pytest.skip("here are no locks")
    first, second = room_ids(2)
    change(owner, first, True)
    aggregate, meanwhile = type(PersonalChange.objects.all()).aggregate, [True]

    def write() -> None:
        try:
            for value in (False, True, False):
                change(owner, first, value)
        finally:
            connections.close_all()

    other = threading.Thread(target=write)

    def read(self: Any, *args: Any, **kwargs: Any) -> Any:
        found = aggregate(self, *args, **kwargs)
        if self.model is PersonalChange and meanwhile and meanwhile.pop():
            other.start()
            other.join(1)  # it waits for this transaction
        return found

    monkeypatch.setattr(type(PersonalChange.objects.all()), "aggregate", read)
    assert change(owner, second, True).version == 2
    other.join()
    assert [each["version"] for each in page_after(owner, 1)["changes"]] == [2, 5]


@pytest.mark.django_db(transaction=True)
def test_a_row_remembers_a_bounded_number_of_its_versions(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not capabilities.of(connection).writes_meet:
        pytest.skip("here they are locked")
    (constraint,) = PersonalChange._meta.constraints
    monkeypatch.setattr(constraint, "remembered", 3)
    (room,) = room_ids(1)
    for number in range(5):
        change(owner, room, number % 2 == 0)
    collection = connection.get_collection(PersonalChange._meta.db_table)  # type: ignore[attr-defined]
    (row,) = collection.find({})
    assert (row["version"], row["version__had"]) == (5, [3, 4, 5])


# -- Sockets of one process -------------------------------------------------------------------


def fake_connection(user: User) -> FakeConnection:
    key = f"session-{user.username}-{uuid.uuid4().hex[:6]}"
    expires = timezone.now() + timedelta(days=1)
    Session.objects.bulk_create([Session(session_key=key, expire_date=expires)])
    return FakeConnection(user, key)


def personal_events(here: FakeConnection) -> list[tuple[int, int]]:
    """Version and number of changes of each ``me.changed`` that came since this was asked."""
    return [
        (frame["version"], len(frame["changes"]))
        for frame in here.take()
        if frame["type"] == "me.changed"
    ]


async def in_time(condition: Any) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


@pytest.fixture
def unheard(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No process is notified of changes."""
    monkeypatch.setattr(broadcast, "personal_changed_on_commit", lambda *told: None)
    yield


@pytest.mark.usefixtures("connections_closed")
@pytest.mark.django_db(transaction=True)
class TestHub:
    async def test_all_sockets_of_the_person_are_told_and_nobody_else(
        self, owner: User, member: User, private_room: Room
    ) -> None:
        here = [await sync_to_async(fake_connection)(user) for user in (owner, owner, member)]
        hub = Hub()
        for each in here:
            await hub.enter(each)
            assert each.take()[0]["me_version"] == 0
        await sync_to_async(set_favorite)(owner, room=private_room.pk, on=True)
        frames: list[dict[str, Any]] = []
        for each in here[:2]:
            await in_time(lambda each=each: each.frames)
            frames += [frame for frame in each.take() if frame["type"] == "me.changed"]
        told = {
            "kind": "favorite", "room": str(private_room.pk), "value": True, "version": 1,
        }  # fmt: skip
        assert frames == [{"type": "me.changed", "version": 1, "changes": [told]}] * 2
        assert personal_events(here[2]) == []

    @pytest.mark.usefixtures("unheard")
    async def test_a_lost_doorbell_is_found_by_the_heartbeat(
        self, owner: User, private_room: Room, settings: Any
    ) -> None:
        settings.HEARTBEAT = 0.2
        here = await sync_to_async(fake_connection)(owner)
        hub = Hub()
        await hub.enter(here)
        here.take()
        await sync_to_async(set_favorite)(owner, room=private_room.pk, on=True)
        found: list[tuple[int, int]] = []

        def has_come() -> bool:
            found.extend(personal_events(here))
            return bool(found)

        await in_time(has_come)
        await asyncio.sleep(1)
        assert [*found, *personal_events(here)] == [(1, 0)]

    async def test_what_changes_while_somebody_is_greeted_is_told_after_that(
        self, owner: User, private_room: Room, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        here = await sync_to_async(fake_connection)(owner)
        hub = Hub()
        follow = hub._follow

        async def follow_later(user: uuid.UUID) -> Any:
            await sync_to_async(set_favorite)(owner, room=private_room.pk, on=True)
            await in_time(lambda: hub.personal[owner.pk] == 1)
            return await follow(user)

        monkeypatch.setattr(hub, "_follow", follow_later)
        await hub.enter(here)
        ready, *others = here.take()
        assert ready["me_version"] == 0
        assert ready["rooms"][0]["favorite"]
        assert {"type": "me.changed", "version": 1, "changes": []} in others

    async def test_who_is_greeted_is_told_the_version_once(
        self, owner: User, private_room: Room
    ) -> None:
        await sync_to_async(set_favorite)(owner, room=private_room.pk, on=True)
        hub = Hub()
        for _ in range(2):
            here = await sync_to_async(fake_connection)(owner)
            await hub.enter(here)
            ready, *others = here.take()
            assert ready["me_version"] == 1
            assert "me.changed" not in [frame["type"] for frame in others]

    @pytest.mark.usefixtures("unheard")
    async def test_a_newcomer_shows_that_others_missed_something(
        self, owner: User, private_room: Room, settings: Any
    ) -> None:
        settings.HEARTBEAT = 3600.0
        here = [await sync_to_async(fake_connection)(owner) for _ in range(2)]
        hub = Hub()
        await hub.enter(here[0])
        here[0].take()
        await sync_to_async(set_favorite)(owner, room=private_room.pk, on=True)
        await hub.enter(here[1])
        assert here[1].take()[0]["me_version"] == 1
        assert personal_events(here[0]) == [(1, 0)]

    async def test_what_is_heard_late_is_not_told_again(
        self, owner: User, private_room: Room
    ) -> None:
        here = await sync_to_async(fake_connection)(owner)
        hub = Hub()
        await hub.enter(here)
        here.take()
        for version in (1, 2, 1, 2):
            event = protocol.MeChanged(version=version, changes=[])
            hub.personal.hear(owner.pk, version, event.frame())
        assert [version for version, _ in personal_events(here)] == [1, 2]

    async def test_greeting_many_at_once_costs_one_query_more(
        self, owner: User, member: User, private_room: Room, statements: list[str]
    ) -> None:
        here = [
            await sync_to_async(fake_connection)(user) for user in (owner, member, owner, member)
        ]
        hub = Hub()
        await hub.subscriptions.add([])
        statements.clear()
        await asyncio.gather(*(hub.enter(each) for each in here))
        asked = [each for each in statements if "chat_personalchange" in each]
        if connection.vendor != "mongodb":
            assert 1 <= len(asked) <= 2, asked  # who comes while a look-up runs waits for the next
        assert all(each.take()[0]["type"] == "ready" for each in here)
