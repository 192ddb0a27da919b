"""Files that are sent here: held in memory, never on the disk, and no more of them than is of use."""

from io import BytesIO
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler

MOST = 8 * 1024 * 1024
# A whole request; past this nothing of it is read.
MOST_AT_ALL = 32 * 1024 * 1024


class InMemory(FileUploadHandler):
    """Keeps each file up to 8 MB; of a larger one it keeps nothing but how large it is.

    A form says so then, in words, with everything else that was typed.
    """

    def handle_raw_input(
        self,
        input_data: Any,
        META: Any,
        content_length: int,
        boundary: Any,
        encoding: str | None = None,
    ) -> None:
        """Refuse what no form of ours sends."""
        if content_length > MOST_AT_ALL:
            raise RequestDataTooBig("The request is larger than any form of ours.")

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin another file."""
        super().new_file(*args, **kwargs)
        self.held = BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Hold what comes, or let go of all of it once it is too much."""
        if start + len(raw_data) > MOST:
            self.held = BytesIO()
        else:
            self.held.write(raw_data)

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        """Return the file, with the size that it had."""
        self.held.seek(0)
        return InMemoryUploadedFile(
            self.held,
            self.field_name,
            self.file_name or "",
            self.content_type or "",
            file_size,
            self.charset,
            self.content_type_extra,
        )
