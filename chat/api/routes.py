"""The HTTP API for programs, with the commands that also make sense without a socket.

Every endpoint answers errors as ``{"code", "detail"}``, including those of Django and of the
framework. Replies are encoded by the same code as a socket's, so the two cannot differ; the schemas
here describe them.
"""

import json
from collections.abc import Awaitable, Callable, Collection
from functools import cached_property, wraps
from typing import Any
from uuid import UUID

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.http.request import RawPostDataException, UnreadablePostError
from django.urls import URLPattern, URLResolver, path, re_path
from ninja import NinjaAPI, Query
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.responses import NinjaJSONEncoder
from pydantic import BaseModel, ConfigDict, create_model

from accounts.sign_in import tickets
from chat import permissions, protocol, serializers
from chat.actions.attachments import ServerFull, lanes_for, store_attachment
from chat.actions.rooms import open_room
from chat.api.authentication import ByCookie, ByToken, Caller, pay
from chat.api.downloads import key_for
from chat.commands import execution
from chat.commands.registry import price_of
from chat.concurrency.executors import run_in_db_pool, run_in_file_pool, run_in_picture_pool
from chat.media.multipart import uploaded_file
from chat.models import Message
from chat.models.messages import message_id
from chat.protocol import ChatError, ErrorCode
from chat.queries import room_views
from chat.runtime import runtime_of
from chat.throttling import prices
from mediachat.databases.transactions import retried
from mediachat.pictures.lanes import Lane

STATUS = {
    ErrorCode.BAD_REQUEST: 400,
    ErrorCode.UNAUTHENTICATED: 401,
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.CONFLICT: 409,
    ErrorCode.TOO_LARGE: 413,
    ErrorCode.UNSUPPORTED_MEDIA: 415,
    ErrorCode.RATE_LIMITED: 429,
    ErrorCode.QUOTA_EXCEEDED: 413,
    ErrorCode.SERVER_ERROR: 500,
}


# -- What goes in and out --------------------------------------------------------------------


class Problem(BaseModel):
    """An error; ``detail`` is for people."""

    code: ErrorCode
    detail: str


class Ticket(BaseModel):
    """A ticket that opens a socket once, within ``expires_in`` seconds."""

    ticket: str
    expires_in: int


def _fields_of(command: type[protocol.Command], *, without: Collection[str] = ()) -> Any:
    """Returns a command's fields as a request body, without those in its path."""
    fields: dict[str, Any] = {
        name: (field.annotation, field)
        for name, field in command.model_fields.items()
        if name not in {"ref", "type", *without}
    }
    return create_model(command.__name__, __config__=ConfigDict(extra="forbid"), **fields)


class NewRoom(_fields_of(protocol.RoomOpen)):  # type: ignore[misc]
    pass


class NewMessage(_fields_of(protocol.MessageSend, without={"room"})):  # type: ignore[misc]
    pass


class PageQuery(_fields_of(protocol.History, without={"room"})):  # type: ignore[misc]
    model_config = ConfigDict(extra="ignore")


_PROBLEMS: dict[Any, Any] = dict.fromkeys(STATUS.values(), Problem)
_UPLOAD = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "name": {
                            "type": "string",
                            "description": "What the file is called, where `filename` cannot say "
                            "it without doubt: with quotes, percent signs or backslashes.",
                        },
                    },
                    "required": ["file"],
                }
            }
        },
    }
}


# -- The API itself --------------------------------------------------------------------------

View = Callable[..., Awaitable[HttpResponseBase]]


_docs_policy = csp(
    {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF, UNSAFE_INLINE],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
    }
)


