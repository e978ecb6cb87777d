"""The version and the limits of the protocol."""

VERSION = 1
SUBPROTOCOL = "mediachat.v1"
FRAME_LIMIT = 64 * 1024
"""The largest frame that a client may send, in bytes."""
BODY_LIMIT = 20_000
"""The longest text of one message, in characters."""
CONTEXT_LINES = 3
"""The most lines before, and after, shared lines of code that go along."""
CONTEXT_LIMIT = 1_000
"""Bytes of UTF-8 that these lines may have, before and after the shared ones each."""
ATTACHMENTS_LIMIT = 20
"""The most files of one message."""
PAGE_LIMIT = 200
"""The most messages in one page of history or in one ``changes`` event."""
PERSONAL_PAGE_LIMIT = 500
"""The most changes in one answer to ``me.sync``."""
PAGE_SIZE = 256 * 1024
"""Bytes of JSON after which such a page ends before ``PAGE_LIMIT``; a message that is larger by
itself is a page of its own. A quarter of what may wait for a slow peer: two pages and all that
happens meanwhile fit, and six pages of the largest messages at once are a few megabytes. 200
messages of 1,000 characters fit."""
