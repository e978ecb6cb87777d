import subprocess
import sys

from tests.live import ROOT

PROGRAM = """
import logging.config
from mediachat.logs import logging_config
import structlog

logging.config.dictConfig(logging_config(level="INFO", as_json=True))

def send(body):
    raise ValueError("no")

try:
    send("between you and me")
except ValueError:
    structlog.get_logger("test").exception("failed")
"""


def test_the_log_of_an_exception_has_nothing_that_people_wrote() -> None:
    finished = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert '"exc_type": "ValueError"' in finished.stderr
    assert "between" not in finished.stderr.replace('send("between', "")
