"""Times reads where they are made, without a socket: ``DATA_DIR=… python -m benchmarks.reads``."""

import json
import os
import random
import sys
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mediachat.settings")

PAGES = 200


def main() -> None:
    import django

    django.setup()
    print(json.dumps({"history": _history, "sync": _sync}[sys.argv[1]]()))


def _times(work: Callable[[], Any]) -> tuple[float, float, int]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as asked:
        work()
    times = []
    for _ in range(30):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return *_milliseconds(times), len(asked)


def _milliseconds(times: list[float]) -> tuple[float, float]:
    times = sorted(times)
    return times[len(times) // 2] * 1000, times[int(len(times) * 0.95)] * 1000


def _history() -> dict[str, Any]:
    from accounts.models import User
    from chat.models import Message, Room
    from chat.queries import room_log

    room, user = Room.objects.get(), User.objects.get(username="person1")
    newest = Message.objects.order_by("-number").values_list("number", flat=True)[0]
    numbers = random.Random(1)

    def page(before: int) -> None:
        messages, _ = room_log.history(user, room.pk, before=before, after=None, limit=50)
        assert len(messages) == 50

    page(newest)
    result = {}
    for name, low, high in (
        ("newest", newest - newest // 100, newest),
        ("deepest", 60, newest // 100),
        ("anywhere", 60, newest),
    ):
        times = []
        for _ in range(PAGES):
            before = numbers.randint(min(low, high), max(low, high) + 1)
            began = time.perf_counter()
            page(max(before, 60))
            times.append(time.perf_counter() - began)
        p50, p95 = _milliseconds(times)
        result[name] = {"p50_ms": round(p50, 2), "p95_ms": round(p95, 2)}
    ratio = result["deepest"]["p50_ms"] / result["newest"]["p50_ms"]
    return {"pages": result, "deepest_to_newest": round(ratio, 2)}


def _sync() -> dict[str, Any]:
    from accounts.models import User
    from chat.models import Membership
    from chat.queries import room_log, room_views

    user = User.objects.get(username="person0")
    rooms = list(Membership.objects.filter(user=user).values_list("room_id", flat=True))
    reads = {}
    for name, work in {
        "the heads of all rooms": lambda: room_log.heads(rooms),
        "the rooms as ready shows them": lambda: room_views.rooms_of(user),
    }.items():
        p50, p95, count = _times(work)
        reads[name] = {"queries": count, "p50_ms": round(p50, 2), "p95_ms": round(p95, 2)}
    return {"reads": reads}


if __name__ == "__main__":
    main()
