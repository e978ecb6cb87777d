"""Who waits for whom, where work is slow."""

import threading
import time
from concurrent.futures import Future, wait
from typing import Any

import pytest

from mediachat import turns as turns_module
from mediachat.turns import TooMuchWaiting, Turns


class Held:
    """Work that notes when it began and goes on until it is released."""

    def __init__(self) -> None:
        self.began: list[str] = []
        self.release = threading.Semaphore(0)

    def __call__(self, name: str) -> str:
        self.began.append(name)
        assert self.release.acquire(timeout=20)
        return name


def until(condition: Any) -> None:
    deadline = threading.Event()
    for _ in range(400):
        if condition():
            return
        deadline.wait(0.01)
    raise AssertionError("This did not happen.")


def test_nobody_waits_behind_one_persons_eight() -> None:
    turns, work = Turns(2, waiting=20, name="test"), Held()
    anna: list[Future[str]] = [
        turns.submit("anna", lambda n=n: work(f"anna {n}")) for n in range(8)
    ]
    until(lambda: work.began == ["anna 0"])  # one at a time, though two threads are free
    ben = turns.submit("ben", lambda: work("ben"))
    until(lambda: work.began == ["anna 0", "ben"])
    carl = turns.submit("carl", lambda: work("carl"))
    work.release.release()
    until(lambda: len(work.began) == 3)
    for _ in range(9):
        work.release.release()
    wait([*anna, ben, carl], 20)
    assert work.began.index("carl") <= 4
    assert [name for name in work.began if "anna" in name] == [f"anna {n}" for n in range(8)]


def test_those_who_wait_are_served_in_turn() -> None:
    turns, work = Turns(1, waiting=20, name="test"), Held()
    jobs = [turns.submit(person, lambda p=person: work(p)) for person in "aaabbc"]
    for _ in jobs:
        work.release.release()
    wait(jobs, 20)
    assert "".join(work.began) == "abcaba"


def test_whoever_took_least_is_served_first() -> None:
    turns, work = Turns(1, waiting=20, name="test"), Held()
    dear = [turns.submit(person, lambda: time.sleep(0.3)) for person in "ab"]
    wait(dear, 20)
    holds = turns.submit("c", lambda: work("c"))
    until(lambda: work.began == ["c"])
    # Anna and Ben came first, and have had their share of the last minute.
    jobs = [turns.submit(person, lambda p=person: work(p)) for person in "abdd"]
    for _ in range(5):
        work.release.release()
    wait([holds, *jobs], 20)
    assert work.began[:3] == ["c", "d", "d"]


def test_what_was_taken_is_forgiven(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns_module, "HALF_LIFE", 0.05)
    turns, work = Turns(1, waiting=20, name="test"), Held()
    turns.submit("anna", lambda: time.sleep(0.3)).result(20)
    time.sleep(0.3)
    holds = turns.submit("carl", lambda: work("carl"))
    until(lambda: work.began == ["carl"])
    jobs = [turns.submit(person, lambda p=person: work(p)) for person in ("anna", "ben")]
    for _ in range(3):
        work.release.release()
    wait([holds, *jobs], 20)
    assert work.began == ["carl", "anna", "ben"]


def test_what_one_person_may_have_waiting_is_bounded() -> None:
    turns, work = Turns(1, waiting=3, name="test"), Held()
    jobs = [turns.submit("anna", lambda: work("anna")) for _ in range(4)]
    with pytest.raises(TooMuchWaiting):
        turns.submit("anna", lambda: work("anna"))
    other = turns.submit("ben", lambda: work("ben"))
    assert jobs[2].cancel()  # its request was given up
    again = turns.submit("anna", lambda: work("again"))
    for _ in range(6):
        work.release.release()
    assert other.result(20) == "ben"
    assert again.result(20) == "again"
    assert [job.result(20) for job in jobs if job is not jobs[2]] == ["anna"] * 3
    assert len(work.began) == 5


def test_work_that_fails_makes_room_for_the_next() -> None:
    turns = Turns(1, waiting=3, name="test")

    def fail() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        turns.submit("anna", fail).result(20)
    assert turns.submit("anna", lambda: 1).result(20) == 1
    ran: list[int] = []
    turns.each_thread(lambda: ran.append(1))
    assert ran == [1]
