"""Parses frames into commands, and encodes replies, errors and events as frames."""

import json
from collections.abc import Callable, Iterable
from functools import reduce
from operator import or_
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, TypeAdapter, ValidationError

from chat.protocol.commands import COMMANDS
from chat.protocol.errors import ErrorCode, FrameError
from chat.protocol.limits import PAGE_SIZE
from chat.protocol.objects import Room

_BY_TYPE: dict[str, TypeAdapter[Any]] = {
    command.model_fields["type"].annotation.__args__[0]: TypeAdapter(command)  # type: ignore[union-attr]
    for command in COMMANDS
}

_ANY: TypeAdapter[Any] = TypeAdapter(
    Annotated[reduce(or_, COMMANDS), Field(discriminator="type")]  # type: ignore[arg-type]
)


def parse(text: str) -> Any:
    """Parses a frame into its command.

    Raises:
        FrameError: it is not JSON, not an object, of no known type, or its fields are wrong.
    """
    try:
        return _ANY.validate_json(text)
    except (ValueError, RecursionError):
        return _parse_closely(text)


def _parse_closely(text: str) -> Any:
    """Parses in steps, to find out what is wrong with an invalid frame."""
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):
        raise FrameError("This frame is not JSON.") from None
    if not isinstance(frame, dict):
        raise FrameError("A frame is one JSON object.")
    ref = frame.get("ref")
    ref = ref if isinstance(ref, str) and len(ref) <= 200 else ""
    kind = frame.get("type")
    adapter = _BY_TYPE.get(kind) if isinstance(kind, str) else None
    if adapter is None:
        raise FrameError("There is no command of this type.", ref)
    try:
        return adapter.validate_python(frame)
    except ValidationError as error:
        raise FrameError(explain(error), ref) from None
    except RecursionError:
        raise FrameError("This frame is nested too deeply.", ref) from None


def explain(error: ValidationError) -> str:
    """Describes the first mistake in one line, without repeating the input."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}"[:300] if where else str(first["msg"])[:300]


# Messages are encoded once, and frames are joined around them as text: a message that goes to a
# thousand people, into a reply and into its room's recent changes is encoded once.


def message_frame(room: UUID, position: int, message: str) -> str:
    """Encodes a ``message`` event around a message that is JSON already."""
    return f'{{"type":"message","room":"{room}","position":{position},"message":{message}}}'


def changes_frame(
    room: UUID, messages: Iterable[str], position: int, *, more: bool = False, reset: bool = False
) -> str:
    """Encodes a ``changes`` event around messages that are JSON already."""
    return (
        f'{{"type":"changes","room":"{room}","messages":[{",".join(messages)}],'
        f'"position":{position},"more":{_flag(more)},"reset":{_flag(reset)}}}'
    )


def page_end(sizes: Iterable[int], limit: int = PAGE_SIZE) -> int:
    """Returns how many of the items of these sizes fit into one page: at least one, if there is
    any.
    """
    count = 0
    for size in sizes:
        limit -= size
        if limit < 0 and count:
            break
        count += 1
    return count


def wire_size(message: str) -> int:
    """Returns the bytes of a text in UTF-8."""
    return len(message) if message.isascii() else len(message.encode())


SEEN_DIFFERENTLY = {"number", "position", "read", "role", "put_away", "favorite"}
"""What of a room depends on who sees it, or on when."""


def room_encoder(room: Room) -> Callable[[Room], str]:
    """Returns an encoder for ``room`` events of one room as several people see it: it encodes the
    shared parts, mainly the members, once.
    """
    shared = room.model_dump_json(exclude=SEEN_DIFFERENTLY)

    def encode(seen: Room) -> str:
        own = seen.model_dump_json(include=SEEN_DIFFERENTLY)
        return f'{{"type":"room","room":{shared[:-1]},{own[1:]}}}'

    return encode


def message_reply(ref: str, position: int, message: str) -> str:
    """Encodes the reply to ``message.send`` (``MessageReply``), around a message that is JSON
    already.
    """
    return f'{{"type":"reply","ref":{json.dumps(ref)},"position":{position},"message":{message}}}'


def error(ref: str, code: ErrorCode, detail: str) -> str:
    """Encodes the error for a command that failed."""
    return json.dumps(
        {"type": "error", "ref": ref, "code": code, "detail": detail}, separators=(",", ":")
    )


def joined(frames: list[str]) -> str:
    """Joins several events into one frame, to be processed in order."""
    return frames[0] if len(frames) == 1 else f"[{','.join(frames)}]"


def _flag(value: bool) -> str:
    return "true" if value else "false"
