"""The fixed cast, their rooms, and the servers they meet on.

owner opened the rooms, member is in them, outsider is in none, suspended was in them until a
moderator suspended them, anonymous never signed in. Every action is tried by each.
"""

import functools
import logging
import os
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from tests import databases
from tests.databases.selection import select
from tests.databases.watch import watching
from tests.support.components import chromium, redis_server
from tests.support.costs import Costs
from tests.support.live import Redis, Seeded, Server, seed

if TYPE_CHECKING:
    from accounts.models import User
    from chat.models import Room

PASSWORD = "correct horse battery staple"

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # The pages of one browser share what they have compiled; see tests/browser/contexts.py.
    "--process-per-site",
]


def _sign_in_with_tokens() -> None:
    """Django's clients would put the session's key into the cookie, where it opens nothing."""
    from django.conf import settings
    from django.test import client

    from accounts.sessions.store import SessionStore

    mixin: Any = client.ClientMixin
    set_cookies = mixin._set_login_cookies

    def set_login_cookies(self: Any, request: Any) -> None:
        set_cookies(self, request)
        self.cookies[settings.SESSION_COOKIE_NAME] = request.session.token

    def session(self: Any) -> SessionStore:
        cookie = self.cookies.get(settings.SESSION_COOKIE_NAME)
        if cookie:
            return SessionStore.for_token(cookie.value)
        store = SessionStore()
        store.save()
        self.cookies[settings.SESSION_COOKIE_NAME] = store.token
        return store

    mixin._set_login_cookies = set_login_cookies
    mixin.session = property(session)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--costs",
        choices=["files", "tests"],
        help="Tell at the end how much CPU each file has taken, or each test too.",
    )


def pytest_configure(config: pytest.Config) -> None:
    if costs := config.getoption("--costs"):
        config.pluginmanager.register(Costs(each_test=costs == "tests"))
    _sign_in_with_tokens()
    # httpx would read the certificates of all authorities for each of its clients, which takes
    # longer than most requests: half of the time of all tests with servers.
    ssl.create_default_context = functools.lru_cache(ssl.create_default_context)  # type: ignore[assignment]
    # A test that runs make is not part of the make that runs the tests.
    for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
        os.environ.pop(name, None)
    # It names every request, and a failure's report would be nothing else.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    if databases.kind() == "mongodb":
        from pymongo import monitoring

        from tests.databases.emptying import written

        monitoring.register(written)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what another database need not be put through, and runs the browser's tests
    last: Playwright's event loop stays in the main thread from its first test on, and no test of
    ours can start a loop of its own under it."""
    selected = select(items)
    config.hook.pytest_deselected(items=[item for item in items if item not in selected])
    items[:] = selected
    items.sort(key=lambda item: "playwright" in getattr(item, "fixturenames", ()))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tells why a test was tried again: its second try may succeed, or fail for another reason."""
    for report in terminalreporter.stats.get("rerun", []):
        terminalreporter.section(f"The first try of {report.nodeid}", sep="_")
        terminalreporter.write_line(report.longreprtext)


# -- People and rooms in this process's test database -----------------------------------------


def person(username: str, **fields: Any) -> "User":
    from django.contrib.auth.hashers import make_password

    from accounts.models import User

    # In bulk, of which no signal tells: the audit log has what the test does, and nothing else.
    user = User(username=username, display_name=username.capitalize(), **fields)
    user.password = make_password(PASSWORD)
    return User.objects.bulk_create([user])[0]


@pytest.fixture
def owner(db: None) -> "User":
    return person("owner")


@pytest.fixture
def member(db: None) -> "User":
    return person("member")


@pytest.fixture
def outsider(db: None) -> "User":
    return person("outsider")


@pytest.fixture
def suspended(db: None) -> "User":
    return person("suspended", is_active=False)


@pytest.fixture
def anonymous() -> Any:
    from django.contrib.auth.models import AnonymousUser

    return AnonymousUser()


@pytest.fixture
def administrator(db: None) -> "User":
    return person("administrator", is_staff=True, is_superuser=True)


