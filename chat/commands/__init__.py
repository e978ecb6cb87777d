"""What is done for each command: for sockets and for the HTTP API alike."""

from chat.commands import messages, people, registry, rooms  # noqa: F401  (they register)

registry.check()