class ChatAPI(NinjaAPI):
    """An API whose unknown addresses and wrong methods are answered like every other error."""

    def _get_urls(self) -> list[URLResolver | URLPattern]:
        *urls, root = super()._get_urls()
        urls[0].callback = _docs_policy(self._describe)
        for url in urls[2:]:  # after openapi.json and docs
            url.callback = _with_method_explained(url.callback)  # type: ignore[arg-type]
        return [
            *urls,
            path("", nothing_here, name=root.name),  # type: ignore[union-attr]
            re_path("", nothing_here),
        ]

    def _describe(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(self._description, content_type="application/json")

    @cached_property
    def _description(self) -> str:
        """Returns the description of the API. It is the same for everyone, and takes 40 ms to
        build.
        """
        return json.dumps(self.get_openapi_schema(), cls=NinjaJSONEncoder)


def _with_method_explained(view: View) -> View:
    @wraps(view)
    async def explained(*args: Any, **kwargs: Any) -> HttpResponseBase:
        response = await view(*args, **kwargs)
        if response.status_code != 405:
            return response
        allowed = response["Allow"]
        answer = _problem(ErrorCode.BAD_REQUEST, f"This address takes only {allowed}.", 405)
        answer["Allow"] = allowed
        return answer

    return explained


async def nothing_here(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    """Answers every address below ``/api/`` that does not exist."""
    return _problem(ErrorCode.NOT_FOUND, permissions.not_found().detail)


nothing_here.csrf_exempt = True  # type: ignore[attr-defined]

api = ChatAPI(
    title="Media Chat",
    version="1",
    description="Sign in over `/_allauth/app/v1/` and send the session token with each request.",
    urls_namespace="api",
    auth=[ByToken(), ByCookie()],
    docs_decorator=_docs_policy,
)


# -- Doors -----------------------------------------------------------------------------------


@api.post("/tickets", response={200: Ticket, **_PROBLEMS})
async def issue_ticket(request: HttpRequest) -> HttpResponse:
    """A ticket for one socket: `Sec-WebSocket-Protocol: mediachat.v1, ticket.<ticket>`."""
    caller = _caller(request)
    ticket = await run_in_db_pool(tickets.issue, caller.user, caller.session_key)
    return _answer(Ticket(ticket=ticket, expires_in=tickets.LIFETIME))


@api.get("/rooms", response={200: list[protocol.Room], **_PROBLEMS})
async def list_rooms(request: HttpRequest) -> HttpResponse:
    """The caller's rooms, in no particular order."""
    user = _caller(request).user
    views = await run_in_db_pool(room_views.rooms_of, user)
    runtime_of(request).limits.allowance(user.pk).owe(len(views) // prices.ROOMS_LISTED)
    return _charged(request, _json(f"[{','.join(view.room.model_dump_json() for view in views)}]"))


@api.post("/rooms", response={200: protocol.Room, 201: protocol.Room, **_PROBLEMS})
async def open_a_room(request: HttpRequest, room: NewRoom) -> HttpResponse:
    """Opens a room (201), or returns the existing direct room (200)."""
    user = _caller(request).user
    command = protocol.RoomOpen(**room.model_dump())
    await _pay_for(request, command)

    def opened() -> tuple[protocol.Room, bool]:
        row, created = open_room(user, kind=room.kind, name=room.name, members=room.members)
        return room_views.room_view(user, row.pk), created

    view, created = await run_in_db_pool(retried, opened)
    return _answer(view, 201 if created else 200)


@api.get("/rooms/{uuid:room_id}/messages", response={200: protocol.HistoryReply, **_PROBLEMS})
async def page_messages(
    request: HttpRequest, room_id: UUID, page: Query[PageQuery]
) -> HttpResponse:
    """A page of messages, newest last: before a number, after one, or the newest."""
    command = protocol.History(room=room_id, **page.model_dump())
    await _pay_for(request, command)
    return _charged(request, _reply(await _execute(request, command)))


@api.post(
    "/rooms/{uuid:room_id}/messages",
    response={200: protocol.MessageReply, 201: protocol.MessageReply, **_PROBLEMS},
)
async def send_a_message(request: HttpRequest, room_id: UUID, message: NewMessage) -> HttpResponse:
    """Sends a message (201). The same `client_id` again returns the same message (200)."""
    user = _caller(request).user
    command = protocol.MessageSend(room=room_id, **message.model_dump())
    await _pay_for(request, command)
    known = Message.objects.filter(pk=message_id(user.pk, message.client_id))
    existed = await run_in_db_pool(known.exists)
    reply = await _execute(request, command)
    return _reply(reply, 200 if existed else 201)


@api.post(
    "/attachments",
    response={201: protocol.Attachment, **_PROBLEMS, 507: Problem},
    openapi_extra=_UPLOAD,
)
async def upload(request: HttpRequest) -> HttpResponse:
    """Stores a file for a later message, whose `attachments` name it by `id`."""
    user = _caller(request).user
    # Parsing what may be a hundred megabytes is work for a thread, as storing it is.
    file, lanes = await run_in_file_pool(user.pk, _uploaded, request)
    if lanes:
        stored = await run_in_picture_pool(
            user.pk, lanes, lambda lane: store_attachment(user, file=file, lane=lane)
        )
    else:
        stored = await run_in_file_pool(user.pk, store_attachment, user, file=file)
    return _answer(serializers.attachment(stored), 201)


@api.get("/attachments/{uuid:attachment_id}", response={200: protocol.Attachment, **_PROBLEMS})
async def describe_attachment(request: HttpRequest, attachment_id: UUID) -> HttpResponse:
    """Returns a file, with addresses that work without cookie or header for five minutes."""
    user = _caller(request).user
    found = serializers.attachment(
        await run_in_db_pool(permissions.attachment_for, user, attachment_id)
    )
    key = key_for(user, attachment_id)
    found.url = f"{found.url}?key={key}"
    if found.thumbnail_url:
        found.thumbnail_url = f"{found.thumbnail_url}?key={key}"
    return _answer(found)


def _uploaded(request: HttpRequest) -> "tuple[UploadedFile[bytes], tuple[Lane, ...]]":
    """The file of an upload, and where it is decoded if it is a picture."""
    try:
        file = uploaded_file(request)
    except (MultiPartParserError, RawPostDataException, UnreadablePostError) as error:
        raise ChatError(
            ErrorCode.BAD_REQUEST, "This upload is incomplete. Send it again."
        ) from error
    if file is None:
        raise ChatError(
            ErrorCode.BAD_REQUEST, "Send the file as multipart/form-data, in the field “file”."
        )
    return file, lanes_for(_caller(request).user, file)


async def _execute(request: HttpRequest, command: protocol.Command) -> protocol.Reply:
    commits = runtime_of(request).commits
    return await execution.execute(commits, _caller(request).user, command)


async def _pay_for(request: HttpRequest, command: protocol.Command) -> None:
    """Charges the rest of the command's price, beyond the request's."""
    paid = prices.of_request(request.method or "", request.path_info).units
    if (units := price_of(command) - paid) > 0:
        await pay(request, _caller(request), units)


def _charged(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    """Returns the answer after charging for its length."""
    if units := prices.of_answer(len(answer.content)):
        runtime_of(request).limits.allowance(_caller(request).user.pk).owe(units)
    return answer


def _caller(request: HttpRequest) -> Caller:
    caller: Caller = request.auth  # type: ignore[attr-defined]
    return caller


# -- Answers ---------------------------------------------------------------------------------


def _json(text: str, status: int = 200) -> HttpResponse:
    return HttpResponse(
        text,
        status=status,
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


def _answer(value: BaseModel, status: int = 200) -> HttpResponse:
    return _json(value.model_dump_json(), status)


def _reply(reply: protocol.Reply, status: int = 200) -> HttpResponse:
    return _json(reply.encoded(), status)


def _problem(code: ErrorCode, detail: str, status: int | None = None) -> HttpResponse:
    return JsonResponse(
        {"code": code, "detail": detail},
        status=status or STATUS[code],
        headers={"Cache-Control": "no-store"},
    )


@api.exception_handler(Exception)
def _on_any(request: HttpRequest, error: Exception) -> HttpResponse:
    refusal = execution.refusal(error)
    if not isinstance(refusal, ServerFull):
        return _problem(refusal.code, refusal.detail)
    answer = _problem(refusal.code, refusal.detail, 507)
    # No error of the program's; Django would log one for each file.
    answer._has_been_logged = True  # type: ignore[attr-defined]
    return answer


@api.exception_handler(AuthenticationError)
def _on_nobody(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    return _problem(ErrorCode.UNAUTHENTICATED, "Sign in first, and send the session token.")


@api.exception_handler(ValidationError)
def _on_invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    first = error.errors[0]
    # "body", "message" and the like are the framework's own names.
    where = ".".join(str(part) for part in first["loc"][2:] or first["loc"][1:])
    return _problem(ErrorCode.BAD_REQUEST, f"{where}: {first['msg']}"[:300])


@api.exception_handler(HttpError)
def _on_unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
    return _problem(ErrorCode.BAD_REQUEST, "The body of this request is not JSON.")


@api.exception_handler(RequestDataTooBig)
def _on_too_big(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return _problem(ErrorCode.TOO_LARGE, "The body of this request is too large.")


@api.exception_handler(SuspiciousOperation)
def _on_suspicious(request: HttpRequest, error: SuspiciousOperation) -> HttpResponse:
    return _problem(ErrorCode.BAD_REQUEST, "This request is not formed as it should be.")
