"""A room's order, under many writers at once."""

import asyncio
import random
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from chat.actions.messages import delete_message, edit_message, react_to_message
from chat.message_log.group_commit import GroupCommit
from chat.models import Message
from tests.chat.conftest import say
from tests.conftest import person

WRITERS = 8
EACH = 15


def in_threads(*jobs) -> list:
    """Runs all jobs at once, each with a database connection of its own."""

    def run(job):
        try:
            return job()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return [future.result() for future in [pool.submit(run, job) for job in jobs]]


def positions(room) -> list[int]:
    rows = Message.objects.filter(room=room).order_by("position")
    return list(rows.values_list("position", flat=True))


def numbers(room) -> list[int]:
    rows = Message.objects.filter(room=room).order_by("position")
    return list(rows.values_list("number", flat=True))


@pytest.mark.django_db(transaction=True)
def test_many_writers_leave_no_gap_and_no_double(owner, member, private_room):
    def write(user):
        for _ in range(EACH):
            say(user, private_room)

    in_threads(*[lambda user=user: write(user) for user in [owner, member] * (WRITERS // 2)])
    assert positions(private_room) == list(range(1, WRITERS * EACH + 1))
    assert numbers(private_room) == positions(private_room)


@pytest.mark.django_db(transaction=True)
def test_one_client_id_in_many_threads_is_one_message(owner, private_room):
    client_id = uuid.uuid4()
    sent = in_threads(
        *[lambda: say(owner, private_room, client_id=client_id) for _ in range(WRITERS)]
    )
    assert len({message.pk for message in sent}) == 1
    assert positions(private_room) == [1]


@pytest.mark.django_db(transaction=True)
def test_changes_of_the_same_messages_at_once_each_take_their_own_position(owner, private_room):
    messages = [say(owner, private_room).pk for _ in range(3)]

    def change(seed):
        choose = random.Random(seed)
        for number in range(EACH):
            message = choose.choice(messages)
            if choose.random() < 0.5:
                edit_message(owner, message=message, body=f"{seed} {number}")
            else:
                react_to_message(owner, message=message, emoji="👍", on=choose.random() < 0.5)

    in_threads(*[lambda seed=seed: change(seed) for seed in range(4)])
    held = positions(private_room)
    assert len(set(held)) == 3
    assert max(held) <= 3 + 4 * EACH
    assert sorted(numbers(private_room)) == [1, 2, 3]


@pytest.mark.django_db(transaction=True)
def test_no_reaction_is_lost_when_all_react_at_once(owner, private_room):
    from chat.actions.rooms import add_members

    people = [person(f"person{number}") for number in range(WRITERS)]
    add_members(owner, room=private_room.pk, members=[each.username for each in people])
    message = say(owner, private_room)
    in_threads(
        *[
            lambda each=each: react_to_message(each, message=message.pk, emoji="👍", on=True)
            for each in people
        ]
    )
    stored = Message.objects.get(pk=message.pk)
    assert sorted(stored.reactions["👍"]) == sorted(each.username for each in people)
    assert stored.position == 1 + WRITERS


@pytest.mark.django_db(transaction=True)
def test_a_deletion_wins_over_an_edit_at_the_same_time(owner, private_room):
    for _ in range(5):
        message = say(owner, private_room)

        def edit(id=message.pk):
            try:
                edit_message(owner, message=id, body="changed")
            except Exception as refusal:
                return refusal
            return None

        in_threads(edit, lambda id=message.pk: delete_message(owner, message=id))
        row = Message.objects.get(pk=message.pk)
        assert row.is_gone
        assert (row.body, row.html, row.revisions.count()) == ("", "", 0)


async def test_what_comes_in_while_a_commit_runs_is_committed_together():
    batches: list[list[int]] = []

    def work(jobs):
        batches.append(list(jobs))
        import time

        time.sleep(0.05)
        return [job * 10 for job in jobs]

    commits: GroupCommit[int, int] = GroupCommit(work)
    first = commits.submit(0)
    await asyncio.sleep(0.01)
    results = await asyncio.gather(first, *(commits.submit(number) for number in range(1, 20)))
    assert results == [number * 10 for number in range(20)]
    assert batches == [[0], list(range(1, 20))]


async def test_a_refused_job_fails_alone_and_a_failed_commit_fails_whole():
    def work(jobs):
        if "fail all" in jobs:
            raise OSError("the disk is full")
        return [ValueError(job) if job == "refuse" else job for job in jobs]

    commits: GroupCommit[str, str] = GroupCommit(work)
    results = await asyncio.gather(
        *(commits.submit(job) for job in ("a", "refuse", "b")), return_exceptions=True
    )
    assert [str(result) for result in results] == ["a", "refuse", "b"]
    assert isinstance(results[1], ValueError)
    results = await asyncio.gather(
        *(commits.submit(job) for job in ("c", "fail all")), return_exceptions=True
    )
    assert all(isinstance(result, OSError) for result in results)
    assert await commits.submit("after that") == "after that"


async def test_someone_who_stops_waiting_takes_nobody_with_them():
    commits: GroupCommit[int, int] = GroupCommit(lambda jobs: [job * 10 for job in jobs])
    impatient, patient = commits.submit(1), commits.submit(2)
    impatient.cancel()
    assert await patient == 20
