from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.cache.backends.redis import RedisCache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from accounts.models import User
from accounts.signals import profile_changed
from accounts.templatetags.devices import device
from tests.support.live import Redis


def picture(size: tuple[int, int] = (400, 300), kind: str = "JPEG", **options: Any) -> bytes:
    data = BytesIO()
    Image.new("RGB", size, "teal").save(data, kind, **options)
    return data.getvalue()


def upload(client: Client, content: bytes, name: str = "me.jpg", **fields: str) -> Any:
    file = SimpleUploadedFile(name, content)
    return client.post("/accounts/profile/", {"display_name": "", "picture": file, **fields})


@pytest.fixture
def signed_in(member: User) -> Client:
    client = Client()
    client.force_login(member)
    return client


@pytest.mark.once
@pytest.mark.parametrize(
    "path",
    [
        "/accounts/profile/",
        "/accounts/password/change/",
        "/accounts/sessions/",
        "/accounts/2fa/",
        "/accounts/logout/",
    ],
)
def test_ones_own_pages_are_for_those_who_are_signed_in(
    signed_in: Client, client: Client, path: str
) -> None:
    assert signed_in.get(path).status_code == 200
    assert client.get(path).status_code == 302


@pytest.mark.once
@pytest.mark.parametrize("path", ["login", "signup"])
def test_the_pages_of_the_entrance_are_for_everyone(db: None, client: Client, path: str) -> None:
    answer = client.get(f"/accounts/{path}/")
    assert answer.status_code == 200
    assert b"<label for=" in answer.content


def test_a_person_signs_up_with_a_name_and_a_password(db: None, client: Client) -> None:
    answer = client.post(
        "/accounts/signup/",
        {"username": "ann", "password1": "correct horse 42", "password2": "correct horse 42"},
    )
    assert answer.status_code == 302
    assert User.objects.get(username="ann").password


@pytest.mark.once
@pytest.mark.parametrize(
    "name", ["two words", "ann@home", "ann.", ".ann", "a..b", "x" * 41, "here"]
)
def test_a_name_that_could_not_be_mentioned_is_refused(db: None, client: Client, name: str) -> None:
    client.post(
        "/accounts/signup/",
        {"username": name, "password1": "correct horse 42", "password2": "correct horse 42"},
    )
    assert not User.objects.exists()


@pytest.mark.once
@pytest.mark.parametrize("name", ["ann", "ann.b", "ann-b_c", "Ann42", "zoë"])
def test_an_ordinary_name_is_taken(db: None, client: Client, name: str) -> None:
    client.post(
        "/accounts/signup/",
        {"username": name, "password1": "correct horse 42", "password2": "correct horse 42"},
    )
    assert User.objects.get().username == name.lower()


def test_a_name_that_differs_in_case_alone_is_taken(member: User, client: Client) -> None:
    password = {"password1": "correct horse 42", "password2": "correct horse 42"}
    client.post("/accounts/signup/", {"username": "MEMBER", **password})
    assert User.objects.get() == member


def test_a_name_is_in_lower_case_at_every_door(db: None) -> None:
    assert User.objects.create_superuser("Root", password="x").username == "root"


@pytest.mark.once
def test_a_closed_sign_up_is_closed_at_both_doors(db: None, client: Client, settings: Any) -> None:
    settings.SIGNUP_OPEN = False
    account = {"username": "ann", "password": "correct horse 42"}
    client.post("/accounts/signup/", account | {"password1": "x", "password2": "x"})
    answer = client.post("/_allauth/app/v1/auth/signup", account, content_type="application/json")
    assert answer.status_code == 403
    assert not User.objects.exists()


def test_a_program_signs_up_and_in(db: None, client: Client) -> None:
    account = {"username": "ann", "password": "correct horse 42"}
    up = client.post("/_allauth/app/v1/auth/signup", account, content_type="application/json")
    assert up.status_code == 200, up.content
    there = Client().post("/_allauth/app/v1/auth/login", account, content_type="application/json")
    assert there.json()["meta"]["session_token"]


def test_signing_in_as_someone_suspended_says_so(suspended: User, client: Client) -> None:
    from tests.conftest import PASSWORD

    answer = client.post(
        "/accounts/login/", {"login": "suspended", "password": PASSWORD}, follow=True
    )
    assert b"suspended" in answer.content
    assert "_auth_user_id" not in client.session


def test_the_fifth_wrong_password_closes_the_door_for_a_while(member: User, client: Client) -> None:
    from django.core.cache import cache

    from tests.conftest import PASSWORD

    cache.clear()
    for _ in range(5):
        client.post("/accounts/login/", {"login": "member", "password": "wrong"})
    client.post("/accounts/login/", {"login": "member", "password": PASSWORD})
    assert "_auth_user_id" not in client.session
    cache.clear()


# -- The profile ------------------------------------------------------------------------------


