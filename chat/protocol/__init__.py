"""The contract between the server and every client, version 1.

What a client may send is a command; what the server sends is a reply, an error or an event.
This package names them all and knows nothing of Django: docs/protocol.md is generated from it
(``manage.py protocol_reference``), and clients in other languages can be generated from the
same models.

Commands forbid unknown fields, so that a misspelt option is an answer and not a silence.
Clients ignore what they do not know, so that this contract can grow.
"""

from chat.protocol.commands import *  # noqa: F403
from chat.protocol.errors import *  # noqa: F403
from chat.protocol.events import *  # noqa: F403
from chat.protocol.frames import *  # noqa: F403
from chat.protocol.limits import *  # noqa: F403
from chat.protocol.objects import *  # noqa: F403
from chat.protocol.replies import *  # noqa: F403
