#!/usr/bin/env python3
"""Django's command line for Media Chat."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mediachat.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError as error:
        raise SystemExit(
            f"{error}\nThe dependencies are not installed in this Python. "
            "Run `make run`, which installs them into .venv, or activate that environment."
        ) from error
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
