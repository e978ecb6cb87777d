"""Runs a management command that is killed after some of its writes: ``WRITES COMMAND …``."""

import os
import signal
import sys

import django
from django.core.management import execute_from_command_line


def main(last: int, *command: str) -> None:
    django.setup()
    from tests.databases.deaths import doing_after

    with doing_after(last, lambda: os.kill(os.getpid(), signal.SIGKILL)):
        execute_from_command_line(["manage.py", *command])


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
