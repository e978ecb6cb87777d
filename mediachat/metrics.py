"""What monitoring can see of this process: few numbers, each worth an alarm or a graph.

docs/OPERATIONS.md says which alarms. With several workers on one port each answers for itself
alone: run one worker a port where you monitor.
"""

import ipaddress
import logging
from collections.abc import Callable
from hmac import compare_digest
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Counter, Gauge, Histogram
from prometheus_client import generate_latest as generate

from mediachat.bounded_log import event_of

COMMIT_SECONDS = Histogram(
    "mediachat_commit_seconds",
    "How long the log took to store a batch of messages.",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30),
)
COMMITTED = Counter("mediachat_committed_messages", "Messages that were asked to be stored.")
COMMIT_FAILURES = Counter("mediachat_commit_failures", "Batches that could not be stored.")
LOG_READS = Counter(
    "mediachat_log_reads", "Queries of rooms' logs for those who come back and for what was missed."
)
PROBLEMS = Counter("mediachat_problems", "Warnings and errors in the log, by name.", ["event"])
SOCKETS = Gauge("mediachat_sockets", "Open websockets.")
DISK_FREE = Gauge("mediachat_disk_free_bytes", "Room on the fullest disk that files go through.")
DISK_FLOOR = Gauge("mediachat_disk_floor_bytes", "FREE_DISK_MB: with less room no files are taken.")
STORED = Gauge("mediachat_stored_bytes", "What the files of all messages take together.")

PROXIED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP", "HTTP_FORWARDED", "HTTP_VIA")
"""Headers that only a proxy adds."""
EVENTS_KEPT = 100
"""Names beyond these are counted together, so that nothing can make series without end."""


class CountProblems(logging.Handler):
    """Counts what the log warns of, by the names that our own code gives it."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._known: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        event = event_of(record)
        if event not in self._known:
            if len(self._known) >= EVENTS_KEPT:
                event = "other"
            self._known.add(event)
        PROBLEMS.labels(event).inc()


def count_sockets(count: Callable[[], int]) -> None:
    """Tells where the number of open sockets is found."""
    SOCKETS.set_function(count)


def metrics(request: HttpRequest) -> HttpResponse:
    """For programs that send METRICS_TOKEN, and for those of this machine that ask us directly."""
    if not _may_read(request):
        return HttpResponse(status=404)
    return HttpResponse(generate(REGISTRY), content_type=CONTENT_TYPE_LATEST)


def _may_read(request: HttpRequest) -> bool:
    token = settings.METRICS_TOKEN
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token and compare_digest(given.encode(), token.encode()):
        return True
    return _asks_directly(request)


def _asks_directly(request: HttpRequest) -> bool:
    """Whether this comes from this machine and by no proxy on it, which has the same address.

    A proxy adds headers, or keeps the Host that the browser asked for, without which nobody could
    sign in through it; and where one is known, nothing is direct.
    """
    meta: dict[str, Any] = request.META
    if settings.HTTPS or settings.TRUSTED_PROXY_COUNT or any(name in meta for name in PROXIED):
        return False
    if getattr(request, "scope", {}).get("http_version") == "1.0":
        return False  # what nginx speaks to a server, if nothing else is said
    host, port = split_domain_port(meta.get("HTTP_HOST", ""))
    if (port or "80") != meta["SERVER_PORT"]:
        return False
    return _is_loopback(meta.get("REMOTE_ADDR") or "") and (
        host == "localhost" or _is_loopback(host.strip("[]"))
    )


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
