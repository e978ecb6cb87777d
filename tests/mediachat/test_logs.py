import subprocess
import sys

import pytest
from django.db import DatabaseError

from mediachat.monitoring.logs import reason
from tests.support.live import ROOT

PROGRAM = """
import logging.config
import sys
from mediachat.monitoring.logs import logging_config
import structlog

logging.config.dictConfig(logging_config(level="INFO", as_json=bool(int(sys.argv[1]))))

def send(body):
    raise ValueError("no")

try:
    send("between you and me")
except ValueError:
    structlog.get_logger("test").exception("failed")
"""


@pytest.mark.parametrize(
    ("as_json", "says"), [("1", '"exc_type": "ValueError"'), ("0", "ValueError: no")]
)
def test_the_log_of_an_exception_has_nothing_that_people_wrote(as_json: str, says: str) -> None:
    finished = subprocess.run(
        [sys.executable, "-c", PROGRAM, as_json],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert says in finished.stderr
    assert "between" not in finished.stderr.replace('send("between', "")


def test_the_reason_of_an_error_is_said_with_what_caused_it() -> None:
    """MongoDB's backend wraps what its driver says in an exception without words."""
    wrapped = DatabaseError()
    wrapped.__cause__ = ConnectionError("no primary")
    assert reason(wrapped) == "DatabaseError(), caused by ConnectionError('no primary')"
    assert reason(ValueError("alone")) == "ValueError('alone')"
