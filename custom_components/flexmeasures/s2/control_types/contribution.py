"""What one S2 device adds to the request for a schedule of its site."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from .quantities import FlexModel, FlexValue


class SeriesKind(StrEnum):
    """What a series of values describes; each kind has its own FlexMeasures sensor in kW, never negative."""

    CONSUMPTION_FORECAST = "consumption_forecast"
    DEMAND_FORECAST = "demand_forecast"
    GAIN_FORECAST = "gain_forecast"
    PRODUCTION_FORECAST = "production_forecast"
    USAGE_FORECAST = "usage_forecast"


class Finding(StrEnum):
    """What stands in the way of what a device wants, or was understood with a reservation."""

    DEMAND_BEYOND_SUPPLY = "demand_beyond_supply"
    DISCHARGE_RATE_SIGN = "discharge_rate_sign"
    EFFICIENCY_VARIES = "efficiency_varies"
    ENERGY_OUT_OF_REACH = "energy_out_of_reach"
    FILL_LEVEL_OUTSIDE_RANGE = "fill_level_outside_range"
    OTHER_COMMODITY_NOT_PLANNED = "other_commodity_not_planned"
    TARGET_OUTSIDE_RANGE = "target_outside_range"
    TARGET_OUT_OF_REACH = "target_out_of_reach"
    UNKNOWN_CAPACITY = "unknown_capacity"
    WINDOW_TOO_SHORT = "window_too_short"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One finding with its numbers.

    Attributes:
        subject: id of what it is about, such as an actuator; empty for the whole device.
        at: when it matters; None for always.
        wanted: in the unit of the finding (kWh, or the device's own unit); None where there is no number.
        possible: likewise.
    """

    finding: Finding
    subject: str = ""
    at: datetime | None = None
    wanted: float | None = None
    possible: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Values of one sensor on a regular grid, to be stored before a schedule is asked for.

    Attributes:
        values: kW per step, positive in the direction that the kind names; None where nothing is known.
    """

    kind: SeriesKind
    start: datetime
    resolution: timedelta
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensors:
    """The FlexMeasures sensors of one S2 device.

    Attributes:
        power: per actuator id the sensor that its power is planned on, that of gas for a boiler; the key is empty for
            types without actuators.
        series: per kind the sensor that its values are stored on.
        stored_energy: sensor in kWh on which the server notes the energy that it expects. Several actuators on one
            storage are tied together by it. Never the measured one: the server would start from its own expectation.
        total_power: sensor on which the server notes the power of several actuators together, where people limit that.
    """

    power: Mapping[str, int]
    series: Mapping[SeriesKind, int] = field(default_factory=dict)
    stored_energy: int | None = None
    total_power: int | None = None

    def identifier(self, kind: SeriesKind) -> int:
        """Return the sensor of a series.

        Raises:
            ValueError: there is none, so that the values would silently count as 0.
        """
        if kind not in self.series:
            raise ValueError(f"a sensor is needed for the {kind.value.replace('_', ' ')}")
        return self.series[kind]

    def of(self, kind: SeriesKind) -> FlexValue:
        """Return the reference to a series.

        Raises:
            ValueError: there is no such sensor.
        """
        return {"sensor": self.identifier(kind)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """What one device adds to a trigger.

    Attributes:
        flex_models: entries of the flex-model.
        inflexible_consumption: sensors whose values the site consumes anyhow.
        inflexible_production: sensors whose values the site produces anyhow.
        series: values that have to be stored, and ingested, before the trigger.
        notices: what people should know.
    """

    flex_models: tuple[FlexModel, ...] = ()
    inflexible_consumption: tuple[int, ...] = ()
    inflexible_production: tuple[int, ...] = ()
    series: tuple[Series, ...] = ()
    notices: tuple[Notice, ...] = ()
