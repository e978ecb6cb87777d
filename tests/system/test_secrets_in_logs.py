"""What opens something is in no log: neither links, without a mail server, nor what people type."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.conftest import PASSWORD, Serve
from tests.support.live import Seeded, Server
from tests.support.outside import OutsideClient

ADDRESS = "member@example.org"
GIVE_ADDRESS = f"""
from allauth.account.models import EmailAddress
from accounts.models import User
member = User.objects.get(username="member")
member.email = "{ADDRESS}"
member.save()
EmailAddress.objects.create(user=member, email=member.email, verified=True, primary=True)
"""
PAGES = [
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/password/reset/key/1-abc-def/",
    "/accounts/password/reset/key/done/",
    "/accounts/email/",
    "/accounts/email",
    "/accounts/confirm-email/",
    "/accounts/confirm-email/abc:def/",
]
ENDPOINTS = [
    "/_allauth/app/v1/auth/password/request",
    "/_allauth/app/v1/auth/password/reset",
    "/_allauth/app/v1/auth/email/verify",
    "/_allauth/app/v1/auth/email/verify/resend",
    "/_allauth/app/v1/account/email",
]


class Developing(Server):
    """What ``make run`` runs once everything is installed."""

    def command(self) -> str:
        return f"DEBUG=1 exec .venv/bin/python manage.py prepare --port {self.port} --runserver"


@pytest.fixture
def developing(seeded: Seeded, tmp_path: Path) -> Iterator[Server]:
    server = Developing(seeded.copy(tmp_path / "data"))
    server.start()
    yield server
    server.stop()


def ask_for_a_link(http: httpx.Client) -> list[httpx.Response]:
    """Everywhere where a person could ask for one."""
    http.get("/accounts/login/")
    form = {"csrfmiddlewaretoken": http.cookies["csrftoken"], "email": ADDRESS}
    return [
        http.post("/accounts/password/reset/", data=form, headers={"Referer": str(http.base_url)}),
        http.post("/_allauth/app/v1/auth/password/request", json={"email": ADDRESS}),
    ]


def hold_no_links(server: Server) -> None:
    server.manage("shell", "-c", GIVE_ADDRESS)
    with httpx.Client(base_url=server.url) as http:
        unknown = http.get("/accounts/nothing-like-it/")
        for path in PAGES:
            for answer in (http.get(path), http.post(path, data={"email": ADDRESS})):
                assert answer.status_code == 404, path
        for path in ENDPOINTS:
            for answer in (http.get(path), http.post(path, json={"email": ADDRESS})):
                assert answer.status_code == 404, path
        if "DEBUG" not in server.command():
            assert http.get(PAGES[0]).text == unknown.text
        assert {answer.status_code for answer in ask_for_a_link(http)} == {404}
        sign_in = http.get("/accounts/login/").text
        assert "/password/reset" not in sign_in
        assert "Ask an administrator" in sign_in
        assert http.get("/accounts/").headers["Location"] == "/accounts/profile/"
    assert "/password/reset/key/" not in server.log.replace("/password/reset/key/…", "")
    assert "Content-Transfer-Encoding" not in server.log


@pytest.mark.once
def test_without_a_mail_server_nothing_asks_for_mail(serve: Serve) -> None:
    hold_no_links(serve())


@pytest.mark.once
def test_without_a_mail_server_make_run_prints_no_links(developing: Server) -> None:
    hold_no_links(developing)


@pytest.mark.once
def test_with_a_mail_server_a_link_is_mailed_and_not_logged(serve: Serve, tmp_path: Path) -> None:
    mail = tmp_path / "mail"
    server = serve(EMAIL_URL=f"filemail:///{mail}")
    server.manage("shell", "-c", GIVE_ADDRESS)
    with httpx.Client(base_url=server.url) as http:
        answers = ask_for_a_link(http)
        assert [answer.status_code for answer in answers] == [302, 200]
        assert "/accounts/password/reset/" in http.get("/accounts/login/").text
        text = "".join(each.read_text() for each in mail.iterdir())
        assert "Subject: Media Chat: Set a new password" in text
        assert f"Media Chat\n{server.url}/" in text
        link = re.search(r"/accounts/password/reset/key/([^/\s]+)/", text)
        assert link, text
        # Without the form's token, so that Django logs a link that works.
        assert httpx.post(server.url + link[0]).status_code == 403
        assert http.get(link[0]).status_code == 302
    assert "Forbidden" in server.log
    assert link[1] not in server.log
    assert link[1].partition("-")[2] not in server.log


async def test_the_most_talkative_log_has_nothing_that_opens_something(
    developing: Server,
) -> None:
    developing.stop()
    developing.environment["LOG_LEVEL"] = "DEBUG"
    developing.start()
    by_cookie = await OutsideClient(developing.url, "crowd0").sign_in_by_form()
    by_ticket = await OutsideClient(developing.url, "crowd0").sign_in()
    ticket = await by_ticket.ticket()
    for client in (await by_cookie.connect(), await by_ticket.connect(ticket=ticket)):
        await client.send(next(iter(client.rooms)), "between you and me")
        await client.disconnect()
    developing.stop()
    log = developing.log
    assert "HANDSHAKING" in log
    cookie = re.search(r"sessionid=(\w+)", by_cookie.cookies)
    assert cookie
    for secret in (PASSWORD, "argon2", ticket, by_ticket.token, cookie[1], "between you and me"):
        assert secret not in log
