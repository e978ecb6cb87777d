"""The protocol between the server and every client, version 1.

A client sends commands; the server sends replies, errors and events. This package defines them all
without importing Django: docs/protocol.md is generated from it (``manage.py protocol_reference``),
and clients in other languages can be generated from the same models.

Commands forbid unknown fields, so that a misspelt option is an error instead of being ignored.
Clients ignore what they do not know, so that the protocol can grow.
"""

from chat.protocol.commands import *  # noqa: F403
from chat.protocol.errors import *  # noqa: F403
from chat.protocol.events import *  # noqa: F403
from chat.protocol.frames import *  # noqa: F403
from chat.protocol.limits import *  # noqa: F403
from chat.protocol.objects import *  # noqa: F403
from chat.protocol.replies import *  # noqa: F403
