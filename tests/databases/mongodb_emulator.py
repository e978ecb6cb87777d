"""Serves an emulator of MongoDB on a port, in a Python of its own: ``PORT [VERSION [USER]]``.

It says that it is this version, and with a user, whose password is ``secret``, it wants to know
who is there.

It is mongoeco, which keeps everything in memory and is far slower than MongoDB: good for tests of
behaviour, never of load. It needs Python 3.13, so it has an environment of its own
(``make test-mongodb``). Where MongoDB does more than it does, what we need is bridged here.
"""

import asyncio
import gc
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from types import CodeType, ModuleType
from typing import Any

Document = dict[str, Any]
VERSION = "8.0"


BRIDGED = {
    # MongoDB takes several indexes on the same fields when their filters differ.
    'if index["key"] == normalized_keys:': 'if index["key"] == normalized_keys '
    'and index.get("partial_filter_expression") == partial_filter_expression:',
}
QUICKER = {
    # Whether values are taken is asked of the index, on several fields too, where it would
    # read the whole collection for each insert: a hundred thousand would take days.
    "and len(fields) == 1\n                and index.get": "and index.get",
    "return {self._index_key(document, fields)}": "return self._unique_index_keys("
    "document, fields)",
    "scan_payload_id=len(documents) == 1,": "scan_payload_id=False,",
    # And whatever is counted may be as many.
    "aggregation_materialization_limit: int | None = 50_000,": "aggregation_materialization_limit"
    ": int | None = None,",
}
JOINED = {
    # What a look-up joins is found by the hash of the field that is compared, also where it has
    # a pipeline, as all of Django's have: it would compare, and copy, each document with each.
    'if "pipeline" not in lookup:': 'if "foreignField" in lookup:',
    " max_associations=lookup_hash_max_associations,": " max_associations=10**9,",
    "result: list[Document] = []": "equal = Equal(lookup, foreign_documents, dialect)\n"
    "    result: list[Document] = []",
    "for candidate in candidate_documents],": "for candidate in "
    "equal.among(candidate_documents, scoped)],",
}
COMPARED = {
    # Values of one plain type are compared as Python compares them only where it emulates 7.0,
    # though 8.0 compares them alike: a fifth of its work was to find that out.
    "dialect is MONGODB_DIALECT_70": "True",
}
CHANGED = {
    "mongoeco.core._filtering_matching": COMPARED,
    "mongoeco.core.sorting": COMPARED,
    "mongoeco.engines.memory": BRIDGED | QUICKER,
    "mongoeco.engines._sqlite_index_admin": BRIDGED,
    "mongoeco.core.aggregation.join_stages": JOINED,
}


class Changed(importlib.machinery.SourceFileLoader):
    """A module of the emulator with some words replaced."""

    def get_code(self, fullname: str) -> CodeType:
        source = self.get_data(self.path).decode()
        for theirs, ours in CHANGED[fullname].items():
            if theirs not in source:
                raise ImportError(f"{self.path} is not the version that this file bridges.")
            source = source.replace(theirs, ours)
        return self.source_to_code(source.encode(), self.path)


class Finder(importlib.abc.MetaPathFinder):
    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name not in CHANGED:
            return None
        found = importlib.machinery.PathFinder.find_spec(name, path)
        assert found and found.origin
        return importlib.util.spec_from_file_location(
            name, found.origin, loader=Changed(name, found.origin)
        )


# -- What a look-up joins ---------------------------------------------------------------------


class Equal:
    """The documents of a look-up that a variable of its pipeline may equal in some field."""

    def __init__(self, lookup: Document, documents: list[Document], dialect: Any) -> None:
        stages = lookup.get("pipeline") or [{}]
        self._compared = list(compared(stages[0].get("$match"), lookup.get("let") or {}))
        self._documents = documents
        self._dialect = dialect
        self._plans: dict[str, Any] = {}

    def among(self, candidates: list[Document], variables: Any) -> list[Document]:
        """Those candidates for which the pipeline's first condition may hold. It decides itself."""
        if candidates is not self._documents:
            return candidates
        for field, name in self._compared:
            value = variables[name]
            if isinstance(value, list | dict):
                continue
            indices = self._plan(field).candidate_indices([value])
            if indices is not None:
                return [candidates[index] for index in indices]
        return candidates

    def _plan(self, field: str) -> Any:
        import mongoeco.core.aggregation.join_stages as join_stages

        if field not in self._plans:
            self._plans[field] = join_stages.build_bounded_lookup_hash_plan(
                self._documents,
                field,
                document_getter=unchanged,
                dialect=self._dialect,
                collation=None,
                max_associations=10**9,
            )
        return self._plans[field]


def compared(condition: Any, variables: Document) -> Iterator[tuple[str, str]]:
    """The pairs of a field and a variable that are equal wherever this condition holds."""
    for name, operand in condition.items() if isinstance(condition, dict) else ():
        if name == "$expr":
            yield from compared(operand, variables)
        elif name == "$and":
            for each in operand:
                yield from compared(each, variables)
        elif name == "$eq" and all(isinstance(each, str) for each in operand):
            variable, field = sorted(operand, key=lambda each: not each.startswith("$$"))
            is_pair = variable[2:] in variables and field.startswith("$")
            if is_pair and not field.startswith("$$"):
                yield field[1:], variable[2:]


