"""What was said in the sessions of an S2 device, for people who look for the cause of something."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

# What support needs to see of a conversation: a few minutes of a talkative device.
_MOST_MESSAGES: Final = 200
# A description may take a megabyte; 200 of them per device would fill the memory of a small computer.
_LONGEST_KEPT: Final = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardMessage:
    """One text of a conversation.

    Attributes:
        sent: True for ours.
        text: its begin, where it is long.
        length: of the whole text.
    """

    time: datetime
    sent: bool
    text: str
    length: int


class Conversation:
    """Keeps the last 200 texts of a device's sessions, oldest first."""

    def __init__(self) -> None:
        """Begin with nothing said."""
        self._messages: deque[HeardMessage] = deque(maxlen=_MOST_MESSAGES)

    def __iter__(self) -> Iterator[HeardMessage]:
        return iter(self._messages)

    def __len__(self) -> int:
        return len(self._messages)

    def note(self, text: str | bytes, now: datetime, *, sent: bool = False) -> None:
        """Keep a text."""
        kept = text[:_LONGEST_KEPT]
        self._messages.append(
            HeardMessage(
                time=now,
                sent=sent,
                text=kept if isinstance(kept, str) else kept.decode(errors="replace"),
                length=len(text),
            )
        )
