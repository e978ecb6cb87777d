"""Django's ``runserver`` on daphne, with the closing codes that the protocol names."""

from typing import Any

import daphne.server
from daphne.management.commands.runserver import Command as DaphneCommand
from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol
from twisted.internet import reactor
from twisted.internet.task import deferLater

from chat.protocol import FRAME_LIMIT, CloseCode
from mediachat.daphne_http import StreamingServer

FAREWELL = 0.2
"""Seconds that the close frames have to leave before the process ends."""


class ClosingProtocol(WebSocketProtocol):
    """A websocket that the application may close with any code.

    Autobahn's ``sendClose`` takes none of the standard's codes but 1000: it would raise for
    1009 and 1012, and leave open a socket to which the application listens no longer.
    """

    def serverClose(self, code: int | None = None) -> None:  # noqa: N802
        self.sendCloseFrame(code=code or 1000, isReply=False)


class ClosingFactory(WebSocketFactory):
    protocol = ClosingProtocol

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # What is too large, or no text, is told so by a closing code rather than cut off.
        self.setProtocolOptions(failByDrop=False)


class Server(StreamingServer):
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
