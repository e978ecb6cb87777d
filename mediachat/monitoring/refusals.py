"""What anybody can ask for at will is no error of ours: it has one short line in the log.

Django logs a Host that it does not know, a form with too many fields and the like as errors, and
some with a traceback. Of the traceback nobody learns anything, and whoever looks for errors would
find those of strangers.
"""

import logging


class Refusals(logging.Filter):
    """Makes a warning without a traceback of each line about a request that was refused."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always true: the line is changed, and never left out."""
        status = getattr(record, "status_code", None)
        if record.name.startswith("django.") and isinstance(status, int) and 400 <= status < 500:
            record.exc_info = record.exc_text = None
            if record.levelno > logging.WARNING:
                record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True
