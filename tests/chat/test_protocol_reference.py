from django.core.management import call_command

from chat import protocol
from chat.management import protocol_words
from chat.management.commands.protocol_reference import OBJECTS, reference, wire_type


def test_the_reference_in_the_repository_is_current():
    call_command("protocol_reference", check=True)


def test_every_command_says_what_its_reply_adds():
    page = reference().split("\n## Events\n")[0]
    for command in protocol.COMMANDS:
        section = page.split(f"### `{wire_type(command)}`\n")[1].split("\n### ")[0]
        reply = section.split("The reply")[-1]
        if command.reply is None:
            assert "There is no reply." in section
        elif command.reply is protocol.Done:
            assert reply.startswith(" adds nothing.")
        else:
            for name in command.reply.model_fields:
                assert f"| `{name}` |" in reply, (command, name)


def test_every_reply_is_of_a_command():
    promised = {command.reply for command in protocol.COMMANDS if command.reply}
    assert set(protocol.REPLIES) == promised


def test_every_error_and_closing_code_is_explained():
    assert set(protocol_words.ERRORS) == set(protocol.ErrorCode)
    codes = {code for name, code in vars(protocol.CloseCode).items() if not name.startswith("_")}
    assert set(protocol_words.CLOSE_CODES) == codes


def test_every_object_that_goes_over_the_wire_is_described():
    described = {*OBJECTS, *protocol.EVENTS, protocol.Event, *protocol.REPLIES, protocol.Reply}
    wire = {
        item
        for item in vars(protocol).values()
        if isinstance(item, type) and issubclass(item, protocol.Wire) and item is not protocol.Wire
    }
    assert wire == described


def test_every_command_and_event_has_a_section_with_each_of_its_fields():
    commands, events = reference().split("\n## Events\n")
    for page, models in ((commands, protocol.COMMANDS), (events, protocol.EVENTS)):
        for model in models:
            section = page.split(f"### `{wire_type(model)}`\n")[1].split("\n### ")[0]
            for name in model.model_fields.keys() - {"type", "ref"}:
                assert f"| `{name}` |" in section, (model, name)
