"""Every command in a form that is right, and the same with something odd in one of its texts.

Made from the models of the protocol, so that a new command or field is there by itself.
"""

import copy
import uuid
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, TypeAdapter

NUL = "a\0b"
HALF = "a\ud800b"
"""Half of a character, which JSON can say and UTF-8 cannot."""

Path = tuple[str | int, ...]


def example(model: type[BaseModel]) -> dict[str, Any]:
    """Fields that this model takes, with something in each that may be given."""
    schema = TypeAdapter(model).json_schema()
    found = _example(schema, schema.get("$defs", {}))
    assert isinstance(found, dict)
    return found


def _example(schema: dict[str, Any], known: dict[str, Any]) -> Any:
    if "$ref" in schema:
        return _example(known[schema["$ref"].rpartition("/")[2]], known)
    if "anyOf" in schema:
        return _example(schema["anyOf"][0], known)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    match schema["type"]:
        case "string":
            if schema.get("format") == "uuid":
                return str(uuid.UUID(int=7))
            # An id of Git is as long as a hash, a commit also shorter.
            return "abcdef01" * 5 if "{40}" in schema.get("pattern", "") else "abcdef0"
        case "integer":
            return max(1, schema.get("minimum", 1))
        case "boolean":
            return True
        case "array":
            return [_example(schema["items"], known)]
        case "object" if "properties" in schema:
            return {name: _example(each, known) for name, each in schema["properties"].items()}
        case "object":
            value = schema.get("additionalProperties", {})
            return {str(uuid.UUID(int=8)): _example(value, known)}
    raise AssertionError(f"No example is known of {schema}")


def with_odd_text(value: Any, odd: str) -> Iterator[tuple[Path, Any]]:
    """This value once for each text in it, keys of dictionaries too, with that text odd; and
    where that is. The fields of commands are no texts of anyone's, nor is their type."""
    for path in _texts(value, ()):
        changed = copy.deepcopy(value)
        *way, last = path
        inner = changed
        for step in way:
            inner = inner[step]
        if last == "a key":
            key = next(iter(inner))
            inner[key[:-1] + odd] = inner.pop(key)
        else:
            inner[last] = inner[last][:3] + odd
        yield path, changed


def _texts(value: Any, path: Path) -> Iterator[Path]:
    if isinstance(value, str):
        yield path
    elif isinstance(value, list):
        for at, each in enumerate(value):
            yield from _texts(each, (*path, at))
    elif isinstance(value, dict):
        if any(len(key) == 36 for key in value):
            yield (*path, "a key")
        for key, each in value.items():
            yield from _texts(each, (*path, key))
