"""Processes are killed while they write to one person's log: all devices end with the same."""

import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from accounts.models import User
from chat import protocol
from chat.models import Membership, PersonalChange, Room
from chat.queries import personal
from tests.databases.starts import connected, prepared
from tests.support.live import ROOT, environment
from tests.support.personal_device import PersonalDevice

WRITERS = 3
ROUNDS = 3
ROOMS = 4
MOST_WRITES = 60


def writer(data_dir: Path, seed: int, last: int, rooms: list[str]) -> "subprocess.Popen[bytes]":
    arguments = ["ada", str(seed), str(last), *rooms]
    settings = {"DJANGO_SETTINGS_MODULE": "mediachat.settings"}
    with (data_dir / "writers.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.support.personal_writer", *arguments],
            cwd=ROOT,
            env=environment(data_dir, settings),
            stdout=log,
            stderr=log,
        )


@pytest.mark.timeout(400)
def test_devices_end_the_same_though_writers_are_killed(
    empty_database: Path, django_db_blocker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared(empty_database)
    with django_db_blocker.unblock(), connected(empty_database, "personal") as alias:
        _all_the_same(empty_database, alias, monkeypatch)


def _all_the_same(data_dir: Path, alias: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (user,) = User.objects.using(alias).bulk_create([User(username="ada")])
    rooms = Room.objects.using(alias).bulk_create(
        Room(kind="private", name=f"Room {n}") for n in range(ROOMS)
    )
    Membership.objects.using(alias).bulk_create(
        Membership(room=room, user=user, role="owner") for room in rooms
    )
    monkeypatch.setattr(personal, "PersonalChange", _On(PersonalChange, alias))
    chance = random.Random(7)
    devices = [PersonalDevice() for _ in range(3)]
    killed = 0
    ids = [str(room.pk) for room in rooms]
    for round in range(ROUNDS):
        writers = [
            writer(data_dir, 10 * round + n, chance.randrange(4, MOST_WRITES), ids)
            for n in range(WRITERS)
        ]
        while any(each.poll() is None for each in writers):
            # Each device asks from time to time, some of them seldom.
            for n, device in enumerate(devices):
                if chance.random() < 1 / (1 + 4 * n):
                    synced(device, user)
            time.sleep(0.01)
        ends = [each.wait() for each in writers]
        assert set(ends) <= {0, -9}, (data_dir / "writers.log").read_text()
        killed += ends.count(-9)
    assert killed, "nobody died"
    # Whoever changes the same rooms once more mends what the dead left without transactions.
    assert writer(data_dir, 99, 10**6, ids).wait() == 0, (data_dir / "writers.log").read_text()
    fresh = synced(PersonalDevice(), user)
    assert fresh.values
    for device in devices:
        synced(device, user)
        assert (device.version, device.values) == (fresh.version, fresh.values)
    shown = Membership.objects.using(alias).filter(user=user).values_list("room_id", "favorite")
    assert {("favorite", str(room)): favorite for room, favorite in shown} == fresh.values
    versions = PersonalChange.objects.using(alias).filter(user=user).values_list("version")
    assert max(versions)[0] == fresh.version > ROOMS


def synced(device: PersonalDevice, user: User) -> PersonalDevice:
    while device.page(_page(device, user)):
        pass
    return device


def _page(device: PersonalDevice, user: User) -> dict[str, Any]:
    page = personal.changes_after(user.pk, device.version)
    assert not page.reset
    return protocol.PersonalChangesReply(
        changes=page.changes, version=page.version, more=page.more, reset=page.reset
    ).model_dump(mode="json")


class _On:
    """The model on another database."""

    def __init__(self, model: Any, alias: str) -> None:
        self.objects = model.objects.using(alias)
