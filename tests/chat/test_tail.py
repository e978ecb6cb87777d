"""The end of a room's log that a process holds, against the log itself."""

import json
import uuid

from hypothesis import given, settings
from hypothesis import strategies as st

from chat import protocol, tail
from chat.tail import RECENT, Tail

ROOM = uuid.UUID(int=1)


class Log:
    """A room's log as the database has it: the latest position of each message."""

    def __init__(self) -> None:
        self.head = 0
        self.messages: dict[int, int] = {}

    def write(self, number: int) -> tuple[int, int, str, str]:
        self.head += 1
        self.messages[number] = self.head
        return self.entry(number)

    def entry(self, number: int) -> tuple[int, int, str, str]:
        position = self.messages[number]
        return position, number, str(number), json.dumps({"n": number, "p": position})

    def after(self, position: int) -> list[dict]:
        rows = sorted((p, n) for n, p in self.messages.items() if p > position)
        return [{"n": n, "p": p} for p, n in rows]


def read_all(held: Tail, position: int) -> list[dict]:
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
    held = Tail(ROOM, log.head, max(log.messages, default=0))
    for number in since:
        held.take(log.write(number))
    older = [log.entry(each["n"]) for each in log.after(0) if each["p"] <= held.since][-back:]
    if back and older:
        held.extend_back(older, older[0][0] - 1)
    assert held.position == log.head
    for position in range(held.since, log.head + 1):
        assert read_all(held, position) == log.after(position)


def test_the_tail_is_bounded_in_number():
    log, held = Log(), Tail(ROOM, 0, 0)
    for number in range(1, RECENT + 51):
        held.take(log.write(number))
    assert held.count == RECENT
    assert held.since == 50
    assert read_all(held, 50) == log.after(50)


def test_the_tail_is_bounded_in_size():
    held = Tail(ROOM, 0, 0)
    for position in range(1, 101):
        held.take((position, position, str(position), "x" * 50_000))
    assert held.count * 50_000 <= tail.RECENT_SIZE
    assert held.since == held.position - held.count


def test_a_tail_that_holds_nothing_is_a_tail():
    held = Tail(ROOM, 7, 3)
    assert bool(held) is True
    assert (held.position, held.number, held.since, held.count) == (7, 3, 7, 0)
