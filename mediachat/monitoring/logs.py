"""Configures logging: JSON, one object per line, in production; readable lines in development.

Messages, passwords and tokens are never logged. Our code passes them to no logger; libraries that
would, at DEBUG, run at a higher level; and secret parts of addresses are removed.
"""

import re
from typing import Any

import structlog
from structlog.processors import ExceptionRenderer
from structlog.tracebacks import ExceptionDictTransformer

from mediachat.monitoring.bounded_log import TEXT_LIMIT, shortened

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
OURS = ("accounts", "chat", "mediachat")
"""The loggers that LOG_LEVEL=DEBUG is for. Others log statements of SQL with their values, commands
to MongoDB, and the headers and frames of sockets."""
OPENS_SOMETHING = re.compile(
    r"(/accounts/(?:password/reset/key|confirm-email|first-administrator|editor)/|[?&]key=)"
    r"[^/?&\s\"'\\]+"
)
"""Links that work for everyone who has them. Django logs the address of each refused request."""


def logging_config(*, level: str, as_json: bool) -> dict[str, Any]:
    """Returns Django's ``LOGGING``, which also covers the servers' and libraries' loggers."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    last: list[Any] = (
        [
            # Without the frames' variables, which may hold messages.
            ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
            _with_short_texts,
            structlog.processors.JSONRenderer(),
        ]
        if as_json
        # Without rich, even if installed: it shows the frames' variables.
        else [
            structlog.dev.ConsoleRenderer(
                colors=False, exception_formatter=structlog.dev.plain_traceback
            ),
            _in_short_lines,
        ]
    )
    level = level if level in LEVELS else "INFO"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "lines": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": shared,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    *last,
                    _without_links,
                ],
            }
        },
        "filters": {
            "refusals": {"()": "mediachat.monitoring.refusals.Refusals"},
            "bounded": {"()": "mediachat.monitoring.bounded_log.BoundedLines"},
        },
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "lines",
                "filters": ["refusals", "bounded"],
            },
            "count": {
                "class": "mediachat.monitoring.metrics.CountProblems",
                "filters": ["refusals"],
            },
        },
        "root": {
            "handlers": ["stderr", "count"],
            "level": "INFO" if level == "DEBUG" else level,
        },
        "loggers": {
            name: {"handlers": [], "propagate": True}
            for name in ("django", "django.server", "uvicorn", "uvicorn.error")
        }
        | {name: {"level": level, "propagate": True} for name in OURS}
        # It logs every request with its query.
        | {"uvicorn.access": {"handlers": [], "propagate": False}},
    }


def reason(error: BaseException) -> str:
    """Returns an exception and its causes: database drivers wrap theirs in uninformative ones."""
    said = [repr(error)]
    while error.__cause__ is not None:
        error = error.__cause__
        said.append(repr(error))
    return ", caused by ".join(said)


def _with_short_texts(logger: Any, method: str, event: Any) -> Any:
    return shortened(event)


def _in_short_lines(logger: Any, method: str, text: str) -> str:
    """For the console, an exception is formatted as lines already."""
    return "\n".join(line[: 2 * TEXT_LIMIT] for line in text.split("\n"))


def _without_links(logger: Any, method: str, line: str) -> str:
    """The last step, so that it sees each line as it is written."""
    return OPENS_SOMETHING.sub(r"\1…", line)
