"""A start dies before any of its writes, or meets another one; the next start makes all of it.

In the end each database is what one is that nothing happened to.
"""

import signal
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest
from django.core.management import call_command
from django.db import connections
from django.db.transaction import TransactionManagementError

from mediachat.databases.migrating import Executor
from tests import databases
from tests.databases.deaths import DeathError, doing_after, dying_after
from tests.databases.starts import connected, new_connection, prepared, start, what_is_in

Migrations = list[tuple[Any, bool]]
State = TypeVar("State")


def dies_everywhere(act: Callable[[], State], alias: str) -> State:
    """Begins this again and again, each time dying one write later, until it has done it all.

    What is written by then is at each death what one death there would have left, and each
    beginning finds what the one before left."""
    last = 0
    while True:
        with dying_after(last) as writes:
            try:
                return act()
            except (DeathError, TransactionManagementError):
                # The latter where SQLite's editor looks at foreign keys on its way out.
                assert writes.died
        new_connection(alias)
        last += 1


def add_people(models: Any, alias: str) -> None:
    user = models.get_model("accounts", "User")
    user.objects.using(alias).bulk_create(
        [user(pk=uuid.UUID(int=n), username=f"person{n}") for n in (1, 2)]
    )


def add_conversation(models: Any, alias: str) -> None:
    room = models.get_model("chat", "Room")(kind="private", name="Plans")
    room.save(using=alias)
    membership = models.get_model("chat", "Membership")
    membership.objects.using(alias).bulk_create(
        [membership(room=room, user_id=uuid.UUID(int=n)) for n in (1, 2)]
    )
    quoted: Any = None
    for number in (1, 2):
        message = models.get_model("chat", "Message")(
            pk=uuid.uuid4(),
            room=room,
            sender_id=uuid.UUID(int=1),
            number=number,
            position=number,
            client_id=uuid.uuid4(),
            body="**first**",
            created_at=datetime.now(UTC),
            reply_to=quoted,
        )
        message.save(using=alias)
        quoted = message.pk


ARRIVE = {
    ("accounts", "0001_initial"): add_people,
    ("chat", "0004_room_requests"): add_conversation,
}
"""Who is there when later migrations are made."""


@pytest.mark.timeout(300)
def test_every_migration_can_be_begun_again_after_each_of_its_writes(empty, untouched):
    executor = Executor(connections[empty])
    state = executor.loader.project_state(())
    plan: Migrations = executor.migration_plan(executor.loader.graph.leaf_nodes())
    for migration, _ in plan:
        here = (migration.app_label, migration.name)

        def make(migration=migration, here=here, state=state):
            return executor.migrate([here], plan=[(migration, False)], state=state.clone())

        state = dies_everywhere(make, empty)
        if here in ARRIVE:
            ARRIVE[here](state.apps, empty)
    call_command("migrate", database=empty, verbosity=0)
    assert what_is_in(empty) == untouched.holds
    people = state.apps.get_model("accounts", "User").objects.using(empty)
    assert set(people.values_list("skeleton", flat=True)) == {"person1", "person2"}
    messages = state.apps.get_model("chat", "Message").objects.using(empty).order_by("number")
    assert list(messages.values_list("excerpt", flat=True)) == ["first", None]
    memberships = state.apps.get_model("chat", "Membership").objects.using(empty)
    written = memberships.order_by("user_id").values_list("has_written", flat=True)
    assert list(written) == [True, None]


@pytest.mark.parametrize("part", range(4))
def test_a_start_after_one_that_was_killed(part, empty, empty_database, untouched):
    """Before one write in each quarter, since it takes two whole starts."""
    last = untouched.writes * (2 * part + 1) // 8
    process = start(empty_database, "-m", "tests.databases.killed", str(last), "prepare")
    said, _ = process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL, said
    assert "Traceback" not in said
    prepared(empty_database)
    assert what_is_in(empty) == untouched.holds


def test_several_machines_that_start_at_once(empty, empty_database, untouched):
    processes = [start(empty_database, "manage.py", "prepare") for _ in range(3)]
    for process in processes:
        said, _ = process.communicate(timeout=120)
        assert process.returncode == 0, said
        assert "Traceback" not in said
    assert what_is_in(empty) == untouched.holds


@pytest.mark.timeout(300)
@pytest.mark.skipif(databases.kind() != "mongodb", reason="elsewhere the other one has to wait")
@pytest.mark.usefixtures("empty_database")
def test_a_start_that_another_one_overtakes(tmp_path, untouched, django_db_blocker):
    """The other one begins and ends before one write in each sixth of them, of this one."""

    def overtake() -> None:
        call_command("migrate", database="other", verbosity=0)

    for part in range(6):
        data_dir = tmp_path / str(part)
        databases.assign(data_dir)
        with (
            django_db_blocker.unblock(),
            connected(data_dir, "slow"),
            connected(data_dir, "other"),
        ):
            with doing_after(untouched.writes * part // 6 + part, overtake):
                call_command("migrate", database="slow", verbosity=0)
            assert what_is_in("slow") == untouched.holds
