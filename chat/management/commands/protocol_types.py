"""Writes static/chat/protocol.d.ts from the contract, for the JavaScript client."""

import inspect
import json
import types
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from pydantic import BaseModel

from chat import protocol
from chat.management.commands.protocol_constants import constants, objects
from chat.management.commands.protocol_reference import OBJECTS, wire_type

HEADING = (
    "// Made from chat/protocol/ by `manage.py protocol_types`. Change those files, not this one.\n"
)
ENUMS: tuple[type[StrEnum], ...] = (
    protocol.ErrorCode,
    protocol.RoomKind,
    protocol.Role,
    protocol.AttachmentProblem,
    protocol.RemovalReason,
    protocol.PresenceState,
)
WIDTH = 96


class Command(BaseCommand):
    help = "Writes static/chat/protocol.d.ts; --check only says whether it is current."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        path = Path(settings.BASE_DIR) / "static" / "chat" / "protocol.d.ts"
        text = declarations()
        if not check:
            path.write_text(text, encoding="utf-8")
            self.stdout.write(f"Wrote {path}")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            raise CommandError("protocol.d.ts is out of date: run manage.py protocol_types.")


def declarations() -> str:
    """The whole file."""
    return "\n".join(
        [
            HEADING,
            *_constants(),
            *(_enum(enum) for enum in ENUMS),
            *(_interface(model, model.__name__) for model in OBJECTS),
            *(_interface(model, _command_name(model)) for model in protocol.COMMANDS),
            _union("Command", [_command_name(model) for model in protocol.COMMANDS]),
            *(_interface(model, model.__name__) for model in protocol.REPLIES),
            _union("Reply", [model.__name__ for model in protocol.REPLIES]),
            _requests(),
            *(_interface(model, _event_name(model)) for model in protocol.EVENTS),
            _union("Event", [_event_name(model) for model in protocol.EVENTS]),
        ]
    )


def _constants() -> list[str]:
    """What protocol.js exports: this file stands in front of it."""
    lines = [
        f"export const {name}: {'number' if isinstance(value, int) else 'string'};"
        for name, value in constants().items()
    ]
    for name, members in objects().items():
        fields = [f"  readonly {member}: {json.dumps(code)};" for member, code in members.items()]
        lines.append("\n".join(["", f"export const {name}: {{", *fields, "};"]))
    return [*lines, "", 'export const COMMANDS: readonly Command["type"][];', ""]


def _command_name(model: type[BaseModel]) -> str:
    return f"{model.__name__}Command"


def _event_name(model: type[BaseModel]) -> str:
    return f"{model.__name__.removesuffix('Event')}Event"


def _enum(enum: type[StrEnum]) -> str:
    return _union(enum.__name__, [json.dumps(member.value) for member in enum])


def _requests() -> str:
    """What each command is, and is answered with, by its name."""
    lines = [
        f"  {json.dumps(wire_type(model))}: {{ request: {_command_name(model)}; "
        f"reply: {model.reply.__name__ if model.reply else 'null'} }};"
        for model in protocol.COMMANDS
    ]
    words = "Each command by its name, with its reply: null where it is not answered."
    return "\n".join([_comment(words), "export interface Commands {", *lines, "}", ""])


def _union(name: str, members: list[str]) -> str:
    lines = "\n".join(f"  | {member}" for member in members)
    return f"export type {name} =\n{lines};\n"


def _interface(model: type[BaseModel], name: str) -> str:
    lines = [_comment(inspect.cleandoc(model.__doc__ or "")), f"export interface {name} {{"]
    is_command = issubclass(model, protocol.Command)
    if is_command or issubclass(model, protocol.Event):
        lines.append(f"  type: {json.dumps(wire_type(model))};")
    if issubclass(model, protocol.Reply):
        lines += ['  type: "reply";', "  ref: string;"]
    for field_name, field in model.model_fields.items():
        if field_name == "type":
            continue
        # What we send may leave out what has a default; what we are sent always has it, but for
        # what the server itself leaves out.
        can_be_missing = field.exclude_if or (is_command and not field.is_required())
        optional = "?" if can_be_missing else ""
        written = _type(field.annotation)
        if field.exclude_if and issubclass(model, protocol.Reply):
            written = written.removesuffix(" | null")  # it is left out instead
        lines.append(f"  {field_name}{optional}: {written};")
    return "\n".join([*lines, "}", ""])


def _comment(text: str) -> str:
    lines = text.replace("``", "`").splitlines()
    if len(lines) == 1 and len(lines[0]) < WIDTH:
        return f"/** {lines[0]} */"
    return "\n".join(["/**", *(f" * {line}".rstrip() for line in lines), " */"])


def _type(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(arguments[0])
    if origin is protocol.Encoded:
        return _type(arguments[0])
    if origin in (Union, types.UnionType):
        return " | ".join(_type(part) for part in arguments)
    if origin is list:
        return f"{_type(arguments[0])}[]"
    if origin is dict:
        return f"Record<string, {_type(arguments[1])}>"
    if origin is Literal:
        return " | ".join(json.dumps(value) for value in arguments)
    if annotation in ENUMS or annotation in OBJECTS:
        return str(annotation.__name__)
    plain = {bool: "boolean", int: "number", float: "number", type(None): "null", Any: "unknown"}
    return plain.get(annotation, "string")
