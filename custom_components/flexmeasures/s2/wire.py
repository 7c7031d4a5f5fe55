"""S2 as text: JSON values, the names of fields on the wire, and what can be wrong with a message."""

from collections.abc import Callable
from dataclasses import Field, fields
from functools import cache
import re
from typing import Any

from .messages.session import ReceptionStatusValue

type JsonValue = str | int | float | bool | list["JsonValue"] | dict[str, "JsonValue"] | None
type JsonObject = dict[str, JsonValue]

# The certification tool and s2-python know no limit; a person reading a log does.
_LONGEST_LABEL = 200

# The standard's pattern, for the whole identifier: as it stands there it would also let markup pass around it.
is_identifier: Callable[[str], object] = re.compile(r"[a-zA-Z0-9\-_:]{2,64}").fullmatch


class MessageError(Exception):
    """A message cannot be accepted, or must not be sent.

    Attributes:
        status: the answer that says so.
        path: where in the message, outermost first.
        reason: what is wrong there, without the device's own words.
    """

    def __init__(self, status: ReceptionStatusValue, reason: str, path: str = "") -> None:
        """Name the status, the reason and the place."""
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.path = path

    def within(self, step: str | int) -> MessageError:
        """Return the same fault, seen from one level further out."""
        path = f"{step}.{self.path}" if self.path else str(step)
        return MessageError(self.status, self.reason, path)

    @property
    def label(self) -> str:
        """What a ReceptionStatus says about it: one line without markup, at most 200 characters."""
        return plain(f"{self.path}: {self.reason}" if self.path else self.reason)


def invalid_content(reason: str) -> MessageError:
    """Return the fault of a message that is well formed and makes no sense."""
    return MessageError(ReceptionStatusValue.INVALID_CONTENT, reason)


def invalid_message(reason: str) -> MessageError:
    """Return the fault of a message that is not built as the standard says."""
    return MessageError(ReceptionStatusValue.INVALID_MESSAGE, reason)


def plain(words: str) -> str:
    """Return words as one line without markup and control characters, at most 200 characters."""
    # What comes after this has no part in the result, and a device may send a megabyte.
    line = " ".join(words[: 4 * _LONGEST_LABEL].split())
    shown = (sign for sign in line if sign.isprintable() and sign not in "<>")
    return "".join(shown)[:_LONGEST_LABEL]


@cache
def wire_fields(kind: type[Any]) -> tuple[tuple[Field[Any], str], ...]:
    """Return the fields of a message or component, each with its name on the wire."""
    return tuple((field, _wire_name(kind, field)) for field in fields(kind))


def _wire_name(kind: type[Any], field: Field[Any]) -> str:
    if (suffix := field.metadata.get("wire_suffix")) is not None:
        return f"{kind.wire_prefix}{suffix}"
    name: str = field.metadata.get("wire_name", field.name)
    return name
