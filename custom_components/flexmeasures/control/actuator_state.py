"""What an actuator shows and accepts, read with its actuation."""

from datetime import datetime

from .actuation import Actuation
from .clamping import DeviceClamp
from .commands import ANY_VALUE, Bounds, Command, Reading
from .exchange import Reported
from .setpoint import Setpoint


class ActuatorState:
    """Owns what the actuator tells of itself, and what it was seen not to take.

    When this fails, a write that took is repeated, or one that did not is believed.

    Attributes:
        reading: what it shows; None while it shows nothing.
        available: whether it can be written to.
    """

    __slots__ = ("_actuation", "_bounds", "_clamp", "available", "reading")

    def __init__(self, actuation: Actuation) -> None:
        """Begin with an actuator that has told nothing yet."""
        self._actuation = actuation
        self._bounds = ANY_VALUE
        self._clamp: DeviceClamp | None = None
        self.reading: Reading | None = None
        self.available = False

    def take(self, event: Reported) -> None:
        """Take over what it tells; what it held before it went away is not known any more."""
        returns = event.available and not self.available
        self.available, self._bounds = event.available, event.bounds
        if not event.available:
            self.reading = None
            if self._actuation.reads_back:
                self._clamp = None
        elif returns or event.reading is not None:
            self.reading = event.reading

    def shows(self, command: Command | None) -> bool:
        """Tell whether it shows what the command asked for."""
        return (
            command is not None
            and self.reading is not None
            and self._actuation.shows(command, self.reading, self._bounds)
        )

    def command(
        self, setpoint: Setpoint, power: float, told: Command | None, now: datetime
    ) -> Command | None:
        """Return what tells it the power (W, consumption positive), within what it accepts."""
        return self._actuation.command(setpoint, power, self.bounds(now), told)

    def bounds(self, now: datetime) -> Bounds:
        """Return what it accepts, as far as that has shown."""
        return self._clamp.narrow(self._bounds, now) if self._clamp else self._bounds

    @property
    def restoring(self) -> Command | None:
        """Return what brings it back to what it shows now; None when nothing does."""
        return None if self.reading is None else self._actuation.restoring(self.reading)

    @property
    def power(self) -> float | None:
        """Return the power in W, consumption positive, that it shows; None when it shows none."""
        return None if self.reading is None else self._actuation.power(self.reading)

    def learn_clamp(self, told: Command | None, before: Reading | None, now: datetime) -> bool:
        """Tell whether it takes no more than it shows of what it was told, and remember that.

        Args:
            told: None when it was told nothing.
            before: what it showed before it was told.
            now: aware time.
        """
        value = self._actuation.reading_of(told) if told else None
        clamp = DeviceClamp.learn(value, before, self.reading, now, self._clamp)
        if clamp is not None:
            self._clamp = clamp
        return clamp is not None

    def forget_clamp(self) -> bool:
        """Forget that it takes no more than it was believed to, when it shows more; tell whether that was so."""
        if self._clamp is None or not self._clamp.is_exceeded(self.reading):
            return False
        self._clamp = None
        return True
