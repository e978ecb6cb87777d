"""No peer fills the disk with what its requests have the log say."""

import json
import logging
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import structlog

from mediachat.monitoring import bounded_log
from mediachat.monitoring.bounded_log import (
    LINES_A_MINUTE,
    NETWORKS_KEPT,
    TEXT_LIMIT,
    BoundedLines,
    shortened,
)
from tests.conftest import Serve

pytestmark = pytest.mark.once


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    seconds = [600.0]
    monkeypatch.setattr("time.monotonic", lambda: seconds[0])
    return seconds


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    with structlog.testing.capture_logs() as captured:
        monkeypatch.setattr(bounded_log, "logger", structlog.get_logger("test"))
        yield captured


def _line(
    name: str,
    message: Any = "Not Found: /",
    *,
    level: int = logging.WARNING,
    line: int = 0,
    exception: BaseException | None = None,
) -> logging.LogRecord:
    exc_info = (type(exception), exception, exception.__traceback__) if exception else None
    return logging.LogRecord(name, level, "library.py", line, message, None, exc_info)


def _sign_in(address: str, event: str = "sign_in_failed") -> logging.LogRecord:
    return _line("accounts.sign_ins", {"event": event, "address": address}, level=logging.INFO)


def _raised(by: Callable[[], Any]) -> BaseException:
    try:
        by()
    except Exception as error:
        return error
    raise AssertionError


def _storm(lines: BoundedLines, line: Callable[[], logging.LogRecord]) -> None:
    while lines.filter(line()):
        pass


def test_a_storm_is_a_number_of_lines(now: list[float], said: list[dict[str, Any]]) -> None:
    lines = BoundedLines()
    passed = [lines.filter(_line("django.request")) for _ in range(10_000)]
    assert passed == [True] * LINES_A_MINUTE + [False] * (10_000 - LINES_A_MINUTE)
    assert [each["lines"] for each in said] == ["the rest of this minute"]
    now[0] += 60
    assert lines.filter(_line("django.request"))
    assert said[-1]["about"] == "django.request"
    assert said[-1]["lines"] == 10_000 - LINES_A_MINUTE


def test_each_event_has_lines_of_its_own(now: list[float], said: list[dict[str, Any]]) -> None:
    lines = BoundedLines()
    for _ in range(LINES_A_MINUTE + 1):
        lines.filter(_line("accounts.sign_ins", {"event": "sign_in_failed"}))
    assert not lines.filter(_line("accounts.sign_ins", {"event": "sign_in_failed"}))
    assert lines.filter(_line("accounts.sign_ins", {"event": "sign_in"}))
    assert lines.filter(_line("django.request"))
    assert all(lines.filter(_line("", {"event": bounded_log.LEFT_OUT})) for _ in range(1_000))


def test_garbage_does_not_hide_errors_of_the_same_logger(
    now: list[float], said: list[dict[str, Any]]
) -> None:
    lines = BoundedLines()
    _storm(lines, lambda: _line("uvicorn.error", "Invalid HTTP request received.", line=1))
    assert lines.filter(_line("uvicorn.error", "Something else", line=2))
    assert lines.filter(_line("uvicorn.error", level=logging.ERROR, line=1))


def test_one_exception_does_not_hide_another(now: list[float], said: list[dict[str, Any]]) -> None:
    """Which all come to one place of the library, or to one event of ours."""
    here = _raised(lambda: 1 / 0)
    there = _raised(lambda: int("x"))

    def of_library(error: BaseException) -> logging.LogRecord:
        return _line("uvicorn.error", level=logging.ERROR, exception=error)

    def of_ours(error: BaseException) -> logging.LogRecord:
        message = {"event": "command_failed", "exc_info": error}
        return _line("chat.commands.handlers", message, level=logging.ERROR)

    for line in (of_library, of_ours):
        lines = BoundedLines()
        _storm(lines, lambda line=line: line(here))
        assert lines.filter(line(there))


def test_what_a_peer_says_makes_no_kind(now: list[float], said: list[dict[str, Any]]) -> None:
    lines = BoundedLines()
    passed = [lines.filter(_line("library", f"Refused: {number}")) for number in range(1_000)]
    assert sum(passed) == LINES_A_MINUTE


def test_sign_ins_elsewhere_have_lines_of_their_own(
    now: list[float], said: list[dict[str, Any]]
) -> None:
    lines = BoundedLines()
    addresses = (f"2001:db8::{number:x}" for number in range(1_000))
    assert sum(lines.filter(_sign_in(each)) for each in addresses) == LINES_A_MINUTE
    assert lines.filter(_sign_in("192.0.2.1"))
    assert lines.filter(_sign_in("2001:db8::1", "sign_in"))
    assert said[0]["network"] == "2001:db8::/64"


def test_many_networks_take_no_place_of_others(
    now: list[float], said: list[dict[str, Any]]
) -> None:
    lines = BoundedLines()
    known = "192.0.2.1"
    assert lines.filter(_sign_in(known))
    passed = [
        lines.filter(_sign_in(f"10.{number // 256}.{number % 256}.1")) for number in range(5_000)
    ]
    assert sum(passed) == NETWORKS_KEPT - 1 + LINES_A_MINUTE
    assert lines.filter(_sign_in(known))
    assert lines.filter(_line("uvicorn.error", level=logging.ERROR))
    now[0] += 60
    assert lines.filter(_sign_in("10.99.99.1"))


def test_texts_are_cut_wherever_they_are() -> None:
    long = "x" * 60_000
    event = {"event": long, "number": 1, "exception": [{"frames": [{"line": long}]}]}
    assert len(json.dumps(shortened(event))) < 2 * TEXT_LIMIT + 200
    assert shortened({"event": "short", "none": None}) == {"event": "short", "none": None}


@pytest.mark.alone
async def test_what_nobody_asks_for_leaves_little_in_the_log(serve: Serve) -> None:
    server = serve(expect_errors=True, RATE_LIMITS="off")
    before = server.log_path.stat().st_size
    long = "y" * 30_000
    async with httpx.AsyncClient(base_url=server.url, timeout=20) as http:
        asked = [("/static/x", {"Host": long})] * (LINES_A_MINUTE + 60)
        for number in range(20):
            asked += [
                (f"/static/{long}", {}),
                (f"/{number}{long}", {}),
                (f"/api/v1/{long}", {}),
                (f"/accounts/login/?next={long}", {"Host": f"evil{number}.example"}),
            ]
        for path, headers in asked:
            answer = await http.get(path, headers=headers)
            assert answer.status_code in (400, 404), (path[:20], answer.status_code)
    grown = server.log_path.stat().st_size - before
    # Each line within a few thousand characters, and one kind with no more than it has a minute.
    assert grown < 1_500_000, grown
    assert "lines_not_logged" in server.log
