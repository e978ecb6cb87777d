"""Every e-mail that this product can send has our words and our look."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import allauth
import pytest
from allauth.account.adapter import get_adapter
from allauth.core import context
from django.conf import settings as given
from django.template.loader import get_template
from django.test import RequestFactory
from django.urls import set_script_prefix

from accounts.models import User
from tests.accounts.test_our_words import STOCK

pytestmark = pytest.mark.once

OURS = Path(given.BASE_DIR) / "templates"
HOST = "chat.example.com"
LINK = f"https://{HOST}/accounts/somewhere/key/"
CLOSED = ("login_code", "password_reset_code", "webauthn_added", "webauthn_removed")
"""Settings close what sends these: sign-in by codes, and security keys."""
STOCK_WORDS = re.compile(
    r"Hello from|Thank you for using|receiving this|safely ignored|our database"
    r"|email|do not recognize|security precautions|sign ?up"
)
CONTEXTS: dict[str, dict[str, str]] = {
    "account/email/email_confirmation": {"activate_url": LINK},
    "account/email/email_confirmation_signup": {"activate_url": LINK},
    "account/email/password_reset_key": {"password_reset_url": LINK, "username": "member"},
    "account/email/unknown_account": {"signup_url": LINK},
    "account/email/account_already_exists": {"password_reset_url": LINK},
    "account/email/email_changed": {"from_email": "old@example.com", "to_email": "<b>@example.com"},
    "account/email/email_deleted": {"deleted_email": "old@example.com"},
}


def stock(part: str) -> set[str]:
    """The e-mails that allauth has templates for."""
    found = Path(allauth.__file__).parent / "templates" / part / "email"
    return {
        f"{part}/email/{each.name.removesuffix('_subject.txt')}"
        for each in found.glob("*_subject.txt")
    }


CAN_BE_SENT = sorted(
    name
    for name in stock("account") | stock("mfa")
    if not name.endswith(tuple(f"/{each}" for each in CLOSED))
)


def test_every_email_has_a_template_of_ours() -> None:
    assert {*CONTEXTS} < {*CAN_BE_SENT}
    for name in CAN_BE_SENT:
        for part in ("subject", "message"):
            origin = cast(Any, get_template(f"{name}_{part}.txt")).template.origin.name
            assert Path(origin).is_relative_to(OURS), origin


@pytest.fixture
def _on_a_request(settings: Any) -> Iterator[None]:
    settings.ALLOWED_HOSTS = [HOST]
    settings.ACCOUNT_EMAIL_NOTIFICATIONS = True
    with context.request_context(
        RequestFactory().get("/", secure=True, headers={"Host": HOST, "User-Agent": "Firefox/130"})
    ):
        yield


@pytest.mark.django_db
@pytest.mark.usefixtures("_on_a_request")
@pytest.mark.parametrize("name", CAN_BE_SENT)
def test_every_email_is_ours(name: str, member: User, mailoutbox: list[Any]) -> None:
    asked = CONTEXTS.get(name, {})
    if "_url" in str(asked):
        get_adapter().send_mail(name, "someone@example.com", {"user": member, **asked})
    else:
        get_adapter().send_notification_mail(name, member, asked, email="someone@example.com")
    (mail,) = mailoutbox
    assert re.fullmatch(r"Media Chat: [A-Z].{10,60}", mail.subject)
    ((html, kind),) = mail.alternatives
    assert kind == "text/html"
    shown = re.sub(r"<[^>]+>", " ", html.partition("</style>")[2])
    for text in (mail.body, shown):
        assert re.search(rf"\s+Media Chat\s+https://{HOST}/\s*$", text)
        assert not STOCK_WORDS.search(text) and not STOCK.search(text), text
        # Nothing was left out of what it has to say, and nothing else stands in it.
        assert "{" not in text and "\n\n\n" not in mail.body
    for value in asked.values():
        assert value in mail.body
        assert value.replace("<", "&lt;").replace(">", "&gt;") in html
    assert "<b>@" not in html and "http://" not in html
    if name.startswith("mfa/"):
        assert "From: Firefox, at the address 127.0.0.1" in mail.body
        assert f"https://{HOST}/accounts/sessions/" in mail.body


@pytest.mark.django_db
@pytest.mark.usefixtures("_on_a_request")
def test_nobody_is_offered_an_account_where_sign_up_is_closed(
    settings: Any, mailoutbox: list[Any]
) -> None:
    settings.SIGNUP_OPEN = False
    get_adapter().send_mail("account/email/unknown_account", "a@example.com", {"signup_url": LINK})
    assert LINK not in mailoutbox[0].body


@pytest.mark.django_db
@pytest.mark.usefixtures("_on_a_request")
def test_links_in_emails_have_the_path_that_the_server_is_below(mailoutbox: list[Any]) -> None:
    set_script_prefix("/chat/")
    try:
        get_adapter().send_mail("mfa/email/totp_activated", "a@example.com", {})
    finally:
        set_script_prefix("/")
    links = re.findall(r"https://[^\s<]+", mailoutbox[0].body)
    assert links == [
        f"https://{HOST}/chat/accounts/password/reset/",
        f"https://{HOST}/chat/accounts/sessions/",
        f"https://{HOST}/chat/",
    ]
