"""Writes docs/protocol.md from the contract, so that the two cannot tell different stories."""

import inspect
import json
import types
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from chat import protocol
from chat.commands.registry import definition_of
from chat.management.protocol_words import (
    BROWSER,
    CLOSE_CODES,
    ERRORS,
    FRAMES,
    INTRODUCTION,
    PROMISES,
    WALK,
)
from chat.throttling import prices

OBJECTS: tuple[type[BaseModel], ...] = (
    protocol.Room,
    protocol.Unread,
    protocol.RoomRequest,
    protocol.Message,
    protocol.Quote,
    protocol.Attachment,
    protocol.Code,
    protocol.Server,
    protocol.Limits,
    protocol.Person,
    protocol.Me,
    protocol.Member,
    protocol.PersonalChange,
    protocol.Revision,
)


class Command(BaseCommand):
    help = "Writes docs/protocol.md from chat/protocol/; --check only says whether it is current."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        path = Path(settings.BASE_DIR) / "docs" / "protocol.md"
        text = reference()
        if not check:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
            self.stdout.write(f"Wrote {path}")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            raise CommandError("docs/protocol.md is out of date: run manage.py protocol_reference.")


def reference() -> str:
    """The whole page as Markdown."""
    sections = [
        INTRODUCTION.format(version=protocol.VERSION, subprotocol=protocol.SUBPROTOCOL),
        BROWSER,
        FRAMES.format(
            frame_limit=f"{protocol.FRAME_LIMIT:,}",
            body_limit=f"{protocol.BODY_LIMIT:,}",
            page_limit=protocol.PAGE_LIMIT,
            page_size=protocol.PAGE_SIZE,
            answer_size=f"{prices.ANSWER_SIZE:,}",
        ),
        WALK,
        "## Commands\n",
        *(_command(command) for command in protocol.COMMANDS),
        "## Events\n\nIgnore types and fields that you do not know.\n",
        *(_event(event) for event in protocol.EVENTS),
        "## Objects\n",
        *(_object(model) for model in OBJECTS),
        "## Errors\n",
        _table(("code", "when"), [(f"`{code}`", ERRORS[code]) for code in protocol.ErrorCode]),
        "## Closing codes\n",
        _table(
            ("code", "name", "what to do"),
            [
                (str(code), name.lower().replace("_", " "), CLOSE_CODES[code])
                for name, code in vars(protocol.CloseCode).items()
                if not name.startswith("_")
            ],
        ),
        PROMISES,
    ]
    return "\n".join(section.rstrip("\n") + "\n" for section in sections)


def wire_type(model: type[BaseModel]) -> str:
    """What ``type`` says on the wire for this command or event."""
    if issubclass(model, protocol.Event):
        return model.type
    return str(get_args(model.model_fields["type"].annotation)[0])


def _command(command: type[protocol.Command]) -> str:
    fields = {
        name: field for name, field in command.model_fields.items() if name not in ("type", "ref")
    }
    cost = f"\nIt costs {definition_of(command).price}."
    heading = f"### `{wire_type(command)}`\n"
    return "\n".join([heading, _words(command), _fields(fields), _reply(command.reply), cost, ""])


def _reply(reply: type[protocol.Reply] | None) -> str:
    if reply is None:
        return "There is no reply."
    if reply is protocol.Done:
        return "The reply adds nothing."
    return f"The reply: {_uncapitalized(_words(reply))}\n{_fields(reply.model_fields)}".rstrip("\n")


def _uncapitalized(words: str) -> str:
    return words[0].lower() + words[1:]


def _event(event: type[protocol.Event]) -> str:
    return "\n".join([f"### `{event.type}`\n", _words(event), _fields(event.model_fields), ""])


def _object(model: type[BaseModel]) -> str:
    return "\n".join([f"### {model.__name__}\n", _words(model), _fields(model.model_fields), ""])


def _words(model: type[BaseModel]) -> str:
    return inspect.cleandoc(model.__doc__ or "").replace("``", "`") + "\n"


def _fields(fields: dict[str, FieldInfo]) -> str:
    if not fields:
        return ""
    rows = [
        (
            f"`{name}`",
            _type(field.annotation, [*field.metadata]),
            "" if field.is_required() else f"`{_default(field)}`",
            (field.description or "").replace("``", "`").replace("\n", " "),
        )
        for name, field in fields.items()
    ]
    heads = ("field", "type", "default", "meaning")
    shown = [n for n in range(len(heads)) if n < 2 or any(row[n] for row in rows)]
    return _table(tuple(heads[n] for n in shown), [tuple(row[n] for n in shown) for row in rows])


def _default(field: FieldInfo) -> str:
    return json.dumps(field.get_default(call_default_factory=True))


def _type(annotation: Any, metadata: list[Any]) -> str:
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *more = get_args(annotation)
        return _type(inner, [*metadata, *more])
    if origin is protocol.Encoded:
        return _type(get_args(annotation)[0], metadata)
    if origin in (Union, types.UnionType):
        parts = [part for part in get_args(annotation) if part is not type(None)]
        return " or ".join([*(_type(part, metadata) for part in parts), "null"])
    if origin is list:
        return f"list of {_type(get_args(annotation)[0], [])}{_limits(metadata, 'items')}"
    if origin is dict:
        key, value = get_args(annotation)
        inner = f"object: {_type(key, [])} → {_type(value, [])}"
        return f"{inner}{_limits(metadata, 'items')}"
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in get_args(annotation))
    return f"{_name(annotation)}{_limits(metadata, 'characters')}"


def _name(annotation: Any) -> str:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return ", ".join(f"`{value}`" for value in annotation)
    return {
        UUID: "UUID",
        str: "text",
        int: "integer",
        float: "number",
        bool: "boolean",
        Any: "any JSON",
    }.get(annotation, "RFC 3339 time" if annotation.__name__ == "datetime" else str(annotation))


def _limits(metadata: list[Any], unit: str) -> str:
    """The bounds of a field, however pydantic keeps them."""
    found: dict[str, Any] = {}
    for item in metadata:
        for source in (item, *getattr(item, "metadata", ())):
            for bound in ("min_length", "max_length", "ge", "le"):
                if (value := getattr(source, bound, None)) is not None:
                    found[bound] = value
    words = []
    if "max_length" in found:
        least = f"{found['min_length']:,} to " if found.get("min_length") else "at most "
        words.append(f"{least}{found['max_length']:,} {unit}")
    if "ge" in found:
        words.append(f"from {found['ge']:,}")
    if "le" in found:
        words.append(f"to {found['le']:,}")
    return f", {' '.join(words)}" if words else ""


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}"]
    lines += [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    return "\n".join(lines) + "\n"
