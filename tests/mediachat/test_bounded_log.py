"""No peer fills the disk with what its requests have the log say."""

import json
import logging
from typing import Any

import httpx
import pytest
import structlog

from mediachat import bounded_log
from mediachat.bounded_log import LINES_A_MINUTE, TEXT_LIMIT, BoundedLines, shortened
from tests.conftest import Serve


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    seconds = [600.0]
    monkeypatch.setattr("time.monotonic", lambda: seconds[0])
    return seconds


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    with structlog.testing.capture_logs() as captured:
        monkeypatch.setattr(bounded_log, "log", structlog.get_logger("test"))
        yield captured


def _line(name: str, message: Any = "Not Found: /") -> logging.LogRecord:
    return logging.LogRecord(name, logging.WARNING, "", 0, message, None, None)


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


def test_texts_are_cut_wherever_they_are() -> None:
    long = "x" * 60_000
    event = {"event": long, "number": 1, "exception": [{"frames": [{"line": long}]}]}
    assert len(json.dumps(shortened(event))) < 2 * TEXT_LIMIT + 200
    assert shortened({"event": "short", "none": None}) == {"event": "short", "none": None}


async def test_what_nobody_asks_for_leaves_little_in_the_log(serve: Serve) -> None:
    server = serve(expect_errors=True, RATE_LIMITS="off")
    before = server.log_path.stat().st_size
    long = "y" * 30_000
    async with httpx.AsyncClient(base_url=server.url, timeout=20) as http:
        for number in range(300):
            for path, headers in (
                (f"/static/{long}", {}),
                (f"/{number}{long}", {}),
                (f"/api/v1/{long}", {}),
                ("/static/x", {"Host": long}),
                (f"/accounts/login/?next={long}", {"Host": f"evil{number}.example"}),
            ):
                answer = await http.get(path, headers=headers)
                assert answer.status_code in (400, 404), (path[:20], answer.status_code)
    grown = server.log_path.stat().st_size - before
    # Three loggers, with a warning or an error and its traceback each.
    assert grown < 2_000_000, grown
    assert "lines_not_logged" in server.log
