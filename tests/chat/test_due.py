"""What is to be done at a time is done once."""

import asyncio
import threading
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.management import call_command
from django.utils import timezone

from chat.actions.scheduled import send_later
from chat.due import timer, worker
from chat.due.worker import DueWorker, claim, fire
from chat.models import Due, Message
from chat.protocol import ChatError, ErrorCode, MessageSend

pytestmark = pytest.mark.django_db

KIND = "test"


@pytest.fixture
def handled(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Due]]:
    """What a handler of the tests' own was given."""
    given: list[Due] = []
    monkeypatch.setitem(timer._handlers, KIND, lambda due: given.append(due))
    yield given


def schedule(seconds: float = 0, **payload: Any) -> Due:
    return timer.schedule(KIND, timezone.now() + timedelta(seconds=seconds), payload)


def fire_all() -> None:
    for due in claim(100):
        fire(due)


def test_what_is_due_is_done_once_and_gone(handled: list[Due]) -> None:
    first, _ = schedule(-2, n=1), schedule(60, n=2)
    fire_all()
    fire_all()
    assert [(due.pk, due.payload) for due in handled] == [(first.pk, {"n": 1})]
    assert [due.payload for due in Due.objects.all()] == [{"n": 2}]


def test_it_is_done_in_the_order_of_its_time(handled: list[Due]) -> None:
    for seconds in (-1, -3, -2):
        schedule(seconds, n=seconds)
    fire_all()
    assert [due.payload["n"] for due in handled] == [-3, -2, -1]


def test_one_of_two_that_claim_the_same_has_it(handled: list[Due]) -> None:
    schedule(-1)
    assert [len(claim(5)) for _ in range(2)] == [1, 0]


def test_what_a_dead_process_held_is_done_by_another(handled: list[Due]) -> None:
    due = schedule(-1)
    assert claim(5)
    Due.objects.filter(pk=due.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    fire_all()
    assert len(handled) == 1
    assert not Due.objects.exists()


def test_with_an_id_it_is_scheduled_once(handled: list[Due]) -> None:
    id, at = uuid.uuid4(), timezone.now()
    assert {timer.schedule(KIND, at, {"n": n}, id=id).payload["n"] for n in range(3)} == {0}


def test_what_is_cancelled_is_not_done(handled: list[Due]) -> None:
    due, begun = schedule(-1), schedule(-1)
    assert timer.cancel(due.pk)
    assert not timer.cancel(due.pk)
    claim(5)
    assert not timer.cancel(begun.pk)


def test_a_handler_may_want_to_be_called_again(monkeypatch: pytest.MonkeyPatch) -> None:
    later = timezone.now() + timedelta(hours=1)
    monkeypatch.setitem(timer._handlers, KIND, lambda due: later)
    schedule(-1)
    fire_all()
    (due,) = Due.objects.all()
    assert (due.lease_until, due.attempts) == (None, 0)
    assert abs(due.due_at - later) < timedelta(seconds=1)


def test_what_fails_rests_longer_each_time_and_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(timer._handlers, KIND, lambda due: 1 / 0)
    due = schedule(-1)
    rests = []
    for _ in range(worker.MAX_ATTEMPTS):
        before = timezone.now()
        fire_all()
        assert not claim(5), "It rests, or was given up."
        due.refresh_from_db()
        if due.lease_until:
            rests.append((due.lease_until - before).total_seconds())
        Due.objects.filter(pk=due.pk, failed_at=None).update(lease_until=before)
    assert rests[:3] == pytest.approx([5, 10, 20], abs=1)
    assert max(rests) <= worker.LONGEST_REST.total_seconds() + 1
    assert due.failed_at
    assert "ZeroDivisionError" in due.error


def test_what_is_refused_is_given_up_at_once_and_can_be_tried_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(due: Due) -> datetime | None:
        raise ChatError(ErrorCode.NOT_FOUND, "The room is gone.")

    monkeypatch.setitem(timer._handlers, KIND, refuse)
    due = schedule(-1)
    fire_all()
    fire_all()
    call_command("due", "--failed")
    (line,) = capsys.readouterr().out.splitlines()
    assert str(due.pk) in line
    assert "The room is gone." in line
    call_command("due", "--retry")
    assert [each.pk for each in claim(5)] == [due.pk]


def test_what_only_a_newer_process_knows_waits_for_it(handled: list[Due]) -> None:
    due = schedule(-1)
    Due.objects.filter(pk=due.pk).update(kind="newer")
    fire_all()
    assert not claim(5)
    assert Due.objects.filter(pk=due.pk, failed_at=None, attempts=0).exists()


@pytest.mark.django_db(transaction=True)
async def test_a_slow_handler_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    end, done = threading.Event(), threading.Event()

    def handle(due: Due) -> datetime | None:
        if not (end if due.payload["slow"] else done).is_set():
            done.set() if not due.payload["slow"] else end.wait(20)
        return None

    monkeypatch.setitem(timer._handlers, KIND, handle)
    await sync_to_async(schedule)(-2, slow=True)
    await sync_to_async(schedule)(-1, slow=False)
    running = DueWorker()
    running.start()
    try:
        assert await asyncio.to_thread(done.wait, 20)
        assert not end.is_set()
    finally:
        end.set()
        await running.stop()


def test_a_message_is_sent_later_and_once(owner, private_room) -> None:
    command = MessageSend(
        type="message.send", room=private_room.pk, client_id=uuid.uuid4(), body="**later**"
    )
    for _ in range(2):
        send_later(owner, command, at=timezone.now() - timedelta(seconds=1))
    (due,) = claim(5)
    fire(due)
    fire(due)  # as after a death between the work and the row's end
    (message,) = Message.objects.all()
    assert (message.body, message.sender_id) == ("**later**", owner.pk)


def test_a_message_whose_sender_may_not_any_more_is_given_up(outsider, private_room) -> None:
    command = MessageSend(
        type="message.send", room=private_room.pk, client_id=uuid.uuid4(), body="hello"
    )
    send_later(outsider, command, at=timezone.now() - timedelta(seconds=1))
    fire_all()
    assert not Message.objects.exists()
    assert Due.objects.exclude(failed_at=None).count() == 1


def test_a_look_costs_a_few_queries_however_much_is_due(
    handled: list[Due], django_assert_num_queries: Any
) -> None:
    now = timezone.now()
    Due.objects.bulk_create(
        Due(kind=KIND, due_at=now - timedelta(seconds=number)) for number in range(500)
    )
    with django_assert_num_queries(1 + worker.AT_ONCE):  # one that looks, one for each claim
        assert len(claim(worker.AT_ONCE)) == worker.AT_ONCE
