"""Reads settings from the environment, or from files that it names."""

import json
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

ON = frozenset({"on", "true", "yes", "1"})
OFF = frozenset({"off", "false", "no", "0", ""})
KINDS = {bool: "on or off", int: "a whole number", float: "a number", json.loads: "JSON"}


class Environment(environ.FileAwareEnv):
    """django-environ, with the setting's name in every error.

    Strips the line break at the end of a file.
    """

    def get_value(self, var: str, cast: Any = None, *args: Any, **kwargs: Any) -> Any:
        try:
            value = super().get_value(var, cast, *args, **kwargs)
        except ValueError as error:
            raise ImproperlyConfigured(f"{var} has to be {KINDS[cast]}.") from error
        except OSError as error:
            raise ImproperlyConfigured(f"{var}_FILE cannot be read: {error}") from error
        return value.strip() if isinstance(value, str) else value

    @classmethod
    def parse_value(cls, value: Any, cast: Any) -> Any:
        # django-environ reads a misspelt "on" as "off", which would disable HTTPS.
        if cast is bool and value.strip().lower() not in ON | OFF:
            raise ValueError(value)
        return super().parse_value(value, cast)

    def mail_server(self, var: str) -> dict[str, Any]:
        """Returns Django's settings for this mail server's address."""
        try:
            return dict(self.email_url(var))
        except (ImproperlyConfigured, ValueError) as error:
            raise ImproperlyConfigured(
                f"{var} is no address of a mail server, such as smtp+tls://name:password@host:587."
            ) from error
