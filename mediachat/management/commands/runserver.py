"""Django's ``runserver`` on daphne, with the closing codes that the protocol names."""

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
        # Daphne tells applications of no start.
        reactor.callWhenRunning(lambda: runtime.current().start())
        super().run()

    def kill_all_applications(self) -> Any:
        """Tells whoever is connected to come back, then ends as daphne does."""
        for connection in self.connections:
            if isinstance(connection, WebSocketProtocol):
                connection.serverClose(CloseCode.RESTARTING)
        return deferLater(reactor, FAREWELL, super().kill_all_applications)


class Command(DaphneCommand):
    server_cls = Server

    def handle(self, *args: Any, **options: Any) -> None:
        # Daphne names its factory nowhere but in this module.
        daphne.server.WebSocketFactory = ClosingFactory
        if options["websocket_max_message_size"] is None:
            options["websocket_max_message_size"] = FRAME_LIMIT
        super().handle(*args, **options)
