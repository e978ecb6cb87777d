"""Handlers of commands about messages, and about a room's log."""

from functools import partial

from accounts.models import User
from chat import protocol
from chat.actions import messages
from chat.actions.batches import Change
from chat.actions.drafts import Draft, render, render_draft
from chat.commands.registry import Runs, Socket, command
from chat.concurrency.executors import run_in_db_pool
from chat.queries import room_log
from chat.rendering import text
from chat.throttling.prices import Price

SHORT = 500
"""Characters up to which a text is rendered in the log's thread: the way into another and back
costs more than rendering it."""
DEAR = 3.0
"""Milliseconds by ``text.cost`` from which it is asked whether a text may be sent before it is
rendered: two queries, which the short ones need not wait for."""
RENDERING = 3.0
"""Milliseconds of rendering a text, as they are estimated, that cost one unit."""

_TEXT_WORDS = "up to some 40 more for long text with much formatting, or with code"


def _text_units(body: str, code: str = "") -> int:
    if not code and text.is_cheap(body):
        return 0
    return int(text.cost(body, code) / RENDERING)


def _message_units(command: protocol.MessageSend) -> int:
    units = _text_units(command.body, command.code.text if command.code else "")
    return units + len(command.attachments) // 5 if command.attachments else units


async def _stops_typing(socket: Socket, command: protocol.MessageSend) -> None:
    socket.has_written(command.room)


@command(
    protocol.MessageSend,
    runs=Runs.LOG_WRITE,
    price=Price(1, _message_units, f"{_TEXT_WORDS}, and 1 for each 5 files"),
    before_reply=_stops_typing,
)
async def send(user: User, command: protocol.MessageSend) -> Draft:
    draft = Draft(user, command)
    if command.code or (len(command.body) > SHORT and not text.is_plain(command.body)):
        code = command.code.text if command.code else ""
        if text.cost(command.body, code) < DEAR:
            draft.rendered = await run_in_db_pool(render, command.body, command.code)
        else:
            draft.rendered = await run_in_db_pool(render_draft, draft)
    return draft


@command(
    protocol.MessageEdit,
    runs=Runs.LOG_WRITE,
    price=Price(2, lambda c: _text_units(c.body), _TEXT_WORDS),
)
async def edit(user: User, command: protocol.MessageEdit) -> Change:
    message, body = command.message, command.body
    if text.is_plain(body):
        rendered = render(body)
    else:
        rendered = await run_in_db_pool(messages.render_edit, user, message=message, body=body)
    write = partial(messages.edit_message, user, message=message, body=body, rendered=rendered)
    return Change(message, write)


@command(protocol.MessageDelete, runs=Runs.LOG_WRITE, price=Price(2))
async def delete(user: User, command: protocol.MessageDelete) -> Change:
    message = command.message
    return Change(message, partial(messages.delete_message, user, message=message))


@command(protocol.MessageReact, runs=Runs.LOG_WRITE, price=Price(2))
async def react(user: User, command: protocol.MessageReact) -> Change:
    message = command.message
    write = partial(
        messages.react_to_message, user, message=message, emoji=command.emoji, on=command.on
    )
    return Change(message, write)


@command(protocol.MessageReport, price=Price(2))
def report(user: User, command: protocol.MessageReport) -> protocol.Done:
    messages.report_message(user, message=command.message, reason=command.reason)
    return protocol.DONE


@command(protocol.MessageRevisions, price=Price(1))
def revisions(user: User, command: protocol.MessageRevisions) -> protocol.RevisionsReply:
    found, more = room_log.revisions(user, command.message)
    return protocol.RevisionsReply(revisions=found, more=more)


@command(
    protocol.History,
    price=Price(1, lambda c: (c.limit - 1) // 50, "1 more for each further 50 messages of `limit`"),
)
def history(user: User, command: protocol.History) -> protocol.HistoryReply:
    page, more = room_log.history(
        user, command.room, before=command.before, after=command.after, limit=command.limit
    )
    return protocol.HistoryReply(messages=[protocol.Encoded(each) for each in page], more=more)


@command(
    protocol.Sync,
    runs=Runs.EVENT_LOOP,
    price=Price(
        1,
        lambda c: len(c.rooms) // 100,
        "1 more for each 100 rooms; a room that has to be read from the database waits for 1 more",
    ),
)
async def sync(socket: Socket, command: protocol.Sync) -> protocol.Done:
    await socket.bring_up_to_date(command.rooms)
    return protocol.DONE


@command(protocol.Typing, runs=Runs.EVENT_LOOP, price=Price(1))
async def say_typing(socket: Socket, command: protocol.Typing) -> None:
    await socket.say_typing(command.room)
