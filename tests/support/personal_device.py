"""One device of a person, as docs/protocol.md tells programs to follow their log."""

from collections.abc import Iterable
from typing import Any

Frame = dict[str, Any]


class PersonalDevice:
    """What a device holds of the person's own log. ``behind`` is True where it has to ask."""

    def __init__(self) -> None:
        self.version = 0
        self.values: dict[tuple[str, str], Any] = {}
        self.behind = False

    def changed(self, event: Frame) -> None:
        """Takes a ``me.changed``."""
        if event["version"] <= self.version:
            return
        if event["version"] == self.version + 1 and event["changes"]:
            self._apply(event["changes"])
            self.version = event["version"]
        else:
            self.behind = True

    def page(self, reply: Frame) -> bool:
        """Takes an answer to ``me.sync``; whether to ask again from where this stands then."""
        if reply["reset"]:
            self.values, self.version = {}, 0
        versions = [change["version"] for change in reply["changes"]]
        assert versions == sorted(set(versions)), versions
        assert all(version > self.version for version in versions), (self.version, versions)
        self._apply(reply["changes"])
        self.version = reply["version"]
        self.behind = bool(reply["more"])
        return self.behind

    def _apply(self, changes: Iterable[Frame]) -> None:
        for change in changes:
            self.values[change["kind"], change.get("room") or change["key"]] = change["value"]
