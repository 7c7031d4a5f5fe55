"""A feed as configured: which Home Assistant entity fills which FlexMeasures sensor, and what its readings become."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
import math
from typing import Self

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import (
    ATTR_RESTORED,
    ATTR_UNIT_OF_MEASUREMENT,
    UnitOfEnergy,
    UnitOfPower,
)
from homeassistant.core import State

from .client import Sensor
from .const import (
    CONF_AGGREGATION,
    CONF_DIRECTION,
    CONF_ENTITY,
    CONF_HISTORY_DAYS,
    CONF_LONGEST_HOLD,
    CONF_MAXIMUM_POWER,
    CONF_SENSOR,
    DIRECTION_CONSUMPTION,
    DIRECTION_PRODUCTION,
    SUBENTRY_MEASUREMENT,
)
from .units import UnitError, UnitProblem, convert, is_energy, is_power

_SIGN_FACTORS = {DIRECTION_CONSUMPTION: 1, DIRECTION_PRODUCTION: -1}


class Aggregation(StrEnum):
    """How the readings of one interval become its value."""

    MEAN = "mean"
    LAST = "last"
    COUNTER_TO_POWER = "counter_to_power"
    COUNTER_TO_ENERGY = "counter_to_energy"
    MAXIMUM = "maximum"
    MINIMUM = "minimum"

    @property
    def is_counter(self) -> bool:
        """True when the entity counts energy, and only the differences between readings matter."""
        # Asked for every reading; a member's hash is a call in Python, which sets need.
        return self is Aggregation.COUNTER_TO_POWER or self is Aggregation.COUNTER_TO_ENERGY

    @property
    def keeps_the_sign(self) -> bool:
        """True when a reversed sign may be given to readings as well as to the interval's value.

        A reversed counter would look like one that runs backwards, and a reversed maximum is a minimum.
        """
        return self is Aggregation.MEAN or self is Aggregation.LAST


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """One feed of the site.

    Attributes:
        entity: registry id or entity id.
        sensor_id: the FlexMeasures sensor.
        sign_factor: 1 when a positive reading is consumption, -1 when it is production; None for values that have no
            direction, such as a temperature.
        maximum_power: kW, the most that a counter can measure; None when unknown.
        longest_hold: without a report for so long a reading is over; None for as long as the entity shows it.
        history: how much of the past to send when the feed begins.
        measurement: which of the several that an S2 device feeds; empty for a feed with settings of its own.
    """

    subentry_id: str
    title: str
    entity: str
    sensor_id: int
    aggregation: Aggregation
    sign_factor: int | None
    maximum_power: float | None = None
    longest_hold: timedelta | None = None
    history: timedelta = timedelta(0)
    measurement: str = ""

    @classmethod
    def from_subentry(cls, subentry: ConfigSubentry) -> Self:
        """Return the feed that the subentry describes."""
        data = subentry.data
        hold = data.get(CONF_LONGEST_HOLD)
        return cls(
            subentry_id=subentry.subentry_id,
            title=subentry.title,
            entity=data[CONF_ENTITY],
            sensor_id=data[CONF_SENSOR],
            aggregation=Aggregation(data[CONF_AGGREGATION]),
            sign_factor=_SIGN_FACTORS.get(data.get(CONF_DIRECTION, "")),
            maximum_power=data.get(CONF_MAXIMUM_POWER),
            longest_hold=None if hold is None else timedelta(minutes=hold),
            history=timedelta(days=data.get(CONF_HISTORY_DAYS, 0)),
        )

    @property
    def key(self) -> str:
        """Return what tells it from all other feeds, also after a restart; it begins with the subentry's id."""
        return "_".join(filter(None, (self.subentry_id, self.measurement)))

    def maximum_power_for(self, sensor: Sensor) -> float | None:
        """Return the largest power in the unit of the readings that are counted for the sensor, per hour."""
        if self.maximum_power is None:
            return None
        try:
            return reading_in_unit(
                self.maximum_power, UnitOfEnergy.KILO_WATT_HOUR, sensor.unit, self.aggregation
            )
        except UnitError:
            # The sensor has got another unit on the server: no reading can be taken, and each tells why.
            return None

    def factor_for_readings(self, sensor: Sensor) -> int:
        """Return what `value_for_sensor` multiplies readings with: the sensor's sign, or 1 where that has to wait."""
        return self._stored_factor(sensor) if self.aggregation.keeps_the_sign else 1

    def factor_for_intervals(self, sensor: Sensor) -> int:
        """Return what the value of a closed interval still has to be multiplied with before it is sent."""
        return 1 if self.aggregation.keeps_the_sign else self._stored_factor(sensor)

    def _stored_factor(self, sensor: Sensor) -> int:
        """Return the factor from the entity's sign to the sign in which the sensor stores."""
        if self.sign_factor is None:
            return 1
        return self.sign_factor if sensor.consumption_is_positive else -self.sign_factor


