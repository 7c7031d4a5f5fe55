"""Power envelope based control: a limit that a device was given for some time, and what devices under it share."""

from abc import abstractmethod
from datetime import UTC, datetime, timedelta
from typing import ClassVar, override

from .resource_manager import Message, ResourceManager, message, number_range


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


class EnvelopeManager(ResourceManager):
    """A device that keeps its power within one of the limits of its envelope."""

    control_type: ClassVar[str] = "POWER_ENVELOPE_BASED_CONTROL"
    constraints: ClassVar[str]
    limit: ClassVar[str]

    def __init__(self, now: datetime, free: float) -> None:
        """Begin without an envelope.

        Args:
            now: the time.
            free: W that hold where no limit is given.
        """
        super().__init__(now)
        self._envelope = Envelope(free)

    def power_constraints(
        self, since: datetime, consequence: str, *limits: tuple[str, float, float]
    ) -> Message:
        """Return the limits that the device can be given: of which type, and from which W to which."""
        ranges = [
            {
                "commodity_quantity": "ELECTRIC.POWER.L1",
                "limit_type": kind,
                "range_boundary": number_range(low, high),
                "abnormal_condition_only": False,
            }
            for kind, low, high in limits
        ]
        return message(
            "PEBC.PowerConstraints",
            id=self.constraints,
            valid_from=since.isoformat(),
            consequence_type=consequence,
            allowed_limit_ranges=ranges,
        )

    @override
    def statuses(self) -> list[Message]:
        return []

    @override
    def follow(self, instruction: Message) -> bool:
        if instruction["power_constraints_id"] != self.constraints:
            return False
        self._envelope.take(instruction, self.limit)
        self._keep_within(self._now)
        return True

    @override
    def release(self) -> None:
        self._envelope.forget()
        self._keep_within(self._now)

    @abstractmethod
    def _keep_within(self, now: datetime) -> None:
        """Set the power to what the limit leaves at a time."""
