"""The handlers of all commands, for sockets and for the HTTP API."""

from chat.commands import messages, people, registry, rooms  # noqa: F401  (they register)

registry.check()
