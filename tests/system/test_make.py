"""The two commands of the README on an empty database of each kind: nothing else has to change."""

import re
from pathlib import Path

import httpx
import pytest

from tests.support.live import Server


class Made(Server):
    """What a make target serves, from the empty database on."""

    target = ""

    def command(self) -> str:
        # The target's first line migrates; the server's own process comes in the end.
        return f"exec make --no-print-directory {self.target} PORT={self.port}"


@pytest.mark.parametrize("target", ["run", "serve"])
def test_make_alone_prepares_the_database_and_serves(target: str, empty_database: Path):
    server = Made(empty_database)
    server.target = target
    server.start(wait=False)
    try:
        server.wait_until_healthy(90)
        link = re.search(r"http://\S+/accounts/first-administrator/\S+", server.log)
        assert link, server.log
        with httpx.Client(base_url=server.url, follow_redirects=True) as http:
            path = link[0].removeprefix(server.url)
            page = http.get(path)
            token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
            assert token
            answer = http.post(
                path,
                data={
                    "csrfmiddlewaretoken": token[1],
                    "username": "first",
                    "password": "correct horse battery staple",
                    "again": "correct horse battery staple",
                },
                headers={"Referer": server.url},
            )
            assert answer.status_code == 200, answer.text
            people = http.get("/admin/accounts/user/")
            assert people.url.path == "/admin/accounts/user/", "asked to sign in"
            assert "first" in people.text
    finally:
        server.stop()
    server.assert_no_exception_logged()
