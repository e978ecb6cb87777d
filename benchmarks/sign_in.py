"""People who sign in at once, and what others feel of it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from benchmarks import measure
from benchmarks.dialects import gather
from benchmarks.load import Load
from benchmarks.scenarios import Ours, Row, Scale, ours

PASSWORD = "correct horse battery staple"
MESSAGES_A_SECOND = 50
LONGEST = 60.0
"""Seconds after which a storm is given up."""


async def sign_in(scale: Scale) -> dict[str, Any]:
    """So many sign in at once, with right passwords and with wrong ones, while others write."""
    count = scale.sign_ins
    # A server of its own for each: what one storm leaves in memory is not the next one's.
    rows = [await _storm(count, right=right) for right in (True, False)]
    return {"at_once": count, "rows": rows}


async def _storm(count: int, *, right: bool) -> Row:
    async with ours("--members", str(count), "--password", PASSWORD) as running:
        quiet = await _messages(running, seconds=4)
        before, cpu, began = _resident(running), measure.cpu(running.pids), time.perf_counter()
        times, refused = await _sign_ins(running.urls[0], count, right=right)
        took = time.perf_counter() - began
        used = measure.cpu(running.pids) - cpu
        async with _repeated(running.urls[0], count, right=right):
            meanwhile = await _messages(running, seconds=8)
        return {
            "name": "right passwords" if right else "wrong passwords",
            "all_s": round(took, 2),
            "sign_in": measure.milliseconds(times),
            "refused": refused,
            "cpu_ms": round(used / count * 1000, 1),
            "memory_mib": round((_peak(running) - before) / 2**20, 1),
            "quiet": quiet["answer"],
            "meanwhile": meanwhile["answer"],
        }


async def _messages(running: Ours, *, seconds: int) -> Row:
    """Two people in a room, and how soon their messages are answered."""
    load = Load(
        rooms=1,
        members=2,
        messages=seconds * MESSAGES_A_SECOND,
        window=1,
        rate=MESSAGES_A_SECOND,
    )
    try:
        await gather(load.rooms, running.connect, 2)
        return await load.run(running.pids, limit=LONGEST)
    finally:
        load.close()


async def _sign_ins(url: str, count: int, *, right: bool) -> tuple[list[float], int]:
    """What each took until its answer, and how many were told to come again, as they then did."""
    refused = 0

    async def one(http: httpx.AsyncClient, number: int) -> float:
        nonlocal refused
        name = f"person{number}" if right else f"nobody{number}"
        body = {"username": name, "password": PASSWORD if right else "wrong"}
        began = time.perf_counter()
        while True:
            answer = await http.post("/_allauth/app/v1/auth/login", json=body)
            if answer.status_code != 429:
                break
            refused += 1
            await asyncio.sleep(float(answer.headers["Retry-After"]))
        if answer.status_code != (200 if right else 400):
            raise RuntimeError(f"{answer.status_code}: {answer.text[:500]}")
        return time.perf_counter() - began

    limits = httpx.Limits(max_connections=count)
    async with (
        asyncio.timeout(LONGEST),
        httpx.AsyncClient(base_url=url, timeout=LONGEST, limits=limits) as http,
    ):
        return await asyncio.gather(*(one(http, n) for n in range(count))), refused


@asynccontextmanager
async def _repeated(url: str, count: int, *, right: bool) -> AsyncIterator[None]:
    """One storm after another, until what is measured meanwhile has been."""

    async def again() -> None:
        while True:
            await _sign_ins(url, count, right=right)

    task = asyncio.create_task(again())
    try:
        yield
        if task.done():
            task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _resident(running: Ours) -> int:
    return _status(running, "VmRSS")


def _peak(running: Ours) -> int:
    return _status(running, "VmHWM")


def _status(running: Ours, field: str) -> int:
    """Bytes; the sum over the server's processes."""
    total = 0
    for pid in running.pids:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        total += int(next(line for line in lines if line.startswith(field)).split()[1]) * 1024
    return total
