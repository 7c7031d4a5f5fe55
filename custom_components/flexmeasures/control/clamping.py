"""What a device does to values beyond what it can: it takes less, and shows that."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

from .actuation import same_number
from .commands import Bounds, Reading

# A warm battery takes less for a while; asking for more again costs one write in this time.
_REMEMBERED = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class DeviceClamp:
    """A bound that the device has and does not tell: it takes no more, or no less, than what it showed.

    Attributes:
        reading: what it showed instead of the value it was told.
        is_maximum: whether it was told more than it showed.
        until: from when on more is tried again.
    """

    reading: float
    is_maximum: bool
    until: datetime

    @classmethod
    def learn(
        cls,
        told: Reading | None,
        before: Reading | None,
        reading: Reading | None,
        now: datetime,
        known: Self | None,
    ) -> Self | None:
        """Return the clamp that explains what the actuator shows; None when it just did not take the value.

        A device clamps when it shows less than it was told and either moved there from what it showed before, or is
        known to stop there. Showing more than it was told is never excused: a device has to rest when it is told so.

        Args:
            told: the value in the number's unit.
            before: what it showed before the write.
            reading: what it shows now.
            now: aware time.
            known: what was learnt before, also when it is no longer remembered.
        """
        if not isinstance(told, float | int) or not isinstance(reading, float | int):
            return None
        if abs(reading) >= abs(told):
            return None
        is_maximum = told > reading
        moved = (
            isinstance(before, float | int)
            and before != reading
            and min(before, told) <= reading <= max(before, told)
        )
        stands = (
            known is not None
            and known.is_maximum is is_maximum
            and same_number(known.reading, reading, None)
        )
        return cls(float(reading), is_maximum, now + _REMEMBERED) if moved or stands else None

    def is_exceeded(self, reading: Reading | None) -> bool:
        """Tell whether the actuator shows more than it was believed to take."""
        return (
            isinstance(reading, float | int)
            and abs(reading) > abs(self.reading)
            and not same_number(self.reading, reading, None)
        )

    def narrow(self, bounds: Bounds, now: datetime) -> Bounds:
        """Return the bounds that count while the clamp is remembered."""
        if now >= self.until:
            return bounds
        if self.is_maximum:
            return replace(bounds, maximum=_least(bounds.maximum, self.reading))
        minimum = self.reading if bounds.minimum is None else max(bounds.minimum, self.reading)
        return replace(bounds, minimum=minimum)


def _least(bound: float | None, reading: float) -> float:
    return reading if bound is None else min(bound, reading)