def _room(kind: str, name: str, owner: "User", *members: "User", **fields: Any) -> "Room":
    from chat.models import Membership, Room

    room = Room.objects.create(kind=kind, name=name, **fields)
    Membership.objects.create(room=room, user=owner, role=Membership.Role.OWNER)
    for user in members:
        Membership.objects.create(room=room, user=user)
    return room


@pytest.fixture
def private_room(owner: "User", member: "User", suspended: "User") -> "Room":
    return _room("private", "Plans", owner, member, suspended)


@pytest.fixture
def public_room(owner: "User", member: "User", suspended: "User") -> "Room":
    return _room("public", "Lobby", owner, member, suspended)


@pytest.fixture
def direct_room(owner: "User", member: "User") -> "Room":
    """In which both are: each has picked the other."""
    from chat.actions.rooms import open_room

    room, _ = open_room(owner, kind="direct", members=[member.username])
    open_room(member, kind="direct", members=[owner.username])
    return room


# -- The database in this process -------------------------------------------------------------


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    from tests.databases.emptying import as_migrated

    with django_db_blocker.unblock():
        emptying = as_migrated()
        emptying.__enter__()
    yield
    emptying.__exit__(None, None, None)


# -- Plans of queries --------------------------------------------------------------------------


@pytest.fixture(scope="session")
def newly_scanned(
    django_db_setup: None, django_db_blocker: Any
) -> Iterator[Callable[[], list[str]]]:
    """Asks for what the product has scanned since it was asked before."""
    from django.db import connection

    # A connection of its own: that of a test may be in the middle of anything.
    aside = connection.copy()
    with watching() as watch:

        def problems() -> list[str]:
            with django_db_blocker.unblock():
                return watch.problems(aside)

        yield problems
    with django_db_blocker.unblock():
        aside.close()


@pytest.fixture(autouse=True)
def _every_query_goes_by_an_index(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fails a test in which the product asks something for which its database has no index."""
    if not {"db", "transactional_db"} & set(request.fixturenames) and not (
        request.node.get_closest_marker("django_db")
    ):
        yield
        return
    newly_scanned = request.getfixturevalue("newly_scanned")
    yield
    found = newly_scanned()
    assert not found, "\n\n".join(found)


# -- Real servers -----------------------------------------------------------------------------


class Serve(Protocol):
    def __call__(
        self, *, data_of: Server | None = None, expect_errors: bool = False, **environment: str
    ) -> Server: ...


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    """A migrated database with the cast in it, which every server gets a copy of."""
    return seed(tmp_path_factory.mktemp("seed"))


@pytest.fixture
def empty_database(tmp_path: Path) -> Path:
    """A data directory whose database is empty."""
    databases.assign(tmp_path / "empty")
    return tmp_path / "empty"


@pytest.fixture
def serve(seeded: Seeded, tmp_path: Path) -> Iterator[Serve]:
    """Starts production servers with these settings; afterwards no log may hold an exception."""
    servers: list[tuple[Server, bool]] = []

    def start(
        *, data_of: Server | None = None, expect_errors: bool = False, **environment: str
    ) -> Server:
        data = data_of.data_dir if data_of else seeded.copy(tmp_path / f"data{len(servers)}")
        server = Server(data, environment)
        servers.append((server, expect_errors))
        server.start()
        return server

    yield start
    for server, _ in servers:
        server.stop()
    for server, expect_errors in servers:
        if not expect_errors:
            server.assert_no_exception_logged()


@pytest.fixture(scope="module")
def _shared_server(seeded: Seeded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = seeded.copy(tmp_path_factory.mktemp("server") / "data")
    server = Server(data, {"RATE_LIMITS": "off", "HEARTBEAT": "2"})
    server.start()
    yield server
    server.stop()


@pytest.fixture
def server(_shared_server: Server) -> Iterator[Server]:
    """One server for the tests of a file, which leave it as they found it; what one file leaves
    behind, rooms with the oddest names for one, is not what another expects."""
    seen = len(_shared_server.log)
    yield _shared_server
    _shared_server.assert_no_exception_logged(since=seen)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    process = Redis(redis_server(), tmp_path / "redis")
    process.start()
    yield process
    process.stop()


# -- A real browser ---------------------------------------------------------------------------


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return browser_type_launch_args | {
        "executable_path": chromium(),
        "args": CHROMIUM_ARGUMENTS,
    }
