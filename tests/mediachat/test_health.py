import pytest
from channels.layers import channel_layers
from channels_redis.pubsub import RedisPubSubChannelLayer
from django.db import connection
from django.test import AsyncClient, Client

from tests.support.live import Redis

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_process_that_can_serve_is_well(client: Client) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok"}


def test_without_its_database_it_is_not(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        # Every new connection goes to a file that cannot be there.
        patched.setitem(connection.settings_dict, "NAME", "/nowhere/db.sqlite3")
        answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["code"] == "server_error"
    assert "database" in answer.json()["detail"]
    assert "/nowhere" not in answer.content.decode()


def test_without_its_channel_layer_it_serves_and_says_what_is_missing(
    client: Client, redis: Redis
) -> None:
    layer = RedisPubSubChannelLayer(hosts=[redis.url])
    mine = channel_layers.set("default", layer)
    try:
        assert client.get("/healthz").json() == {"status": "ok"}
        redis.stop()
        answer = client.get("/healthz")
        assert answer.status_code == 200
        assert answer.json()["status"] == "degraded"
        assert "channel layer does not answer" in answer.json()["detail"]
    finally:
        channel_layers.set("default", mine)


@pytest.mark.once
@pytest.mark.parametrize("path", ["/healthz", "/metrics"])
def test_those_who_watch_ask_by_any_name(client: Client, path: str, settings) -> None:
    settings.ALLOWED_HOSTS = ["chat.example.org"]
    settings.METRICS_TOKEN = "a token"
    headers = {"host": "10.0.0.7:8000", "authorization": "Bearer a token"}
    assert client.get(path, headers=headers).status_code == 200
    assert client.get("/accounts/login/", headers={"host": "10.0.0.7:8000"}).status_code == 400


@pytest.mark.once
async def test_they_are_answered_likewise_on_a_server(async_client: AsyncClient, settings) -> None:
    settings.ALLOWED_HOSTS = ["chat.example.org"]
    settings.METRICS_TOKEN = "a token"
    headers = {"host": "10.0.0.7:8000", "authorization": "Bearer a token"}
    for path in ("/healthz", "/metrics"):
        answer = await async_client.get(path, headers=headers)
        assert answer.status_code == 200
