"""What version 1 of the contract is called, and how much of anything it allows."""

VERSION = 1
SUBPROTOCOL = "mediachat.v1"
FRAME_LIMIT = 64 * 1024
"""The largest frame that a client may send, in bytes."""
BODY_LIMIT = 20_000
"""The longest text of one message, in characters."""
PAGE_LIMIT = 200
"""The most messages in one page of history or in one ``changes`` event."""
