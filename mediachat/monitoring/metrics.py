"""Metrics of this process for Prometheus: few numbers, each worth an alarm or a graph.

docs/OPERATIONS.md lists the alarms. With several workers on one port each reports only itself: run
one worker per port if you monitor.
"""

import logging
from collections.abc import Callable
from hmac import compare_digest

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Counter, Gauge, Histogram
from prometheus_client import generate_latest as generate

from mediachat.monitoring.bounded_log import event_of

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

EVENTS_KEPT = 100
"""Names beyond these are counted together, so that nothing can make series without end."""


class CountProblems(logging.Handler):
    """Counts warnings and errors of the log, by the event names of our own code."""

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
    """Sets the function that counts open sockets."""
    SOCKETS.set_function(count)


def may_read(request: HttpRequest) -> bool:
    """Returns whether the request carries METRICS_TOKEN. Without that setting nobody has access.

    An address proves nothing: a proxy on this machine has the same one as a local program.
    """
    token = settings.METRICS_TOKEN
    given = request.headers.get("Authorization", "")
    return bool(token) and compare_digest(given.encode(), f"Bearer {token}".encode())


def metrics(request: HttpRequest) -> HttpResponse:
    """Returns all metrics of this process, in Prometheus' format."""
    return HttpResponse(generate(REGISTRY), content_type=CONTENT_TYPE_LATEST)
