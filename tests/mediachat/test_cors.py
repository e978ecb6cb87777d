"""An editor in a browser, whose origin nobody can name beforehand."""

import pytest
from django.test import Client

ORIGIN = {"Origin": "https://a1b2c3.editor.example"}

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    "door", ["/_allauth/app/v1/auth/login", "/api/v1/tickets", "/embed/", "/media/x/y"]
)
def test_a_browser_may_send_a_token_from_any_origin(client: Client, door: str) -> None:
    asked = {"Access-Control-Request-Method": "POST"}
    response = client.options(door, headers=ORIGIN | asked)
    assert response.status_code == 204
    assert response["Access-Control-Allow-Origin"] == "*"
    assert "X-Session-Token" in response["Access-Control-Allow-Headers"]


def test_the_answer_may_be_read_and_never_one_to_a_request_with_cookies(client: Client) -> None:
    response = client.get("/api/v1/rooms", headers=ORIGIN)
    assert response["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in response
    assert "Origin" in response["Vary"]


@pytest.mark.parametrize("door", ["/", "/accounts/login/", "/admin/login/", "/healthz"])
def test_pages_are_no_such_doors(client: Client, door: str) -> None:
    response = client.get(door, headers=ORIGIN)
    assert "Access-Control-Allow-Origin" not in response
    asked = {"Access-Control-Request-Method": "POST"}
    preflight = client.options(door, headers=ORIGIN | asked)
    assert "Access-Control-Allow-Origin" not in preflight


def test_nothing_changes_for_a_request_without_an_origin(client: Client) -> None:
    assert "Access-Control-Allow-Origin" not in client.get("/api/v1/rooms")
