import pytest
from channels.layers import channel_layers
from channels_redis.pubsub import RedisPubSubChannelLayer
from django.db import connection
from django.test import Client

from tests.live import Redis

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_process_that_can_serve_is_well(client: Client) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok"}


def test_without_its_database_it_is_not(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    # Every new connection goes to a file that cannot be there.
    monkeypatch.setitem(connection.settings_dict, "NAME", "/nowhere/db.sqlite3")
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["code"] == "server_error"
    assert "database" in answer.json()["detail"]
    assert "/nowhere" not in answer.content.decode()


def test_without_its_channel_layer_it_is_not(client: Client, redis: Redis) -> None:
    layer = RedisPubSubChannelLayer(hosts=[redis.url])
    mine = channel_layers.set("default", layer)
    try:
        assert client.get("/healthz").status_code == 200
        redis.stop()
        answer = client.get("/healthz")
        assert answer.status_code == 503
        assert "channel layer" in answer.json()["detail"]
    finally:
        channel_layers.set("default", mine)
