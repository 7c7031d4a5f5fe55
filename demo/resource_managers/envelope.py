"""A limit that a device was given for some time."""

from datetime import UTC, datetime, timedelta

from .resource_manager import Message


class Envelope:
    """One of the limits of a power envelope, piece by piece."""

    def __init__(self, free: float) -> None:
        """Begin without a limit.

        Args:
            free: W that hold where nothing is said.
        """
        self._free = free
        self._pieces: list[tuple[datetime, datetime, float]] = []

    def take(self, instruction: Message, limit: str) -> None:
        """Take the limit of that name from an instruction."""
        start = datetime.fromisoformat(instruction["execution_time"]).astimezone(UTC)
        self._pieces = []
        for element in instruction["power_envelopes"][0]["power_envelope_elements"]:
            end = start + timedelta(milliseconds=element["duration"])
            self._pieces.append((start, end, element[limit]))
            start = end

    def forget(self) -> None:
        """Be without a limit again."""
        self._pieces = []

    def at(self, now: datetime) -> float:
        """Return the W that hold at a time."""
        return next((limit for start, end, limit in self._pieces if start <= now < end), self._free)
