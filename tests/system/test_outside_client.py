"""What a stranger's program does with nothing but the published protocol."""

import io
import uuid

import pytest
from PIL import Image

from tests.support.live import Server
from tests.support.outside import CommandError, OutsideClient, assert_complete


def png() -> bytes:
    picture = io.BytesIO()
    Image.new("RGB", (640, 400), "teal").save(picture, "PNG")
    return picture.getvalue()


@pytest.mark.timeout(90)
async def test_a_program_that_knows_only_the_protocol_can_do_everything(server: Server):
    suffix = uuid.uuid4().hex[:8]
    anna = OutsideClient(server.url, f"anna-{suffix}")
    ben = OutsideClient(server.url, f"ben-{suffix}")
    await anna.sign_up()
    await ben.sign_up()
    anna.token = ""
    await anna.sign_in()

    async with anna, ben:
        room = (await anna.command("room.open", kind="direct", name="", members=[ben.username]))[
            "room"
        ]["id"]
        again = await ben.command("room.open", kind="direct", members=[anna.username])
        assert again["room"]["id"] == room
        await ben.until(lambda: room in ben.held)

        client_ids = [str(uuid.uuid4()) for _ in range(100)]
        stored = []
        for number, client_id in enumerate(client_ids, 1):
            message = await anna.send(room, f"message {number}", client_id=client_id)
            if number % 7 == 0:
                assert await anna.send(room, "something else", client_id=client_id) == message
            if number % 11 == 0:
                async with anna.http() as http:
                    answer = await http.post(
                        f"/api/v1/rooms/{room}/messages",
                        json={"client_id": client_ids[number // 2], "body": "by another door"},
                    )
                assert answer.status_code in (200, 201), answer.text
                repeated = answer.json().get("message", answer.json())
                assert repeated["number"] == number // 2 + 1
            stored.append(message)
        assert [message["number"] for message in stored] == list(range(1, 101))

        file = await anna.upload("teal.png", png(), "image/png")
        assert (file["width"], file["height"]) == (640, 400)
        assert file["content_type"] == "image/png"
        shown = await anna.send(room, "", attachments=[file["id"]])
        assert [each["id"] for each in shown["attachments"]] == [file["id"]]

        await ben.until(lambda: ben.held[room].position >= shown["position"])
        assert_complete(ben, room, 101)
        received = ben.held[room].ordered()[-1]["attachments"][0]
        picture = await ben.download(received["url"])
        assert picture.status_code == 200
        assert Image.open(io.BytesIO(picture.content)).size == (640, 400)
        assert (await ben.download(received["thumbnail_url"])).status_code == 200

        edited = await anna.command("message.edit", message=stored[4]["id"], body="edited")
        assert edited["message"]["edited_at"]
        assert edited["message"]["number"] == 5
        deleted = await anna.command("message.delete", message=stored[9]["id"])
        assert deleted["message"]["deleted"]
        assert deleted["message"]["body"] == deleted["message"]["html"] == ""
        await ben.until(lambda: ben.held[room].position >= deleted["position"])
        assert ben.held[room].messages[stored[4]["id"]]["body"] == "edited"
        assert ben.held[room].messages[stored[9]["id"]]["deleted"]

        first_page = await ben.command("history", room=room, limit=40)
        assert [message["number"] for message in first_page["messages"]] == list(range(62, 102))
        assert first_page["more"]
        assert await ben.history(room, limit=40) == ben.held[room].ordered()

        await ben.disconnect()
        for number in range(50):
            await anna.send(room, f"missed {number}")
        await anna.command("message.edit", message=stored[6]["id"], body="edited meanwhile")
        await ben.connect()

        assert_complete(ben, room, 151)
        assert ben.bodies(room)[101:] == [f"missed {number}" for number in range(50)]
        assert ben.held[room].messages[stored[6]["id"]]["body"] == "edited meanwhile"
        assert ben.held[room].ordered() == await anna.history(room)


async def test_messages_of_one_person_arrive_on_all_of_their_devices(server: Server):
    phone, laptop = (OutsideClient(server.url, "crowd0") for _ in range(2))
    async with phone, laptop:
        room = (await phone.command("room.open", kind="private", name="Notes"))["room"]["id"]
        await laptop.until(lambda: room in laptop.held)
        message = await phone.send(room, "from the phone")
        await laptop.until(lambda: laptop.held[room].position == 1)
        assert laptop.held[room].ordered() == [message]

        await laptop.command("room.read", room=room, number=1)
        await phone.until(
            lambda: any(
                event["room"] == room and event["user"] == "crowd0" and event["number"] == 1
                for event in phone.of_type("read")
            )
        )


async def test_typing_is_told_to_the_others_and_is_not_stored(server: Server):
    anna, ben = OutsideClient(server.url, "crowd1"), OutsideClient(server.url, "crowd2")
    async with anna, ben:
        room = (await anna.command("room.open", kind="direct", members=["crowd2"]))["room"]["id"]
        await ben.command("room.open", kind="direct", members=["crowd1"])
        await ben.until(lambda: room in ben.held)
        await anna.raw(f'{{"type": "typing", "room": "{room}"}}')
        await ben.until(lambda: {"type": "typing", "room": room, "user": "crowd1"} in ben.events)
        assert ben.held[room].position == anna.held[room].position


def presence(user: str, state: str) -> dict[str, str]:
    return {"type": "presence", "user": user, "state": state}


async def test_those_who_both_wrote_see_each_other_come_and_go(server: Server):
    anna, ben = OutsideClient(server.url, "crowd3"), OutsideClient(server.url, "crowd4")
    async with anna:
        room = (await anna.command("room.open", kind="direct", members=["crowd4"]))["room"]["id"]
        await anna.send(room, "hello")
        async with ben:
            assert "crowd3" not in ben.ready["online"]
            await ben.send(room, "hello yourself")
            # Both have written now, and are told so at once, without coming anew.
            await anna.until(lambda: presence("crowd4", "online") in anna.events)
            await ben.until(lambda: presence("crowd3", "online") in ben.events)
        await anna.until(lambda: presence("crowd4", "offline") in anna.events, 20)
        anna.events.clear()
        async with ben:
            assert "crowd3" in ben.ready["online"]
            await anna.until(lambda: presence("crowd4", "online") in anna.events)
        assert not [event for event in anna.of_type("presence") if event["user"] == "crowd3"]


async def test_nobody_sees_who_is_here_by_adding_them_or_in_a_public_room(server: Server):
    async with (
        OutsideClient(server.url, "crowd21") as spy,
        OutsideClient(server.url, "crowd22") as silent,
    ):
        direct = (await spy.command("room.open", kind="direct", members=["crowd22"]))["room"]["id"]
        private = (await spy.command("room.open", kind="private", name="New", members=["crowd22"]))[
            "room"
        ]["id"]
        public = (
            await spy.command("room.open", kind="public", name="Square", members=["crowd22"])
        )["room"]["id"]
        for room in (direct, private, public):
            await spy.send(room, "hello?")
        await silent.until(lambda: {direct, private, public} <= silent.held.keys())
        await silent.send(public, "in public")
        await silent.disconnect()
        await silent.connect()
        await spy.disconnect()
        await spy.connect()
        assert "crowd22" not in spy.ready["online"]
        assert "crowd21" not in silent.ready["online"]
        # What they are told comes in the end, so this is after all that might have been told.
        await silent.send(private, "hello")
        await spy.until(lambda: presence("crowd22", "online") in spy.events)
        assert [event["state"] for event in spy.of_type("presence")] == ["online"]


async def test_a_message_that_says_nothing_is_refused(server: Server):
    async with OutsideClient(server.url, "crowd5") as anna:
        room = (await anna.command("room.open", kind="private", name="Empty"))["room"]["id"]
        with pytest.raises(CommandError) as refused:
            await anna.send(room, "  \n ")
        assert refused.value.code == "bad_request"
        with pytest.raises(CommandError) as refused:
            await anna.send(room, "x" * 20_001)
        assert refused.value.code == "too_large"
        assert await anna.history(room) == []
