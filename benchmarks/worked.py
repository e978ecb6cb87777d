"""How much CPU a piece of work in this process takes, with what PostgreSQL does for it."""

import time
from collections.abc import Callable
from typing import Any


def cost(work: Callable[[], Any], times: int) -> float:
    """Milliseconds of CPU of doing it once, of so many times after a first one."""
    work()
    began, before = time.process_time(), _of_postgresql()
    for _ in range(times):
        work()
    spent = time.process_time() - began + _of_postgresql() - before
    return round(spent / times * 1000, 2)


def _of_postgresql() -> float:
    """Seconds that the process of this connection has worked; 0 on SQLite, which has none."""
    import psutil
    from django.db import connection

    if connection.vendor != "postgresql":
        return 0.0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        times = psutil.Process(cursor.fetchone()[0]).cpu_times()
    return float(times.user + times.system)
