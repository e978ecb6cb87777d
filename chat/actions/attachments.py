"""All writes to uploaded files."""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID, uuid4

import structlog
from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from accounts.models import User
from chat import permissions
from chat.concurrency.executors import run_in_db_thread_later
from chat.media import content_types, images, storage_use
from chat.models import Attachment
from chat.protocol import ChatError, ErrorCode
from mediachat.monitoring import disk
from mediachat.monitoring.logs import reason
from mediachat.pictures import headers, lanes
from mediachat.pictures.lanes import Lane

logger = structlog.get_logger(__name__)


class ServerFull(ChatError):
    """The server has no more room for anyone's files."""

    def __init__(self, detail: str) -> None:
        super().__init__(ErrorCode.QUOTA_EXCEEDED, detail)


TOTAL_USED = (
    "The files of everyone together take all the space that this server gives them. "
    "Ask its administrator to make room."
)
UNCLAIMED_FOR = timedelta(days=7)
"""How long a file that no message shows is kept: a draft may wait for its author to return."""
MEGABYTE = 1024 * 1024


def lanes_for(user: User, file: "UploadedFile[bytes]") -> tuple[Lane, ...]:
    """Returns the lanes in which this is decoded before it is stored; none if it is no picture."""
    kind, _ = content_types.kind_of(_head(file), content_types.clean_name(file.name or ""))
    if kind not in images.TYPES:
        return ()
    return lanes.lanes_for(user.pk, _head(file, headers.HEAD), kind, file.size or 0)


def store_attachment(
    user: User, *, file: "UploadedFile[bytes]", lane: Lane = lanes.large
) -> Attachment:
    """Stores a file for a later message, under a name that the server chooses.

    ``lane`` limits the work of decoding a picture.

    Raises:
        ChatError: ``too_large``, ``quota_exceeded``, ``not_found`` (the person has been
            suspended).
        TooSlow: it needs the last lane; nothing is stored.
    """
    if not permissions.is_active(user):
        raise permissions.not_found()
    _check_size(user, file.size or 0)
    name = content_types.clean_name(file.name or "")
    content_type, problem = content_types.kind_of(_head(file), name)
    attachment = Attachment(id=uuid4(), owner_id=user.pk, name=name, content_type=content_type)
    # Of a picture of a kind that is not known here it cannot be taken out.
    attachment.metadata_kept = content_type.startswith("image/")
    picture: images.Picture | None = None
    content: File[bytes] = file
    if content_type in images.TYPES:
        picture, unshown, attachment.metadata_kept = images.prepare(file.read(), content_type, lane)
        problem = problem or unshown
        attachment.width, attachment.height = picture.width, picture.height
        content = ContentFile(picture.data)
    attachment.problem = problem
    attachment.size = content.size
    attachment.file.name = _name("attachments", attachment.id)
    if picture and picture.width:
        folder = "thumbnails" if picture.thumbnail else "attachments"
        attachment.thumbnail.name = _name(folder, attachment.id)
    # The row reserves the place before the file is stored. Other files may have come since we
    # checked for room, so we check again: the last upload to reserve counts all the others.
    attachment.save(force_insert=True)
    try:
        check_server_has_room(0)
        _check_quota(user, 0)
        default_storage.save(attachment.file.name, content)
        if picture and picture.thumbnail:
            default_storage.save(attachment.thumbnail.name, ContentFile(picture.thumbnail))
        # To store it takes its time. Who is erased from now on is so with this file.
        if not Attachment.objects.filter(pk=attachment.pk, owner__is_active=True).exists():
            raise permissions.not_found()
    except BaseException:
        _delete_files({attachment.file.name, attachment.thumbnail.name or ""} - {""})
        Attachment.objects.filter(pk=attachment.pk).delete()
        raise
    return attachment


def attachments_deleted_on_commit(message: UUID) -> None:
    """Deletes a message's files: from the downloads at once, and from the store after
    the commit.
    """
    delete_attachments(list(Attachment.objects.filter(message=message)))


def check_server_has_room(size: int) -> None:
    """Checks that the server can store a file of so many bytes, from anyone.

    Raises:
        ServerFull: its disk is nearly full, or its files have reached their limit.
    """
    if not disk.has_room(size):
        raise ServerFull(disk.FULL)
    if not storage_use.has_room(size):
        raise ServerFull(TOTAL_USED)


def quota_left(user: User) -> int:
    """Returns how many more bytes this person's files may take."""
    _delete_unclaimed(user)
    used = Attachment.objects.filter(owner_id=user.pk).aggregate(sum=Sum("size"))["sum"] or 0
    return settings.UPLOAD_QUOTA_MB * MEGABYTE - used


def quota_problem(left: int) -> ChatError:
    """Returns the error for a person whose files may take only so many more bytes."""
    used = max(0, settings.UPLOAD_QUOTA_MB - -(-left // MEGABYTE))
    return ChatError(
        ErrorCode.QUOTA_EXCEEDED,
        f"Your files take {used:,} of {settings.UPLOAD_QUOTA_MB:,} MB. "
        "Delete messages with files that are no longer needed.",
    )


def _check_size(user: User, size: int) -> None:
    if size > settings.MAX_UPLOAD_MB * MEGABYTE:
        raise ChatError(
            ErrorCode.TOO_LARGE, f"A file can have at most {settings.MAX_UPLOAD_MB} MB."
        )
    check_server_has_room(size)
    _check_quota(user, size)


def _check_quota(user: User, size: int) -> None:
    """Checks that the person may store so much more."""
    left = quota_left(user)
    if size > left:
        raise quota_problem(left)


def _delete_unclaimed(user: User) -> None:
    """Deletes a person's files that no message uses, which would count towards their quota for
    ever.
    """
    before = timezone.now() - UNCLAIMED_FOR
    delete_attachments(
        list(Attachment.objects.filter(owner_id=user.pk, message=None, created_at__lt=before))
    )


def _head(file: "UploadedFile[bytes]", size: int = content_types.HEAD) -> bytes:
    file.seek(0)
    head = file.read(size)
    file.seek(0)
    return head


def _name(folder: str, id: UUID) -> str:
    """Returns a unique name, so that the store keeps it."""
    return f"{folder}/{id.hex[:2]}/{id}"


def delete_attachments(attachments: Iterable[Attachment]) -> None:
    """Deletes files: from the downloads at once, and from the store after the commit. Keeps one
    that a message has claimed since it was read.
    """
    names: set[str] = set()
    ids = []
    for attachment in attachments:
        # A message may have claimed it a moment ago; then it stays.
        row = Attachment.objects.filter(pk=attachment.pk, message=attachment.message)
        if row.delete()[0]:
            ids.append(attachment.pk)
            storage_use.deleted(attachment)
            names |= {attachment.file.name or "", attachment.thumbnail.name or ""}
    if ids:
        transaction.on_commit(lambda: run_in_db_thread_later(lambda: _delete_files(names - {""})))


def _delete_files(names: Iterable[str]) -> None:
    for name in names:
        try:
            default_storage.delete(name)
        except Exception as error:
            # Nobody can reach it any more; the file is left over.
            logger.warning("file_not_deleted", name=name, error=reason(error))
