"""An editor in a browser may use a session token; no other page may."""

import pytest
from django.test import Client

EDITOR = "https://v--a1b2c3.vscode-cdn.net"
STRANGER = "https://evil.example"
ENDPOINTS = ["/_allauth/app/v1/auth/login", "/api/v1/tickets", "/embed/", "/media/x/y"]
SIGN_UP = "/_allauth/app/v1/auth/signup"

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]


def preflight(client: Client, path: str, origin: str):
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    return client.options(path, headers=asked)


@pytest.mark.parametrize("path", ENDPOINTS)
def test_an_editors_page_may_send_a_token(client: Client, path: str) -> None:
    response = preflight(client, path, EDITOR)
    assert response.status_code == 204
    assert response["Access-Control-Allow-Origin"] == EDITOR
    assert "X-Session-Token" in response["Access-Control-Allow-Headers"]


@pytest.mark.parametrize("path", [*ENDPOINTS, SIGN_UP])
@pytest.mark.parametrize("origin", [STRANGER, "null"])
def test_any_other_page_may_neither_ask_nor_read(client: Client, path: str, origin: str) -> None:
    for response in (
        preflight(client, path, origin),
        client.get(path, headers={"Origin": origin}),
        client.post(path, headers={"Origin": origin}),
    ):
        assert "Access-Control-Allow-Origin" not in response
        assert "Access-Control-Allow-Methods" not in response


@pytest.mark.parametrize("path", ["/_allauth/app/v1/auth/login", SIGN_UP, "/api/v1/rooms"])
def test_a_foreign_page_changes_nothing_even_blindly(
    client: Client, path: str, django_user_model
) -> None:
    # A form's types of content need no preflight.
    body = '{"username": "victim", "password": "correct horse battery staple"}'
    response = client.post(path, body, content_type="text/plain", headers={"Origin": STRANGER})
    assert response.status_code == 403
    assert response.json()["code"] == "forbidden"
    assert not django_user_model.objects.exists()


@pytest.mark.parametrize("origin", [EDITOR, "http://localhost:8080", STRANGER])
def test_nobody_signs_up_from_another_page(client: Client, origin: str, django_user_model) -> None:
    assert "Access-Control-Allow-Origin" not in preflight(client, SIGN_UP, origin)
    body = {"username": "victim", "password": "correct horse battery staple"}
    response = client.post(SIGN_UP, body, "application/json", headers={"Origin": origin})
    assert response.status_code == 403
    assert not django_user_model.objects.exists()


@pytest.mark.parametrize("headers", [{}, {"Origin": "http://localhost", "Host": "localhost"}])
def test_programs_and_our_own_page_sign_up_as_ever(client: Client, headers) -> None:
    body = {"username": "newcomer", "password": "correct horse battery staple"}
    response = client.post(SIGN_UP, body, "application/json", headers=headers)
    assert response.status_code == 200


def test_the_answer_may_be_read_and_never_one_to_a_request_with_cookies(client: Client) -> None:
    response = client.get("/api/v1/rooms", headers={"Origin": EDITOR})
    assert response["Access-Control-Allow-Origin"] == EDITOR
    assert "Access-Control-Allow-Credentials" not in response
    assert "Origin" in response["Vary"]


def test_a_cache_keeps_no_answer_for_a_page_that_it_was_not_for(client: Client) -> None:
    assert "Origin" in client.get("/api/v1/rooms")["Vary"]


@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/admin/login/", "/healthz"])
def test_pages_take_no_tokens_from_elsewhere(client: Client, path: str) -> None:
    assert "Access-Control-Allow-Origin" not in client.get(path, headers={"Origin": EDITOR})
    assert "Access-Control-Allow-Origin" not in preflight(client, path, EDITOR)


def test_an_origin_of_the_settings_is_an_editors(client: Client, settings) -> None:
    settings.EDITOR_ORIGINS = ["https://code.example.org"]
    response = preflight(client, "/api/v1/tickets", "https://code.example.org")
    assert response["Access-Control-Allow-Origin"] == "https://code.example.org"
