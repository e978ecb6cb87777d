"""Which tests another database than SQLite is put through, and the few that it cannot pass."""

import os
from collections.abc import Iterable
from typing import Any

import pytest

from tests import databases

MEETS_THE_DATABASE = {
    "db",
    "transactional_db",
    "seeded",
    "serve",
    "server",
    "empty_database",
    "topology",
}
"""Fixtures, and parameters of tests, that lead to the database of this run. pytest-django lets no
test near the one in this process without them, and no server is started without a data directory
from them; so what has none of them says the same on every database, and is not run again."""

SAME_ON_ALL = (
    # How the page looks and behaves, what a frame, a password or an address may be, who waits for
    # whom, and what Redis and nginx do: decided before anything reaches a database. WHOLE=1 runs
    # them too.
    "tests/accounts/test_guessing.py",
    "tests/accounts/test_hashers.py",
    "tests/accounts/test_mail.py",
    "tests/accounts/test_our_words.py",
    "tests/accounts/test_passwords.py",
    "tests/browser/test_accessibility.py",
    "tests/browser/test_account_pages.py",
    "tests/browser/test_blocks.py",
    "tests/browser/test_direct_rooms.py",
    "tests/browser/test_directions.py",
    "tests/browser/test_drafts.py",
    "tests/browser/test_editors.py",
    "tests/browser/test_finding.py",
    "tests/browser/test_files.py",
    "tests/browser/test_first_administrator.py",
    "tests/browser/test_keyboard.py",
    "tests/browser/test_links.py",
    "tests/browser/test_modules.py",
    "tests/browser/test_names.py",
    "tests/browser/test_narrow.py",
    "tests/browser/test_page.py",
    "tests/browser/test_programs.py",
    "tests/browser/test_reading.py",
    "tests/browser/test_requests.py",
    "tests/browser/test_restored_files.py",
    "tests/browser/test_screenshots.py",
    "tests/browser/test_second_factor.py",
    "tests/browser/test_tabs.py",
    "tests/browser/test_texts.py",
    "tests/browser/test_unsent.py",
    "tests/browser/test_uploads.py",
    "tests/browser/test_writing.py",
    "tests/browser/test_xss.py",
    "tests/chat/test_handlers.py",
    "tests/mediachat/test_bodies.py",
    "tests/mediachat/test_bounded_log.py",
    "tests/mediachat/test_cors.py",
    "tests/mediachat/test_error_pages.py",
    "tests/mediachat/test_headers.py",
    "tests/mediachat/test_metrics.py",
    "tests/mediachat/test_sentinel.py",
    "tests/system/test_abuse.py",
    "tests/system/test_bare_frames.py",
    "tests/system/test_cluster.py",
    "tests/system/test_dropped_layer.py",
    "tests/system/test_fuzz.py",
    "tests/system/test_limits.py",
    "tests/system/test_lost_doorbells.py",
    "tests/system/test_below_a_path.py",
    "tests/system/test_nginx.py",
    "tests/system/test_object_store.py",
    "tests/system/test_openapi.py",
    "tests/system/test_pictures.py",
    "tests/system/test_pipelines.py",
    "tests/system/test_refusals_in_log.py",
    "tests/system/test_runserver.py",
    "tests/system/test_secrets_in_logs.py::test_with",
    "tests/system/test_shared_limits.py",
    "tests/system/test_shutdown.py",
    "tests/system/test_sign_in_log.py",
    "tests/system/test_sign_in_storm.py",
    "tests/system/test_slow_peers.py",
    "tests/system/test_slow_reader.py",
)

SAME_AT_BOTH_DOORS = "tests/system/test_cast.py"
"""A browser's cookie and a program's token lead to the same session; one of them is enough."""

ADMIN_IN_CHROMIUM = "tests/browser/test_admin.py"
"""On PostgreSQL, Django's own ground, tests/chat/test_admin.py without a browser is enough."""

IN_A_CAMPAIGN = "tests/system/test_crash.py"
"""On PostgreSQL, tests/system/chaos kills the same servers and the same Redis, and more."""

MEASURES_TIME = "tests/system/chaos/test_chaos.py"
"""It measures time, which on an emulator of MongoDB is the emulator's."""

CANNOT = {
    # docs/DATABASES.md has the same list, for those who run it.
    "test_coming_back.py::test_sync_of_500_rooms_takes_two_queries": {
        "mongodb": "it counts statements of SQL; tests/databases/test_plans.py has the query",
    },
    "test_failures.py::test_on_a_full_disk": {
        "postgres": "the full disk would be the database server's, not ours",
        "mongodb": "the full disk would be the database server's, not ours",
    },
    "test_disk.py::test_what_was_deleted": {
        "postgres": "what was deleted is vacuumed by the database server, in its own time",
        "mongodb": "what was deleted is overwritten by the database server, in its own time",
    },
    "test_failures.py::test_a_server_without_its_database": {
        "mongodb": "the emulator serves all tests of this run, so it cannot be taken away from one",
    },
    "test_changes.py::test_a_change_that_fails_leaves_neither": {
        "mongodb": "without transactions the change may stay where its entry could not be written",
    },
    "test_audit.py::test_sql_cannot_change_an_entry_either": {
        "mongodb": "there are no triggers, so Django alone keeps the audit log from changes",
    },
    "test_audit.py::test_sql_cannot_change_an_entry_either[INSERT OR REPLACE": {
        "postgres": "the statement is SQLite's own",
    },
}


def select(items: list[pytest.Item]) -> list[pytest.Item]:
    """The tests that this run is about, in their order; those that cannot pass are skipped."""
    kind = databases.kind()
    if kind == "sqlite":
        return items
    about = [item for item in items if meets_the_database(item)]
    if os.environ.get("WHOLE") != "1":
        about = [item for item in about if not _is_said_already(item.nodeid, kind)]
    for item in about:
        for reason in _reasons(item, kind):
            item.add_marker(pytest.mark.skip(reason=reason))
    return about


def _is_said_already(test: str, kind: str) -> bool:
    return (
        test.startswith(SAME_ON_ALL)
        or (test.startswith(SAME_AT_BOTH_DOORS) and "[browser" in test)
        or (test.startswith(MEASURES_TIME) and kind == "mongodb")
        or (test.startswith(IN_A_CAMPAIGN) and kind == "postgres")
        or (test.startswith(ADMIN_IN_CHROMIUM) and kind == "postgres")
    )


def meets_the_database(item: Any) -> bool:
    fixtures = getattr(item, "fixturenames", ())
    return bool(MEETS_THE_DATABASE.intersection(fixtures)) or bool(
        item.get_closest_marker("django_db")
    )


def _reasons(item: pytest.Item, kind: str) -> Iterable[str]:
    return (why[kind] for test, why in CANNOT.items() if test in item.nodeid and kind in why)
