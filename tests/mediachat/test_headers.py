"""What every answer says to a browser about cookies and about what pages may ask of the device."""

import re

import httpx
import pytest
from django.test import Client

from tests.conftest import Serve

pytestmark = pytest.mark.once


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/accounts/login/", "/admin/login/", "/api/v1/rooms"])
def test_no_page_asks_for_the_camera(client: Client, path: str) -> None:
    policy = client.get(path)["Permissions-Policy"]
    assert {"camera=()", "microphone=()", "geolocation=()"} <= set(policy.split(", "))


@pytest.mark.django_db
def test_the_admin_runs_no_script_that_is_written_into_a_page(admin_client: Client) -> None:
    policy = admin_client.get("/admin/")["Content-Security-Policy"]
    (scripts,) = re.findall(r"script-src ([^;]*)", policy)
    assert "unsafe-inline" not in scripts


def test_over_tls_cookies_are_of_this_host_alone(serve: Serve) -> None:
    server = serve(HTTPS="on", TRUSTED_PROXY_COUNT="1")
    secure = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"}
    answer = httpx.get(f"{server.url}/accounts/login/", headers=secure)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', answer.text)
    cookies = answer.headers.get_list("set-cookie")
    assert token
    secret = cookies[0].split(";")[0]
    form = {"login": "owner", "password": "correct horse battery staple"}
    signed_in = httpx.post(
        f"{server.url}/accounts/login/",
        data=form | {"csrfmiddlewaretoken": token[1]},
        headers=secure | {"Cookie": secret, "Referer": f"https://127.0.0.1:{server.port}/"},
    )
    assert signed_in.status_code == 302, signed_in.text
    cookies += signed_in.headers.get_list("set-cookie")
    names = {cookie.split("=")[0] for cookie in cookies}
    assert {"__Host-csrftoken", "__Host-sessionid"} <= names
    for cookie in cookies:
        assert cookie.startswith("__Host-"), cookie
        assert "Secure" in cookie and "Path=/" in cookie and "Domain" not in cookie, cookie


def test_no_file_of_the_page_is_opened_to_other_origins(serve: Serve) -> None:
    server = serve()
    page = httpx.get(f"{server.url}/accounts/login/").text
    sheet = re.search(r'href="(/static/[^"]+\.css)"', page)
    assert sheet
    answer = httpx.get(server.url + sheet[1], headers={"Origin": "https://evil.example"})
    assert answer.status_code == 200
    assert "Access-Control-Allow-Origin" not in answer.headers
