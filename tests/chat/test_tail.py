"""The end of a room's log that a process holds, against the log itself."""

import json
import uuid

from hypothesis import given, settings
from hypothesis import strategies as st

from chat import protocol
from chat.message_log.entry import LogEntry
from chat.realtime import recent_changes
from chat.realtime.recent_changes import RECENT, RecentChanges

ROOM = uuid.UUID(int=1)


class Log:
    """A room's log as the database has it: the latest position of each message."""

    def __init__(self) -> None:
        self.head = 0
        self.messages: dict[int, int] = {}

    def write(self, number: int) -> LogEntry:
        self.head += 1
        self.messages[number] = self.head
        return self.entry(number)

    def entry(self, number: int) -> LogEntry:
        position = self.messages[number]
        return LogEntry(position, number, str(number), json.dumps({"n": number, "p": position}))

    def after(self, position: int) -> list[dict]:
        rows = sorted((p, n) for n, p in self.messages.items() if p > position)
        return [{"n": n, "p": p} for p, n in rows]


def read_all(held: RecentChanges, position: int) -> list[dict]:
    """What someone who stands at a position is told, asking again while there is more."""
    found = []
    while True:
        event = json.loads(held.changes_after(position))
        assert len(event["messages"]) <= protocol.PAGE_LIMIT
        assert event["position"] > position or not event["messages"]
        found += event["messages"]
        position = event["position"]
        if not event["more"]:
            assert position == held.position
            return found


@settings(max_examples=200, deadline=None)
@given(
    before=st.lists(st.integers(1, 40), max_size=60),
    since=st.lists(st.integers(1, 60), max_size=120),
    back=st.integers(0, 60),
)
def test_whoever_stands_within_the_tail_is_told_all_that_changed_and_nothing_else(
    before, since, back
):
    log = Log()
    for number in before:
        log.write(number)
    held = RecentChanges(ROOM, log.head, max(log.messages, default=0))
    for number in since:
        held.take(log.write(number))
    older = [log.entry(each["n"]) for each in log.after(0) if each["p"] <= held.since][-back:]
    if back and older:
        held.extend_back(older, older[0][0] - 1)
    assert held.position == log.head
    for position in range(held.since, log.head + 1):
        assert read_all(held, position) == log.after(position)


def test_the_tail_is_bounded_in_number():
    log, held = Log(), RecentChanges(ROOM, 0, 0)
    for number in range(1, RECENT + 51):
        held.take(log.write(number))
    assert held.count == RECENT
    assert held.since == 50
    assert read_all(held, 50) == log.after(50)


def test_the_tail_is_bounded_in_size():
    held = RecentChanges(ROOM, 0, 0)
    for position in range(1, 101):
        held.take(heavy(position, 50_000))
    assert held.count * 50_000 <= recent_changes.RECENT_SIZE
    assert held.since == held.position - held.count


def test_a_tail_that_holds_nothing_is_a_tail():
    held = RecentChanges(ROOM, 7, 3)
    assert bool(held) is True
    assert (held.position, held.number, held.since, held.count) == (7, 3, 7, 0)


def heavy(position: int, size: int) -> LogEntry:
    return LogEntry(position, position, str(position), "x" * size)


def test_an_answer_ends_by_its_size_and_the_rest_is_asked_for():
    held = RecentChanges(ROOM, 0, 0)
    for position in range(1, 41):
        held.take(LogEntry(position, position, str(position), json.dumps("x" * 12_000)))
    told = 0
    position, more = 0, True
    while more:
        text = held.changes_after(position)
        assert len(text) < protocol.PAGE_SIZE + 200
        event = json.loads(text)
        position, more = event["position"], event["more"]
        told += len(event["messages"])
    assert (position, told) == (40, 40)


def test_what_is_larger_than_a_page_goes_alone():
    held = RecentChanges(ROOM, 0, 0)
    for position in range(1, 4):
        held.take(
            LogEntry(
                position, position, str(position), json.dumps("é" * 140_000, ensure_ascii=False)
            )
        )
    event = json.loads(held.changes_after(held.since))
    assert len(event["messages"]) == 1 and event["more"] is True


def test_answers_to_every_position_take_no_more_than_their_share():
    held = RecentChanges(ROOM, 0, 0)
    for position in range(1, 401):
        held.take(heavy(position, 1_000))
    for position in range(400):
        held.changes_after(position)
        assert held.size <= recent_changes.RECENT_SIZE + recent_changes.COMPOSED_SIZE
    assert held.changes_after(399) is held.changes_after(399)  # still composed once
    held.take(heavy(401, 1_000))
    assert held.size <= recent_changes.RECENT_SIZE


def test_what_is_read_back_is_bounded_in_size_too():
    held = RecentChanges(ROOM, 100, 100)
    held.extend_back([heavy(position, 50_000) for position in range(1, 101)], 0)
    assert held.size <= recent_changes.RECENT_SIZE
    assert held.since == 100 - held.count
    assert held.count and held.free == 0
    assert json.loads(held.changes_after(held.since).replace("x" * 50_000, "1"))["more"] is True


def test_all_tails_of_a_process_share_one_bound_and_the_unused_give_up_first():
    memory = recent_changes.RecentChangesMemory(limit=200_000)
    tails = [RecentChanges(uuid.UUID(int=n), 0, 0, memory) for n in range(50)]
    for held in tails:
        for position in range(1, 11):
            held.take(heavy(position, 1_000))
        tails[0].changes_after(9)
        assert memory.size <= 200_000
        assert memory.size == sum(each.size for each in tails)
    assert tails[0].count == 0 or tails[0].since < 10
    assert tails[-1].count == 10 and tails[-1].since == 0
    given_up = [each for each in tails if each.count == 0]
    assert given_up and all(each.since == each.position == 10 for each in given_up)
    for held in tails:
        held.give_up()
    assert memory.size == 0
