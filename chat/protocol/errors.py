"""Errors of a command, of a frame, and of a connection."""

from enum import StrEnum


class ErrorCode(StrEnum):
    BAD_REQUEST = "bad_request"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    TOO_LARGE = "too_large"
    RATE_LIMITED = "rate_limited"
    UNSUPPORTED_MEDIA = "unsupported_media"
    QUOTA_EXCEEDED = "quota_exceeded"
    SERVER_ERROR = "server_error"


class ChatError(Exception):
    """A command failed, and nothing has been changed.

    ``code`` is for programs, ``detail`` for people: it says what to do next, and never whether
    something exists that the person may not see.
    """

    def __init__(self, code: ErrorCode, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class CloseCode:
    """The reason why the server closed a socket. Every other code means: reconnect and ``sync``."""

    FRAME_TOO_LARGE = 1009
    RESTARTING = 1012
    WRONG_PROTOCOL = 4400
    NOT_SIGNED_IN = 4401
    BANNED = 4403
    TOO_SLOW = 4408
    TOO_FAST = 4429


class FrameError(ChatError):
    """A frame that is no command; ``ref`` is the client's own, if it could be read."""

    def __init__(self, detail: str, ref: str = "", code: ErrorCode = ErrorCode.BAD_REQUEST) -> None:
        super().__init__(code, detail)
        self.ref = ref
