"""Django's ``runserver`` on daphne, with the protocol's close codes."""

from typing import Any

import daphne.server
from daphne.management.commands.runserver import Command as DaphneCommand
from daphne.ws_protocol import WebSocketProtocol
from twisted.internet import reactor
from twisted.internet.task import deferLater

from chat import runtime
from chat.protocol import FRAME_LIMIT, CloseCode
from mediachat.server.daphne_http import StreamingServer
from mediachat.server.daphne_websockets import ClosingFactory

FAREWELL = 0.2
"""Seconds that the close frames have to leave before the process ends."""


class Server(StreamingServer):
    def run(self) -> None:
        # Daphne has no lifespan events.
        reactor.callWhenRunning(lambda: runtime.current().start())
        super().run()

    def kill_all_applications(self) -> Any:
        """Asks connected clients to reconnect, then ends like daphne."""
        for connection in self.connections:
            if isinstance(connection, WebSocketProtocol):
                connection.serverClose(CloseCode.RESTARTING)
        return deferLater(reactor, FAREWELL, super().kill_all_applications)


class Command(DaphneCommand):
    server_cls = Server

    def handle(self, *args: Any, **options: Any) -> None:
        # Daphne can be given a factory only by replacing it in this module.
        daphne.server.WebSocketFactory = ClosingFactory
        if options["websocket_max_message_size"] is None:
            options["websocket_max_message_size"] = FRAME_LIMIT
        super().handle(*args, **options)
