"""The id of the history: made once, the same for all, and another one after a restore."""

import threading

import pytest
from django.core.management import call_command
from django.db import connection

from chat.actions import history
from chat.models import History
from mediachat import VERSION
from tests.support.live import ROOT


@pytest.mark.django_db
def test_it_is_made_once():
    first = history.epoch()
    assert history.epoch() == first
    assert History.objects.count() == 1


@pytest.mark.django_db
def test_a_restore_begins_another_one():
    first = history.epoch()
    begun = history.begin_epoch()
    assert begun != first
    assert history.epoch() == begun
    call_command("new_epoch", verbosity=0)
    assert history.epoch() not in (first, begun)
    assert History.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_those_who_ask_at_the_same_moment_agree():
    found = []
    together = threading.Barrier(6)

    def ask() -> None:
        together.wait()
        try:
            found.append(history.epoch())
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert len(set(found)) == 1


def test_the_version_is_that_of_the_project():
    assert f'version = "{VERSION}"' in (ROOT / "pyproject.toml").read_text()
