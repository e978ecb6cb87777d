"""uvicorn's websockets with a short way for a frame that goes to many."""

import struct
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State

TEXT = 0x81
"""The first byte of a frame that is a whole text."""


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """The server's frames are not masked, so a text is the same bytes for everyone.

    uvicorn makes them anew for each peer, which costs as much as the system call that sends
    them.
    """

    def write_text(self, message: dict[str, Any]) -> bool:
        """Writes this ``websocket.send`` now, if nothing has to be waited for or negotiated.

        Its bytes are kept in it for the next peer. False: it has to go through ``send``.
        """
        if (
            not self.handshake_complete
            or self.disconnected
            or self.close_sent
            or self.conn.state is not State.OPEN
            or self.conn.extensions
            or not self.writable.is_set()
        ):
            return False
        if "wire" not in message:
            message["wire"] = _frame(message["text"].encode())
        self.transport.write(message["wire"])
        return True


def _frame(payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return struct.pack("!BB", TEXT, size) + payload
    if size < 65_536:
        return struct.pack("!BBH", TEXT, 126, size) + payload
    return struct.pack("!BBQ", TEXT, 127, size) + payload
