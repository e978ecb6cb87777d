"""Erases a person with a fifth of 100,000 messages, while another person keeps writing:
``python -m benchmarks.erasure``, or ``python -m benchmarks.erasure postgres``. Prints one JSON
object: how long it took in seconds, and how long sending took in milliseconds, before and during
it, while the messages are deleted and while they are kept.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

from benchmarks.seed import BULK
from tests import databases
from tests.databases import servers
from tests.support import live
from tests.support.outside import OutsideClient

MESSAGES = 100_000
EVERY = 0.05
"""Seconds between two messages of the one who writes."""
BEFORE = 20.0
"""Seconds in which that is measured before somebody is erased."""
GONE, WRITER, READER = "crowd1", "crowd0", "crowd2"


def fill(room: str) -> None:
    """In each ten messages: two of the one who is erased, one that names and quotes them."""
    import django

    django.setup()
    from django.utils import timezone

    from accounts.models import User
    from chat.models import Message
    from chat.rendering import text

    gone = User.objects.get(username=GONE)
    other = User.objects.get(username=WRITER)
    plain, naming = "A message of the length that people write.", f"**Thanks**, @{GONE}, well done!"
    named = text.render(naming).naming([GONE])
    now, own = timezone.now(), uuid.UUID(int=0)
    for first in range(1, MESSAGES + 1, BULK):
        rows = []
        for number in range(first, first + BULK):
            kind = number % 10
            row = Message(
                id=uuid.uuid4(),
                room_id=uuid.UUID(room),
                number=number,
                position=number,
                sender=gone if kind in (0, 5) else other,
                client_id=uuid.uuid4(),
                body=naming if kind == 1 else plain,
                html=named.html if kind == 1 else f"<p>{plain}</p>\n",
                mentions=[GONE] if kind == 1 else [],
                reply_to=own if kind == 1 and number > 1 else None,
                created_at=now,
            )
            own = row.id if kind == 0 else own
            rows.append(row)
        Message.objects.bulk_create(rows)


def begin() -> None:
    """Closes the account as its page does; the server goes on with it."""
    import django

    django.setup()
    from accounts import erasure
    from accounts.models import User
    from chat.realtime import erasure_worker as rest

    rest._thread.start = lambda: None  # type: ignore[method-assign]  # not in this process
    erasure.begin(User.objects.get(username=GONE), keep_messages=os.environ["KEEP"] == "1")


def main(*arguments: str) -> None:
    if arguments == ("postgres",):
        with servers.postgresql() as address:
            os.environ[databases.SERVER] = address
            return main()
    found = {}
    for keep in os.environ.get("ONLY", "01"):  # whether the messages are kept
        with tempfile.TemporaryDirectory(prefix="erasure-") as directory:
            seeded = live.seed(Path(directory) / "data")
            room = seeded.rooms["crowd"]
            settings = {"KEEP": keep, "RATE_LIMITS": "false"}
            _in_process(f"fill({room!r})", seeded.data_dir, settings)
            server = live.Server(seeded.data_dir, settings)
            server.start()
            try:
                found["kept" if keep == "1" else "deleted"] = asyncio.run(
                    _measure(server, room, settings)
                )
            finally:
                server.stop()
    print(json.dumps(found, indent=2))
    return None


async def _measure(
    server: live.Server, room: str, settings: dict[str, str]
) -> dict[str, float | int]:
    async with OutsideClient(server.url, WRITER) as writer, OutsideClient(server.url, READER):
        await _write(writer, room, lambda: False, 3)
        before = await _write(writer, room, lambda: False, BEFORE)
        _in_process("begin()", server.data_dir, settings)
        began = time.monotonic()
        during = await _write(writer, room, lambda: "person_erased" in server.log, 300)
        seconds = time.monotonic() - began
    return {
        "seconds": round(seconds, 1),
        **{f"before_{name}": value for name, value in _figures(before).items()},
        **{f"during_{name}": value for name, value in _figures(during).items()},
    }


async def _write(writer: OutsideClient, room: str, ended, seconds: float) -> list[float]:  # type: ignore[no-untyped-def]
    found: list[float] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end and not ended():
        began = time.monotonic()
        await writer.send(room, "how long does it take?")
        found.append((time.monotonic() - began) * 1000)
        await asyncio.sleep(EVERY)
    return found


def _figures(found: list[float]) -> dict[str, float]:
    ordered = sorted(found)
    return {
        "count": len(found),
        "p50_ms": round(ordered[len(ordered) // 2], 1),
        "p99_ms": round(ordered[int(len(ordered) * 0.99)], 1),
        "worst_ms": round(ordered[-1], 1),
    }


def _in_process(call: str, data_dir: Path, settings: dict[str, str]) -> None:
    subprocess.run(
        [sys.executable, "-c", f"from benchmarks import erasure; erasure.{call}"],
        cwd=live.ROOT,
        env=live.environment(data_dir, settings | {"DJANGO_SETTINGS_MODULE": "mediachat.settings"}),
        check=True,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