# -- What commands say ------------------------------------------------------------------------


def expression(value: Any) -> Any:
    """``$not`` within an expression."""
    if isinstance(value, list):
        return [expression(each) for each in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        (name, operand), *_ = value.items()
        if name == "$not":
            operand = operand[0] if isinstance(operand, list) and len(operand) == 1 else operand
            return {"$cond": [expression(operand), False, True]}
        if name in ("$literal", "$const"):
            return value
    return {name: expression(operand) for name, operand in value.items()}


def condition(value: Any) -> Any:
    """Expressions within the conditions of a query."""
    if isinstance(value, list):
        return [condition(each) for each in value]
    if not isinstance(value, dict):
        return value
    bridge: Callable[[Any], Any]
    bridged = {}
    for name, operand in value.items():
        if name == "$expr":
            bridge = expression
        elif name in ("$and", "$or", "$nor"):
            bridge = condition
        else:
            bridge = unchanged
        bridged[name] = bridge(operand)
    return bridged


def unchanged(value: Any) -> Any:
    return value


def projection(fields: Document) -> Document:
    """Nested fields of a projection, each by its path."""
    flat: Document = {}
    for name, value in fields.items():
        nested = isinstance(value, dict) and value and not any(k.startswith("$") for k in value)
        if nested:
            flat |= {f"{name}.{inner}": each for inner, each in projection(value).items()}
        else:
            flat[name] = expression(value)
    return flat


def pipeline(stages: Any) -> Any:
    return [stage(each) if isinstance(each, dict) else each for each in stages]


def stage(value: Document) -> Document:
    ((name, body),) = value.items()
    if name == "$match":
        body = condition(body)
    elif name in ("$project", "$addFields", "$set"):
        body = projection(body)
    elif name in ("$lookup", "$unionWith") and isinstance(body, dict):
        bridges: dict[str, Callable[[Any], Any]] = {"pipeline": pipeline, "let": expression}
        body = {key: bridges.get(key, unchanged)(part) for key, part in body.items()}
    elif name == "$facet":
        body = {key: pipeline(stages) for key, stages in body.items()}
    else:
        body = expression(body)
    return {name: body}


def command(body: Document) -> Document:
    name = next(iter(body))
    if name in ALIASES:
        body = {ALIASES.get(key, key): value for key, value in body.items()}
        name = ALIASES[name]
    body = dict(body)
    if name == "aggregate":
        body["pipeline"] = pipeline(body["pipeline"])
    elif name == "find" and "filter" in body:
        body["filter"] = condition(body["filter"])
    elif name == "count" and "query" in body:
        body["query"] = condition(body["query"])
    elif name == "update":
        body["updates"] = [
            {
                **update,
                "q": condition(update["q"]),
                "u": pipeline(update["u"]) if isinstance(update["u"], list) else update["u"],
            }
            for update in body["updates"]
        ]
    elif name == "delete":
        body["deletes"] = [{**each, "q": condition(each["q"])} for each in body["deletes"]]
    return body


ALIASES = {"buildinfo": "buildInfo", "findandmodify": "findAndModify"}


async def serve(port: int, version: str = VERSION, *users: str) -> None:
    import mongoeco.api._async.database_commands as commands
    import mongoeco.core.aggregation.join_stages as join_stages
    import mongoeco.wire.executor as executor
    from mongoeco.wire import AsyncMongoEcoProxyServer
    from mongoeco.wire.auth import WireAuthUser
    from mongoeco.wire.handshake import WireHandshakeService

    build_info = commands.build_info_result
    build_request = executor.build_request_context
    build_hello = WireHandshakeService.build_hello_response
    address = f"127.0.0.1:{port}"

    def bridged_request(body: Document, **options: Any) -> Any:
        return build_request(command(body), **options)

    def hello_of_a_replica_set(self: Any, **options: Any) -> Document:
        # A driver writes with retries only to a replica set.
        members = {"hosts": [address], "me": address, "primary": address, "secondary": False}
        return build_hello(self, **options) | {"setName": "rs0", "setVersion": 1} | members

    def info_of_that_version(dialect: Any) -> Any:
        major, minor = map(int, version.split("."))
        return replace(build_info(dialect), version=version, version_array=(major, minor, 0, 0))

    join_stages.Equal = Equal
    executor.build_request_context = bridged_request
    commands.build_info_result = info_of_that_version
    WireHandshakeService.build_hello_response = hello_of_a_replica_set
    known = tuple(WireAuthUser(user, "secret") for user in users)
    server = AsyncMongoEcoProxyServer(port=port, mongodb_dialect=VERSION, auth_users=known)
    await server.start()
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    sys.meta_path.insert(0, Finder())
    # Most of what it allocates are documents that stay: looking for cycles among them finds none.
    gc.set_threshold(200_000, 50, 1000)
    asyncio.run(serve(int(sys.argv[1]), *sys.argv[2:]))
