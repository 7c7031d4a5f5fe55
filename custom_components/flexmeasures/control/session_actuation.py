"""How a session with a device, such as one of S2, is told what to do."""

from dataclasses import dataclass
from typing import override

from .actuation import Actuation
from .commands import (
    RELEASED,
    SCHEDULE,
    Bounds,
    Command,
    FollowSchedule,
    Reading,
    Release,
    SetPower,
)
from .setpoint import Setpoint, SetpointSource


@dataclass(frozen=True, slots=True)
class SessionActuation(Actuation):
    """A session that carries schedules out by itself, and is told a power only in the place of its schedule.

    Its reading is what it was told last: `SCHEDULE`, `RELEASED`, or W, consumption positive. Other words mean that
    somebody else told the device something.
    """

    @override
    def command(
        self, setpoint: Setpoint, power: float, bounds: Bounds, standing: Command | None
    ) -> Command | None:
        if setpoint.source is SetpointSource.SCHEDULE:
            return FollowSchedule()
        return SetPower(power + 0.0)

    @override
    def shows(self, command: Command, reading: Reading, bounds: Bounds) -> bool:
        return self.reading_of(command) == reading

    @override
    def power(self, reading: Reading) -> float | None:
        return None if isinstance(reading, str) else reading

    @override
    def restoring(self, reading: Reading) -> Command | None:
        if not isinstance(reading, str):
            return SetPower(reading)
        words: dict[str, Command] = {SCHEDULE: FollowSchedule(), RELEASED: Release()}
        return words.get(reading)

    @override
    def runs(self, command: Command) -> bool:
        return not isinstance(command, Release)

    @override
    def reading_of(self, command: Command) -> Reading | None:
        match command:
            case FollowSchedule():
                return SCHEDULE
            case Release():
                return RELEASED
        return super().reading_of(command)