def test_a_display_name_is_kept_and_told(signed_in: Client, member: User) -> None:
    told: list[User] = []

    def hear(user: User, **kwargs: Any) -> None:
        told.append(user)

    profile_changed.connect(hear)
    try:
        signed_in.post("/accounts/profile/", {"display_name": "  Mem   Ber "})
    finally:
        profile_changed.disconnect(hear)
    member.refresh_from_db()
    assert member.display_name == "Mem Ber"
    assert told == [member]


@pytest.mark.once
def test_a_picture_is_drawn_anew_as_a_small_square(signed_in: Client, member: User) -> None:
    exif = Image.Exif()
    exif[0x010F] = "a camera's maker"
    assert upload(signed_in, picture(exif=exif)).status_code == 302
    member.refresh_from_db()
    stored = Image.open(member.avatar.path)
    assert (stored.format, stored.size) == ("WEBP", (256, 256))
    assert not stored.getexif()


@pytest.mark.once
def test_a_picture_is_served_to_whoever_knows_its_name(signed_in: Client, member: User) -> None:
    upload(signed_in, picture())
    member.refresh_from_db()
    answer = Client().get(member.avatar_url or "")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "image/webp"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert Client().get("/media/avatars/unknown.webp").status_code == 404


def test_the_old_picture_goes_when_a_new_one_comes(signed_in: Client, member: User) -> None:
    upload(signed_in, picture())
    member.refresh_from_db()
    first = Path(member.avatar.path)
    upload(signed_in, picture(kind="PNG"))
    member.refresh_from_db()
    second = Path(member.avatar.path)
    assert not first.exists()
    signed_in.post("/accounts/profile/", {"display_name": "", "remove_picture": "on"})
    assert not second.exists()


@pytest.mark.once
@pytest.mark.parametrize(
    "content",
    [
        b"not a picture",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        picture()[:300],
        picture((6000, 6000), "PNG"),
        b"\x89PNG\r\n\x1a\n" + b"\x00" * (5 * 1024 * 1024),
    ],
    ids=["text", "svg", "cut off", "36 megapixels", "too large"],
)
def test_what_is_no_picture_is_refused_with_a_reason(
    signed_in: Client, member: User, content: bytes
) -> None:
    answer = upload(signed_in, content, "me.png")
    assert answer.status_code == 200
    assert b"errorlist" in answer.content
    member.refresh_from_db()
    assert not member.avatar


# -- Devices ----------------------------------------------------------------------------------


def test_one_cannot_end_anothers_session(signed_in: Client, owner: User) -> None:
    from allauth.usersessions.models import UserSession

    other = Client()
    other.force_login(owner)
    other.get("/accounts/profile/")
    session = UserSession.objects.get(user_id=owner.pk)
    assert signed_in.post(f"/accounts/sessions/{session.pk}/end/").status_code == 404
    assert other.get("/accounts/profile/").status_code == 200


def test_a_session_is_ended_from_the_list(signed_in: Client, member: User) -> None:
    from allauth.usersessions.models import UserSession

    other = Client()
    other.force_login(member)
    other.get("/accounts/profile/")
    session = UserSession.objects.get(session_key=other.session.session_key)
    assert signed_in.post(f"/accounts/sessions/{session.pk}/end/").status_code == 302
    assert other.get("/accounts/profile/").status_code == 302


@pytest.mark.once
def test_a_page_does_without_the_note_of_a_session_when_redis_is_away(
    signed_in: Client, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    redis.stop()
    monkeypatch.setattr("accounts.middleware.cache", RedisCache(redis.url, {}))
    assert signed_in.get("/accounts/profile/").status_code == 200


@pytest.mark.parametrize(
    ("says", "means"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/150.0 Safari/537 Edg/150", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; like Mac OS X) Version/18.0 Safari/604", "Safari on iPhone"),
        ("python-httpx/0.28", "A program"),
        ("", "Unknown program"),
    ],
)
def test_a_device_has_a_name_that_people_know(says: str, means: str) -> None:
    assert device(says) == means


# -- Errors -----------------------------------------------------------------------------------


@pytest.mark.once
def test_an_unknown_address_has_a_page_of_ours(db: None, client: Client, settings: Any) -> None:
    settings.DEBUG = False
    answer = client.get("/nowhere/")
    assert answer.status_code == 404
    assert b"Page not found" in answer.content


@pytest.mark.once
def test_our_pages_run_nothing_that_is_not_ours(db: None, client: Client) -> None:
    policy = client.get("/accounts/login/")["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.once
def test_the_admins_looser_policy_is_the_admins_alone(administrator: User, client: Client) -> None:
    client.force_login(administrator)
    assert "unsafe-eval" in client.get("/admin/")["Content-Security-Policy"]
    assert "unsafe" not in client.get("/administration")["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in client.get("/admin/")["Content-Security-Policy"]


@pytest.mark.once
def test_the_admin_has_no_sign_in_of_its_own(db: None, client: Client) -> None:
    answer = client.get("/admin/login/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")
