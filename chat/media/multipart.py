"""Parses forms with a file and keeps the file's name as it was sent.

Django takes a backslash for the end of a folder and ``&amp;`` for ``&``, and takes the joiners out
of emoji and of Persian. Here a name is data: ``chat.media.content_types.clean_name`` cleans it, and
no file is stored under it.
"""

import re
from collections.abc import Mapping
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, QueryDict
from django.http.multipartparser import MultiPartParser
from django.utils.datastructures import MultiValueDict

from chat.media import content_types

_ESCAPED = re.compile("%(22|0D|0A)")
"""What browsers write into ``filename`` instead of what cannot stand there. They leave a ``%`` of
the name itself, so ``%22`` may mean either; the field ``name`` is never in doubt."""


class WholeNames(MultiPartParser):
    """Django's parser, which keeps the names of files unchanged."""

    def sanitize_file_name(self, file_name: str) -> str:
        name = file_name.rsplit("/", 1)[-1]
        return name if name not in ("", ".", "..") else "file"  # Django refuses these as paths


def uploaded_file(request: HttpRequest) -> "UploadedFile[bytes] | None":
    """Returns the form's ``file``, named by its field ``name``, or else by its own ``filename``.

    None if there is no such field, or if it is no file.

    Raises:
        MultiPartParserError, RawPostDataException, UnreadablePostError: the form is broken, or
            not whole.
    """

    def parse(
        meta: Mapping[str, Any], body: Any
    ) -> "tuple[QueryDict, MultiValueDict[str, UploadedFile[bytes]]]":
        return WholeNames(meta, body, request.upload_handlers, request.encoding).parse()

    request.parse_file_upload = parse  # type: ignore[method-assign,assignment]
    file = request.FILES.get("file")
    if not isinstance(file, UploadedFile):
        return None
    named = request.POST.get("name")
    file.name = content_types.clean_name(
        named or _ESCAPED.sub(lambda found: chr(int(found[1], 16)), file.name or "")
    )
    return file
