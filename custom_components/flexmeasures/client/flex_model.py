"""Typed flex-models and flex-contexts; plain dictionaries with FlexMeasures' own field names do as well."""

from collections.abc import Sequence
from dataclasses import dataclass

from .errors import InvalidInputError
from .flex_data import FlexPart, FlexValue
from .inputs import Length, Moment, checked_id, checked_length, moment_of


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorReference(FlexPart):
    """A quantity that the server reads from a sensor.

    Attributes:
        sensor: identifier of the sensor; its own unit counts.
        default: quantity for where the sensor has no values, such as ``"5 kW"``.
        source_types: only values of these kinds of sources, such as ``["user"]``.
    """

    sensor: int
    default: str | float | None = None
    source_types: Sequence[str] | None = None

    def __post_init__(self) -> None:
        checked_id(self.sensor, "sensor")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedValue(FlexPart):
    """A quantity at a moment, or during a span of time: two of ``start``, ``end`` and ``duration``.

    Attributes:
        value: a text with a unit, such as ``"12 kWh"``; a bare number is in the server's default unit.

    Raises:
        InvalidInputError: it says neither or both, or a time that is none.
    """

    value: str | float
    datetime: Moment | None = None
    start: Moment | None = None
    end: Moment | None = None
    duration: Length | None = None

    def __post_init__(self) -> None:
        for name in ("datetime", "start", "end"):
            if (moment := getattr(self, name)) is not None:
                moment_of(moment, name)
        if self.duration is not None:
            checked_length(self.duration, "duration")
        bounds = sum(bound is not None for bound in (self.start, self.end, self.duration))
        # A moment with a duration is the server's older way to say a span of time.
        if self.datetime is None and bounds != 2:
            raise InvalidInputError(
                "datetime", "must be given, or two of start, end and duration instead"
            )
        if self.datetime is not None and (self.start is not None or self.end is not None):
            raise InvalidInputError("datetime", "says the same as start and end")


type FlexQuantity = str | float | SensorReference | Sequence[TimedValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageFlexModel(FlexPart):
    """What one device can do: a battery, a vehicle, a heat buffer, or anything whose power can be planned.

    Quantities are texts with a unit (``"11 kW"``, ``"40 kWh"``, ``"95%"``), sensors, or timed values.

    Attributes:
        sensor: power sensor to schedule; or ``asset`` with ``consumption`` and ``production`` sensors.
        soc_at_start: stored energy when the schedule begins; without it the server takes a storage for unlimited.
        soc_targets: stored energy to have at certain moments.
        soc_minima: stored energy to keep above.
        soc_maxima: stored energy to keep below.
        state_of_charge: sensor that the predicted stored energy is recorded on.
        power_capacity: limit in both directions.
        consumption_capacity: limit of charging.
        production_capacity: limit of discharging.
        soc_usage: what is taken out of the storage otherwise, such as by driving.
        soc_gain: what is added to the storage otherwise.
    """

    sensor: int | None = None
    asset: int | None = None
    consumption: SensorReference | None = None
    production: SensorReference | None = None
    soc_at_start: str | float | SensorReference | None = None
    soc_min: FlexQuantity | None = None
    soc_max: FlexQuantity | None = None
    soc_targets: FlexQuantity | None = None
    soc_minima: FlexQuantity | None = None
    soc_maxima: FlexQuantity | None = None
    soc_usage: Sequence[FlexQuantity] | None = None
    soc_gain: Sequence[FlexQuantity] | None = None
    state_of_charge: SensorReference | None = None
    power_capacity: FlexQuantity | None = None
    consumption_capacity: FlexQuantity | None = None
    production_capacity: FlexQuantity | None = None
    charging_efficiency: FlexQuantity | None = None
    discharging_efficiency: FlexQuantity | None = None
    roundtrip_efficiency: str | float | None = None
    storage_efficiency: FlexQuantity | None = None
    prefer_charging_sooner: bool | None = None
    prefer_curtailing_later: bool | None = None

    def __post_init__(self) -> None:
        for name in ("sensor", "asset"):
            if (identifier := getattr(self, name)) is not None:
                checked_id(identifier, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlexContext(FlexPart):
    """What surrounds the devices: prices, the limits of the site, and what cannot be planned.

    Attributes:
        consumption_price: per energy, such as ``"0.25 EUR/kWh"`` or a sensor.
        production_price: what feeding in earns; the server takes the consumption price without it.
        site_power_capacity: limit of the connection in both directions.
        site_peak_consumption: power that is paid for already; above it the price counts.
        inflexible_consumption: sensors of what consumes anyhow.
        inflexible_production: sensors of what produces anyhow.
        relax_constraints: False makes limits hard that the server otherwise only makes expensive to break.
        commitments: further contracts, as the server describes them.
    """

    consumption_price: FlexQuantity | None = None
    production_price: FlexQuantity | None = None
    site_power_capacity: FlexQuantity | None = None
    site_consumption_capacity: FlexQuantity | None = None
    site_production_capacity: FlexQuantity | None = None
    site_consumption_breach_price: FlexQuantity | None = None
    site_production_breach_price: FlexQuantity | None = None
    site_peak_consumption: FlexQuantity | None = None
    site_peak_consumption_price: FlexQuantity | None = None
    site_peak_production: FlexQuantity | None = None
    site_peak_production_price: FlexQuantity | None = None
    inflexible_consumption: Sequence[SensorReference] | None = None
    inflexible_production: Sequence[SensorReference] | None = None
    relax_constraints: bool | None = None
    commitments: Sequence[FlexValue] | None = None
