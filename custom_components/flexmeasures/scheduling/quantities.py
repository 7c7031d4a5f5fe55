"""Quantities as FlexMeasures reads them: a text with a unit, a sensor, or values during spans of time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

type JSON = str | int | float | bool | Sequence[JSON] | Mapping[str, JSON] | None


@dataclass(frozen=True, slots=True)
class SensorReference:
    """A quantity that the server reads from one of its sensors, in that sensor's own unit.

    The server takes a time without a value as 0, so whatever refers to a sensor needs values there first.
    """

    sensor: int

    def json(self) -> Mapping[str, JSON]:
        """Return what the server reads."""
        return {"sensor": self.sensor}


def kilowatt_hours(energy: float) -> str:
    """Return an energy in kWh as the server reads it."""
    return f"{energy + 0.0:.10g} kWh"


def watts(power: float) -> str:
    """Return a power in W as the server reads it."""
    return f"{power + 0.0:.10g} W"


def percent(share: float) -> str:
    """Return a share (1 for all) as the server reads it."""
    return f"{share * 100:.10g}%"


def during(start: datetime, end: datetime, value: str) -> dict[str, JSON]:
    """Return a value that holds from start to end, both aware."""
    return {"start": start.isoformat(), "end": end.isoformat(), "value": value}
