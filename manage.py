#!/usr/bin/env python3
"""Django's command line for Media Chat."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mediachat.settings")
    try:
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
    except ImportError as error:
        raise SystemExit(
            f"{error}\nThe dependencies are not installed in this Python. "
            "Run `make run`, which installs them into .venv, or activate that environment."
        ) from error
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        # Someone's setting, not a defect: what to do is in the message, not in a traceback.
        raise SystemExit(f"{error}") from None


if __name__ == "__main__":
    main()
