"""One device of a person, as docs/protocol.md tells programs to follow their own log."""

import asyncio
from collections.abc import Collection, Iterable
from typing import Any

from tests.support.outside import OutsideClient

Frame = dict[str, Any]


class PersonalDevice:
    """What a device holds of the person's own log. ``behind`` is True where it has to ask."""

    def __init__(self) -> None:
        self.version = 0
        self.values: dict[tuple[str, str], Any] = {}
        self.behind = False
        self.asking = False

    def greeted(self, ready: Frame) -> None:
        self.behind = ready["me_version"] != self.version

    def changed(self, event: Frame) -> None:
        """Takes a ``me.changed``."""
        if event["version"] <= self.version:
            return
        follows = event["version"] == self.version + 1 and event["changes"]
        if follows and not self.behind and not self.asking:
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
        assert len(versions) <= 500
        self._apply(reply["changes"])
        self.version = reply["version"]
        return bool(reply["more"])

    def _apply(self, changes: Iterable[Frame]) -> None:
        for change in changes:
            self.values[change["kind"], change.get("room") or change["key"]] = change["value"]


class DeviceClient(OutsideClient):
    """A person's program that follows their own log."""

    def __init__(self, url: str, username: str) -> None:
        super().__init__(url, username)
        self.device = PersonalDevice()
        self.asked = 0
        """How often it has asked for what it missed."""

    def _receive(self, frame: Frame) -> None:
        if frame["type"] == "ready":
            self.device.greeted(frame)
        elif frame["type"] == "me.changed":
            self.device.changed(frame)
        super()._receive(frame)

    async def follow(self) -> None:
        """Asks for what it knows to be missing."""
        device = self.device
        while device.behind:
            device.behind, device.asking = False, True
            self.asked += 1
            more = device.page(await self.command("me.sync", after=device.version))
            device.asking = False
            device.behind |= more

    async def reaches(self, version: int, seconds: float = 5) -> None:
        """Follows until it holds this version."""
        async with asyncio.timeout(seconds):
            while self.device.version < version:
                await self.follow()
                if self.device.version < version:
                    await self.until(
                        lambda: self.device.behind or self.device.version >= version, seconds
                    )

    @property
    def favorites(self) -> set[str]:
        return {key for (kind, key), on in self.device.values.items() if kind == "favorite" and on}


async def all_the_same(devices: Collection[DeviceClient], seconds: float = 5) -> set[str]:
    """Each of these holds what a fresh device of the person is told, which is returned."""
    first = next(iter(devices))
    fresh = DeviceClient(first.url, first.username)
    await fresh.sign_in()
    async with fresh:
        version = fresh.ready["me_version"]
        await fresh.follow()
        assert fresh.device.version == version
        # What its rooms say by themselves is no older.
        assert {room["id"] for room in fresh.ready["rooms"] if room["favorite"]} == fresh.favorites
        for each in devices:
            await each.reaches(version, seconds)
            assert each.device.version == version
            assert each.device.values == fresh.device.values
    return fresh.favorites
