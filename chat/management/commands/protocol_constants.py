"""Writes static/chat/protocol.js from the contract: what the client would otherwise type again."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from chat import protocol
from chat.management.commands.protocol_reference import wire_type
from chat.protocol import limits

HEADING = (
    "// Made from chat/protocol/ by `manage.py protocol_constants`. Change those files, not this "
    "one.\n"
)


class Command(BaseCommand):
    help = "Writes static/chat/protocol.js; --check only says whether it is current."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        path = Path(settings.BASE_DIR) / "static" / "chat" / "protocol.js"
        text = script()
        if not check:
            path.write_text(text, encoding="utf-8")
            self.stdout.write(f"Wrote {path}")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            raise CommandError("protocol.js is out of date: run manage.py protocol_constants.")


def script() -> str:
    """The whole file."""
    figures = [f"export const {name} = {json.dumps(value)};" for name, value in constants().items()]
    return "\n".join(
        [
            HEADING,
            *figures,
            "",
            *(_object(name, members) for name, members in objects().items()),
            "/** The names of all commands. */",
            "export const COMMANDS = Object.freeze([",
            *(f"  {json.dumps(wire_type(command))}," for command in protocol.COMMANDS),
            "]);",
            "",
        ]
    )


def constants() -> dict[str, int | str]:
    """What version 1 is called, and how much of anything it allows."""
    return {name: value for name, value in vars(limits).items() if name.isupper()}


def objects() -> dict[str, dict[str, int | str]]:
    """The closing codes and the errors, by their names."""
    codes = {name: code for name, code in vars(protocol.CloseCode).items() if name.isupper()}
    return {
        "CloseCode": codes,
        "ErrorCode": {code.name: code.value for code in protocol.ErrorCode},
    }


def _object(name: str, members: dict[str, int | str]) -> str:
    lines = [f"  {member}: {json.dumps(value)}," for member, value in members.items()]
    return "\n".join([f"export const {name} = Object.freeze({{", *lines, "});", ""])
