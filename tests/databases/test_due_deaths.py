"""Processes are killed while they do what is due: each thing is done once all the same."""

import random
import subprocess
import sys
import time
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from chat.models import Due, Membership, Message, Room
from chat.protocol import MessageSend
from tests.databases.starts import connected, prepared
from tests.support.live import ROOT, environment

KILLS = 7


def worker(data_dir) -> subprocess.Popen[bytes]:
    settings = {"DJANGO_SETTINGS_MODULE": "mediachat.settings", "DIE": "0.01"}
    return subprocess.Popen(
        [sys.executable, "-m", "tests.support.due_worker"],
        cwd=ROOT,
        env=environment(data_dir, settings),
        stdout=(data_dir / "worker.log").open("ab"),
        stderr=subprocess.STDOUT,
    )


@pytest.mark.parametrize(
    "count",
    [
        60,
        pytest.param(
            1_000,
            marks=[
                pytest.mark.alone,
                pytest.mark.not_again_on(mongodb="five minutes of the emulator"),
            ],
        ),
    ],
)
@pytest.mark.timeout(600)
def test_each_is_done_once_though_processes_are_killed(
    empty_database, django_db_blocker, count: int
) -> None:
    prepared(empty_database)
    with django_db_blocker.unblock(), connected(empty_database, "default_again") as alias:
        _each_once(empty_database, alias, count)


def _each_once(data_dir, alias: str, count: int) -> None:
    chance = random.Random(count)
    (user,) = User.objects.using(alias).bulk_create([User(username="ada")])
    room = Room.objects.using(alias).create(kind="private", name="due")
    Membership.objects.using(alias).create(room=room, user=user, role="owner")
    start = timezone.now()
    Due.objects.using(alias).bulk_create(
        [
            Due(
                kind="message.send",
                due_at=start + timedelta(milliseconds=10 * n),
                payload={
                    "user": str(user.pk),
                    "command": MessageSend(
                        type="message.send", room=room.pk, client_id=uuid.uuid4(), body=f"due {n}"
                    ).model_dump(mode="json", exclude_none=True),
                },
            )
            for n in range(count)
        ]
    )
    workers = [worker(data_dir) for _ in range(2)]
    killed = 0
    deadline = time.monotonic() + 500
    try:
        while left := Due.objects.using(alias).filter(failed_at=None).count():
            assert time.monotonic() < deadline, f"{left} are left."
            time.sleep(1.0)
            for n, each in enumerate(workers):
                if each.poll() is None and killed < KILLS and chance.random() < 0.3:
                    each.kill()
                    each.wait()
                if each.poll() is not None:
                    killed += 1
                    workers[n] = worker(data_dir)
    finally:
        for each in workers:
            each.kill()
            each.wait()
    assert killed
    assert not Due.objects.using(alias).exists()
    bodies = list(Message.objects.using(alias).values_list("body", flat=True))
    assert sorted(bodies) == sorted(f"due {n}" for n in range(count))