def fed_sensors(entry: ConfigEntry) -> frozenset[int]:
    """Return the FlexMeasures sensors that get values from an entity."""
    subentries = entry.get_subentries_of_type(SUBENTRY_MEASUREMENT)
    return frozenset(subentry.data[CONF_SENSOR] for subentry in subentries)


def value_for_sensor(state: State, feed: Feed, sensor: Sensor) -> float | None:
    """Return what the state tells, in the unit of the FlexMeasures sensor and, where that can be, in its sign.

    The reading of a counter that becomes power is in the sensor's unit times one hour, such as kWh for kW. Whatever
    `factor_for_intervals` returns is left to be done with the interval's value.

    Returns:
        None when the state tells nothing: unavailable, unknown, a text, not finite, or restored from before a restart.

    Raises:
        UnitError: there is a number, but its unit is missing or of another dimension.
    """
    if state.attributes.get(ATTR_RESTORED) or (number := number_of(state)) is None:
        return None
    unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
    reading = reading_in_unit(number, unit, sensor.unit, feed.aggregation)
    return reading * feed.factor_for_readings(sensor)


def number_of(state: State) -> float | None:
    """Return the state's number; None when it has none or one that is not finite."""
    try:
        number = float(state.state)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def reading_in_unit(
    number: float, from_unit: str | None, to_unit: str, aggregation: Aggregation
) -> float:
    """Return a reading in the unit that is aggregated for a sensor with the unit `to_unit`.

    Raises:
        UnitError: the units do not go together with this aggregation.
    """
    if aggregation.is_counter and from_unit and not is_energy(from_unit):
        raise UnitError(from_unit, to_unit, UnitProblem.DIFFERENT_DIMENSION)
    if aggregation is Aggregation.COUNTER_TO_POWER:
        # 1 kW for an hour is 1 kWh, so energy in kWh has the number of its mean power over an hour in kW.
        number = convert(number, from_unit, UnitOfEnergy.KILO_WATT_HOUR)
        from_unit = UnitOfPower.KILO_WATT
    return convert(number, from_unit, to_unit)


def possible_aggregations(
    from_unit: str | None, to_unit: str, resolution: timedelta
) -> tuple[Aggregation, ...]:
    """Return how readings in one unit can become values of a sensor; nothing when they cannot.

    An instantaneous sensor (resolution zero) has no intervals and takes each reading as it is.
    """
    candidates = tuple(Aggregation) if resolution else (Aggregation.LAST,)
    return tuple(item for item in candidates if _fits(from_unit, to_unit, item))


def has_direction(to_unit: str, aggregation: Aggregation) -> bool:
    """Return whether the sensor's values flow in a direction: power, and energy per interval, but not stored energy."""
    return is_power(to_unit) or aggregation is Aggregation.COUNTER_TO_ENERGY


def opposite(direction: str) -> str:
    """Return the other direction."""
    return DIRECTION_PRODUCTION if direction == DIRECTION_CONSUMPTION else DIRECTION_CONSUMPTION


def _fits(from_unit: str | None, to_unit: str, aggregation: Aggregation) -> bool:
    try:
        reading_in_unit(0, from_unit, to_unit, aggregation)
    except UnitError:
        return False
    return True
