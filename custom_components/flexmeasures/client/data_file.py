"""Files with values, made ready for sending."""

import asyncio
from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path
from typing import Final

import aiohttp

from .errors import InvalidInputError

type DataFile = str | PathLike[str] | bytes

# The server goes by the ending.
_CONTENT_TYPES: Final = {
    ".csv": "text/csv",
    ".xls": "application/vnd.ms-excel",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


async def read_data_file(
    file: DataFile, name: str | None, fields: Mapping[str, str]
) -> Callable[[], aiohttp.FormData]:
    """Read a file, or take its content, and return what makes the form to send it with.

    Raises:
        InvalidInputError: it cannot be read, or its name ends otherwise than the server expects.
    """
    if name is None:
        if isinstance(file, bytes):
            raise InvalidInputError("file_name", "must be given with content")
        name = Path(file).name
    ending = Path(name).suffix.lower()
    if ending not in _CONTENT_TYPES:
        raise InvalidInputError("file_name", f"must end in one of {', '.join(_CONTENT_TYPES)}")
    content = file if isinstance(file, bytes) else await _content(Path(file))

    def form() -> aiohttp.FormData:
        data = aiohttp.FormData(fields)
        data.add_field(
            "uploaded-files", content, filename=name, content_type=_CONTENT_TYPES[ending]
        )
        return data

    return form


async def _content(path: Path) -> bytes:
    try:
        return await asyncio.to_thread(path.read_bytes)
    except OSError as error:
        reason = f"cannot be read: {error.strerror or type(error).__name__}"
    raise InvalidInputError("file", reason)
