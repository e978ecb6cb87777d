"""A start dies after the migrations, before all is made that comes after them; the next makes it.

That is permissions, the moderators' group and the audit log's triggers.
"""

from contextlib import suppress

from django.core.management import call_command
from django.core.management.sql import emit_post_migrate_signal
from django.db import connections

from mediachat.left_out import left_out
from tests.databases.deaths import DeathError, dying_after
from tests.databases.starts import (
    new_connection,
    prepared,
    what_comes_after_migrations,
    what_is_in,
    without_what_comes_after_migrations,
)


def test_what_comes_after_the_migrations_is_made_from_wherever_a_start_died(empty, untouched):
    """Each start makes one write more than the one before, and dies. On MongoDB a write is a row,
    of which there are a hundred: there each makes three, after a new count of ids."""
    with without_what_comes_after_migrations():
        call_command("migrate", database=empty, verbosity=0)
    deaths, step = 0, 4 if connections[empty].vendor == "mongodb" else 1
    while True:
        with dying_after(step) as writes, suppress(DeathError):
            emit_post_migrate_signal(verbosity=0, interactive=False, db=empty)
        new_connection(empty)
        is_whole = what_comes_after_migrations(empty).items() <= untouched.holds.items()
        assert bool(left_out(empty)) == (not is_whole)
        if not writes.died:
            break
        deaths += 1
    assert is_whole
    assert deaths > 20


def test_a_start_says_what_it_makes_that_was_left_out(empty, empty_database, untouched, capsys):
    with without_what_comes_after_migrations():
        call_command("migrate", database=empty, verbosity=0)
    call_command("check", databases=[empty])
    assert "lacks" in capsys.readouterr().err
    line = next(line for line in prepared(empty_database).splitlines() if "interrupted" in line)
    wanted = ["permissions", "the group Moderators"]
    if untouched.holds["triggers"]:
        wanted.append("of the audit log's triggers")
    assert all(each in line for each in wanted)
    assert what_is_in(empty) == untouched.holds
    assert "interrupted" not in prepared(empty_database)
    call_command("check", databases=[empty])
    assert "lacks" not in capsys.readouterr().err
