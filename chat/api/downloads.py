"""Serves files to people who can read the room, in pieces, and never as pages.

A person's file counts as hostile. Browsers may show a short list of types; all others are saved.
Nothing runs on the server's origin: ``nosniff`` keeps a picture from being read as HTML, the
sandbox keeps even a page from having an origin.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.core.files.storage import default_storage
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.http.response import StreamingHttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags

from accounts.models import User
from accounts.sessions import second_factor
from accounts.sessions.signed_in import TOKEN_HEADER, user_for_token
from chat import permissions
from chat.api.address_limits import paid_by_person
from chat.concurrency.executors import run_in_db_pool, run_in_download_pool
from chat.media import content_types
from chat.models import Attachment
from chat.protocol import ChatError
from chat.runtime import runtime_of
from chat.throttling import prices

CHUNK = 256 * 1024
"""Bytes of a file that are read at once."""
KEY_LIFETIME = 300
"""Seconds for which an address with a key works."""
CACHED_FOR = 3_600
"""Seconds for which a browser may show a file again without asking."""

_signer = signing.TimestampSigner(salt="chat.downloads")
_PLAIN = re.compile(r"[ !#$&-\[\]-~]+")
"""ASCII without quotes, percent signs and backslashes."""
_RANGE = re.compile(r"\s*bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.ASCII)


def key_for(user: User, attachment: UUID) -> str:
    """Returns a key that gives this person this file for ``KEY_LIFETIME`` seconds, for requests
    without cookie or header: pictures of a page that an editor shows.
    """
    return _signer.sign(f"{attachment.hex}.{user.pk.hex}")


async def download(request: HttpRequest, id: UUID, name: str) -> HttpResponseBase:
    return await _serve(request, id, thumbnail=False)


async def thumbnail(request: HttpRequest, id: UUID) -> HttpResponseBase:
    return await _serve(request, id, thumbnail=True)


async def _serve(request: HttpRequest, id: UUID, *, thumbnail: bool) -> HttpResponseBase:
    if request.method not in ("GET", "HEAD"):
        return _refusal("bad_request", "Files are had by GET.", 405, Allow="GET, HEAD")
    user, found = await run_in_db_pool(_find, request, id, thumbnail)
    if user is not None:
        units = prices.of_request(request.method, request.path_info).units
        if not await runtime_of(request).limits.download_allowance(user.pk).pay(units):
            detail = "That were too many files at once. Wait a few seconds and try again."
            return _refusal("rate_limited", detail, 429, **{"Retry-After": "2"})
        paid_by_person(request)
    if found is None:
        return _refusal("not_found", permissions.not_found().detail, 404)
    response = await _answer(request, found)
    _protect(response, found, keyed="key" in request.GET)
    return response


# -- Who may have what -----------------------------------------------------------------------


@dataclass(slots=True)
class Found:
    """A file that the caller may download."""

    stored_as: str
    name: str
    content_type: str
    etag: str
    size: int


def _find(request: HttpRequest, id: UUID, thumbnail: bool) -> tuple[User | None, Found | None]:
    """Finds the caller, and the file if they may download it."""
    user = _caller(request, id)
    if user is None:
        return None, None
    try:
        attachment = permissions.attachment_for(user, id)
        return user, _thumbnail_of(attachment) if thumbnail else _file_of(attachment)
    except (ChatError, FileNotFoundError):
        return user, None


def _file_of(attachment: Attachment) -> Found:
    return Found(
        stored_as=attachment.file.name or "",
        name=attachment.name,
        content_type=content_types.OTHER
        if attachment.problem
        else content_types.served_as(attachment.content_type),
        etag=f'"{attachment.pk.hex}"',
        size=attachment.size,
    )


def _thumbnail_of(attachment: Attachment) -> Found | None:
    name = attachment.thumbnail.name
    if not name:
        return None
    if name == attachment.file.name:
        return _file_of(attachment)
    return Found(
        stored_as=name,
        name="thumbnail.webp",
        content_type="image/webp",
        etag=f'"{attachment.pk.hex}-thumbnail"',
        size=default_storage.size(name),
    )


def _caller(request: HttpRequest, id: UUID) -> User | None:
    """Returns the caller. Only one credential is checked, so another cannot make up for a wrong
    one.
    """
    if key := request.GET.get("key"):
        try:
            attachment, user = _signer.unsign(key, max_age=KEY_LIFETIME).split(".")
        except (signing.BadSignature, ValueError):
            return None
        if attachment != id.hex:
            return None
        found = User.objects.filter(pk=UUID(user), is_active=True).first()
        return None if found is None or second_factor.keeps_out(found) else found
    token = request.headers.get(TOKEN_HEADER) or request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    signed_in = user_for_token(token) if token else None
    return signed_in[0] if signed_in else None


# -- The answer ------------------------------------------------------------------------------


async def _answer(request: HttpRequest, found: Found) -> HttpResponseBase:
    held = parse_etags(request.headers.get("If-None-Match", ""))
    if found.etag in {etag.removeprefix("W/") for etag in held} or held == ["*"]:
        return HttpResponse(status=304)
    start, end = 0, found.size
    status = 200
    if wanted := _range(request, found):
        if (piece := _piece(wanted, found.size)) is None:
            refusal = _refusal("bad_request", "The file ends before this range.", 416)
            refusal["Content-Range"] = f"bytes */{found.size}"
            return refusal
        (start, end), status = piece, 206
    headers: dict[str, Any] = {"Content-Length": end - start, "Accept-Ranges": "bytes"}
    if status == 206:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{found.size}"
    if request.method == "HEAD":
        return HttpResponse(status=status, content_type=found.content_type, headers=headers)
    try:
        file = await run_in_download_pool(opened, found.stored_as, start, end)
    except FileNotFoundError:
        return _refusal("not_found", permissions.not_found().detail, 404)
    return StreamingHttpResponse(
        chunks(file, end - start),
        status=status,
        content_type=found.content_type,
        headers=headers,
    )


def _range(request: HttpRequest, found: Found) -> tuple[str, str] | None:
    """Returns the requested range, if it is one that we serve; others may be ignored."""
    if request.headers.get("If-Range", found.etag) != found.etag:
        return None
    match = _RANGE.fullmatch(request.headers.get("Range", ""))
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if first and last and int(last) < int(first):
        return None
    return first, last


def _piece(wanted: tuple[str, str], size: int) -> tuple[int, int] | None:
    """Returns the start and the end (exclusive) of the piece; None if the file ends before."""
    first, last = wanted
    if not first:
        start, end = max(size - int(last), 0), size
    else:
        start, end = int(first), min(int(last) + 1 if last else size, size)
    return (start, end) if start < end else None


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...

    def close(self) -> None: ...


def opened(name: str, start: int, end: int) -> Readable:
    """Opens a reader for this piece of a stored file.

    Raises:
        FileNotFoundError: the store does not have it.
    """
    file = default_storage.open(name)
    stored_object = getattr(file, "obj", None)
    if stored_object is None or end <= start:
        file.seek(start)
        return file
    # django-storages' S3File would fetch the whole object before the first byte is read, and
    # for each piece of a film again.
    piece: Readable = stored_object.get(Range=f"bytes={start}-{end - 1}")["Body"]
    return piece


async def chunks(file: Readable, size: int) -> AsyncIterator[bytes]:
    """Yields the piece's bytes, read in a thread: the event loop does not wait for the disk, and
    memory does not fill for a slow client.
    """
    try:
        while size:
            chunk = await run_in_download_pool(file.read, min(CHUNK, size))
            if not chunk:
                return
            size -= len(chunk)
            yield chunk
    finally:
        file.close()


def _protect(response: HttpResponseBase, found: Found, *, keyed: bool) -> None:
    inline = found.content_type in content_types.INLINE
    if response.status_code < 400:
        response["Content-Disposition"] = _disposition(found.name, inline=inline)
        response["ETag"] = found.etag
        response["Cache-Control"] = f"private, max-age={CACHED_FOR}"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    # The holder of a key may be a page of another origin: an editor's.
    response["Cross-Origin-Resource-Policy"] = "cross-origin" if keyed else "same-origin"
    patch_vary_headers(response, ["Cookie", TOKEN_HEADER])


def _disposition(name: str, *, inline: bool) -> str:
    """The name as RFC 6266 has it. In the plain form browsers take ``%20`` for a space, and a
    backslash for itself or for what protects the next character; so where it may be read in two
    ways, the form of RFC 8187 stands beside it and goes before it."""
    way = "inline" if inline else "attachment"
    if _PLAIN.fullmatch(name):
        return f'{way}; filename="{name}"'
    # Beyond ASCII there is no plain form that all read alike.
    plain = re.sub(r'["\\%]', "_", name)
    fallback = f' filename="{plain}";' if _PLAIN.fullmatch(plain) else ""
    return f"{way};{fallback} filename*=UTF-8''{quote(name, safe='')}"


def _refusal(code: str, detail: str, status: int, **headers: str) -> HttpResponse:
    return JsonResponse(
        {"code": code, "detail": detail},
        status=status,
        headers={**headers, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
    )
