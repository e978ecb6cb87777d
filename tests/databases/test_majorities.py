"""What the product asks of a replica set, as it goes over the wire."""

from typing import Any

from django.db import connections
from pymongo import MongoClient, monitoring

from mediachat.databases.copy_database import connect
from tests import databases


class Heard(monitoring.CommandListener):
    def __init__(self) -> None:
        self.commands: dict[str, Any] = {}

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        self.commands[event.command_name] = event.command

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        pass

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        pass


def commands(url: str) -> dict[str, Any]:
    """What a client sends that is made as Django's backend makes it."""
    backend: Any = connections[connect(f"majorities {url}", url)]
    heard = Heard()
    client: MongoClient[Any]
    with MongoClient(**backend.get_connection_params(), event_listeners=[heard]) as client:
        rows = client[backend.settings_dict["NAME"]]["rows"]
        rows.insert_one({"_id": 1})
        rows.update_one({"_id": 1}, {"$set": {"a": 1}})
        rows.find_one_and_update({"_id": 1}, {"$inc": {"a": 1}})
        assert list(rows.aggregate([{"$match": {"a": 2}}])) == [{"_id": 1, "a": 2}]
        rows.delete_one({"_id": 1})
    return heard.commands


def test_writes_wait_for_a_majority_and_reads_follow_it(mongodb):
    heard = commands(databases.create(mongodb))
    for name in ("insert", "update", "findAndModify", "delete"):
        assert heard[name]["writeConcern"]["w"] == "majority", name
        assert heard[name]["writeConcern"]["wtimeout"], name
    assert heard["aggregate"]["readConcern"] == {"level": "majority"}
    # From the primary, which has every write that it has acknowledged.
    assert heard["aggregate"].get("$readPreference", {"mode": "primary"}) == {"mode": "primary"}


def test_what_the_address_says_wins(mongodb):
    heard = commands(f"{databases.create(mongodb)}&w=1")
    assert heard["insert"]["writeConcern"]["w"] == 1
