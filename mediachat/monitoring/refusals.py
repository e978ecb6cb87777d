"""Logs refused requests, which anyone can send at will, as one short warning.

Django logs an unknown Host, a form with too many fields and the like as errors, some with a
traceback. The traceback is useless, and an administrator who looks for errors would find those of
strangers.
"""

import logging


class Refusals(logging.Filter):
    """Turns each log line about a refused request into a warning without a traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Returns True: the line is changed, and never dropped."""
        status = getattr(record, "status_code", None)
        if record.name.startswith("django.") and isinstance(status, int) and 400 <= status < 500:
            record.exc_info = record.exc_text = None
            if record.levelno > logging.WARNING:
                record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True
