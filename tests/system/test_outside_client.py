"""What a stranger's program does with nothing but the published protocol."""

import io
import uuid

import pytest
from PIL import Image

from tests.live import Server
from tests.outside import CommandError, OutsideClient, assert_complete


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
        await ben.until(lambda: room in ben.held)
        await anna.raw(f'{{"type": "typing", "room": "{room}"}}')
        await ben.until(lambda: {"type": "typing", "room": room, "user": "crowd1"} in ben.events)
        assert ben.held[room].position == anna.held[room].position


async def test_people_see_each_other_come_and_go(server: Server):
    anna, ben = OutsideClient(server.url, "crowd3"), OutsideClient(server.url, "crowd4")
    async with anna:
        await anna.command("room.open", kind="direct", members=["crowd4"])
        async with ben:
            await anna.until(
                lambda: {"type": "presence", "user": "crowd4", "state": "online"} in anna.events
            )
            assert "crowd3" in ben.ready["online"]
        await anna.until(
            lambda: {"type": "presence", "user": "crowd4", "state": "offline"} in anna.events, 20
        )


async def test_whoever_comes_into_a_room_sees_who_is_here(server: Server):
    async with (
        OutsideClient(server.url, "crowd21") as inside,
        OutsideClient(server.url, "crowd22") as added,
    ):
        room = (await inside.command("room.open", kind="private", name="New"))["room"]["id"]
        await inside.command("room.add", room=room, members=["crowd22"])
        here = {"type": "presence", "user": "crowd21", "state": "online"}
        await added.until(lambda: here in added.events)


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
