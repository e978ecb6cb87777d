"""Every page of allauth that can be reached is ours: our look, our words, our times."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from allauth import urls as stock_urls
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.conf import settings as given
from django.core.cache import cache
from django.template.loader import get_template
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, reverse

from accounts.models import User
from chat.models import Room
from tests.conftest import PASSWORD

pytestmark = pytest.mark.once

OURS = Path(given.BASE_DIR) / "templates"
STOCK = re.compile(
    r"Two-Factor|Confirm Access|reauthenticate|Activate|Deactivate|Authenticator App"
    r"|Current Password|New Password|yielded into|reset your filters"
    r"|Recovery Codes|[Aa]uthenticator (app|code|secret)|Sign In|Sign Out|Email Address|Alternative"
)


def patterns(found: Any) -> Iterator[URLPattern]:
    for each in found:
        if isinstance(each, URLPattern):
            yield each
        else:
            yield from patterns(each.url_patterns)


def templates() -> Iterator[str]:
    """What the pages of allauth's addresses are made from."""
    for pattern in patterns(stock_urls.urlpatterns):
        view = getattr(pattern.callback, "view_class", None)
        for name, value in vars(view).items() if view else ():
            if name.startswith("template_name") and isinstance(value, str):
                yield value


def text_of(answer: Any) -> str:
    page = re.sub(r"(?s)<(script|style|head).*?</\1>", " ", answer.content.decode())
    return re.sub(r"<[^>]+>", " ", page)


def assert_ours(answer: Any) -> None:
    page = answer.content.decode()
    assert "accounts/accounts.css" in page
    assert " Media Chat</title>" in page
    assert not STOCK.search(text_of(answer)), STOCK.search(text_of(answer))


def test_every_page_of_allauth_has_a_template_of_ours() -> None:
    found = sorted({*templates()})
    assert {"mfa/index.html", "account/email.html", "account/reauthenticate.html"} <= {*found}
    wearing = {name: cast(Any, get_template(name)).template.origin.name for name in found}
    others = {name for name, origin in wearing.items() if not Path(origin).is_relative_to(OURS)}
    # Downloaded as plain text, or closed by settings: sign-in by codes, phones, trusted browsers.
    assert others <= {
        "mfa/recovery_codes/download.txt",
        "account/request_login_code.html",
    }


@pytest.fixture
def _nobody_has_tried_before() -> None:
    cache.clear()


@pytest.mark.django_db
@pytest.mark.usefixtures("_nobody_has_tried_before")
def test_every_page_on_the_way_is_ours(client: Client, member: User) -> None:
    def go(name: str) -> Any:
        answer = client.get(reverse(name), follow=True)
        assert_ours(answer)
        return answer

    def code() -> str:
        return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))

    for name in ("account_login", "account_signup", "account_inactive", "account_reset_password"):
        if name != "account_reset_password" or given.EMAIL_URL:
            go(name)
    client.post("/accounts/login/", {"login": "member", "password": PASSWORD})
    go("mfa_index")
    asked = go("mfa_activate_totp")
    assert "Is it you?" in text_of(asked)
    address = asked.request["PATH_INFO"] + "?" + asked.request["QUERY_STRING"]
    assert_ours(client.post(address, {"password": PASSWORD}, follow=True))
    secret = client.session["mfa.totp.secret"]
    assert_ours(client.post("/accounts/2fa/totp/activate/", {"code": "000000"}))
    assert_ours(client.post("/accounts/2fa/totp/activate/", {"code": code()}, follow=True))
    for pattern in patterns(stock_urls.urlpatterns):
        if pattern.name and not pattern.pattern.converters and "download" not in pattern.name:
            try:
                address = reverse(pattern.name)
            except NoReverseMatch:  # it takes a key
                continue
            answer = client.get(address, follow=True)
            if answer.status_code == 200 and answer.request["PATH_INFO"] != "/":
                assert_ours(answer)


@pytest.mark.django_db
@pytest.mark.usefixtures("_nobody_has_tried_before")
def test_signing_in_with_a_code_and_confirming_with_one_are_ours(
    client: Client, member: User
) -> None:
    secret = generate_totp_secret()
    TOTP.activate(member, secret)
    codes = RecoveryCodes.activate(member).get_unused_codes()
    step = client.post("/accounts/login/", {"login": "member", "password": PASSWORD})["Location"]
    assert_ours(client.get(step))
    assert_ours(client.post(step, {"code": "000000"}))
    client.post(step, {"code": codes[0]})
    session = client.session
    session["account_authentication_methods"] = []
    session.save()
    for name in ("mfa_reauthenticate", "account_reauthenticate"):
        answer = client.get(reverse(name))
        assert answer.status_code == 200
        assert_ours(answer)
    assert Authenticator.objects.filter(user=member).count() == 2


# -- Times -------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("cookie", "zone"),
    [
        ("", "UTC"),
        ("Asia/Kolkata", "IST"),
        ("America/Sao_Paulo", "-03"),
        ("Nowhere/Land", "UTC"),
        ("../../etc/passwd", "UTC"),
        ("x" * 5000, "UTC"),
        ("Europe", "UTC"),
    ],
)
def test_times_are_of_the_readers_clock_and_name_their_zone(
    client: Client, administrator: User, private_room: Room, cookie: str, zone: str
) -> None:
    client.post("/accounts/login/", {"login": administrator.username, "password": PASSWORD})
    client.cookies["timezone"] = cookie
    devices = client.get("/accounts/sessions/").content.decode()
    assert re.search(rf"signed in <time [^>]+>\d+ \w+ \d{{4}}, \d\d:\d\d {zone}</time>", devices)
    lists = ("chat/room/", "accounts/user/", f"chat/room/{private_room.pk}/change/")
    for address in lists:
        page = client.get(f"/admin/{address}").content.decode()
        found = re.findall(r"\d{1,2} \w{3} \d{4}, \d\d:\d\d ?([^\s<]*)", page)
        assert set(found) == {zone}, (address, found)


def test_lists_of_the_administration_are_empty_in_our_words(
    client: Client, administrator: User
) -> None:
    client.force_login(administrator)
    for address, words in {
        "chat/report/": "Nothing to show",
        "chat/auditentry/?q=nobody": "Nothing fits",
        "accounts/user/?q=nobody": "Look without filters",
    }.items():
        page = text_of(client.get(f"/admin/{address}"))
        assert words in page and not STOCK.search(page), address


def test_there_is_one_page_for_ones_password(client: Client, administrator: User) -> None:
    client.force_login(administrator)
    answer = client.get(reverse("admin:password_change"), follow=True)
    assert answer.request["PATH_INFO"] == reverse("account_change_password")
    assert_ours(answer)
    was = administrator.password
    given = {"old_password": PASSWORD, "new_password1": "x" * 12, "new_password2": "x" * 12}
    client.post(reverse("admin:password_change"), given)
    administrator.refresh_from_db()
    assert administrator.password == was
