"""Feeds: what a Home Assistant state becomes in a FlexMeasures sensor."""

from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import State
import pytest

from custom_components.flexmeasures.client import Sensor
from custom_components.flexmeasures.const import (
    CONF_AGGREGATION,
    CONF_DIRECTION,
    CONF_ENTITY,
    CONF_SENSOR,
    SUBENTRY_MEASUREMENT,
)
from custom_components.flexmeasures.feed import (
    Aggregation,
    Feed,
    has_direction,
    possible_aggregations,
    value_for_sensor,
)
from custom_components.flexmeasures.units import UnitError, UnitProblem

QUARTER = timedelta(minutes=15)
INSTANTANEOUS = timedelta(0)


def make_feed(aggregation: str = "mean", direction: str | None = None) -> Feed:
    """Return a feed as it is stored."""
    data: dict[str, Any] = {
        CONF_ENTITY: "sensor.any",
        CONF_SENSOR: 7,
        CONF_AGGREGATION: aggregation,
    }
    if direction:
        data[CONF_DIRECTION] = direction
    return Feed.from_subentry(
        ConfigSubentry(
            data=MappingProxyType(data),
            subentry_id="one",
            subentry_type=SUBENTRY_MEASUREMENT,
            title="Any → home: power",
            unique_id="feed_7",
        )
    )


def make_sensor(unit: str, *, consumption_is_positive: bool = False) -> Sensor:
    """Return a sensor that stores in this unit and sign."""
    return Sensor(
        id=7,
        name="power",
        unit=unit,
        resolution=QUARTER,
        timezone="UTC",
        asset_id=1,
        attributes={"consumption_is_positive": True} if consumption_is_positive else {},
    )


def state(value: str, unit: str | None = None, **attributes: object) -> State:
    """Return a state of an entity."""
    if unit is not None:
        attributes["unit_of_measurement"] = unit
    return State("sensor.any", value, attributes)


def test_a_feed_is_what_its_subentry_says() -> None:
    assert make_feed("counter_to_power", "production") == Feed(
        subentry_id="one",
        title="Any → home: power",
        entity="sensor.any",
        sensor_id=7,
        aggregation=Aggregation.COUNTER_TO_POWER,
        sign_factor=-1,
    )
    assert make_feed("mean", "consumption").sign_factor == 1
    assert make_feed("last").sign_factor is None


@pytest.mark.parametrize(
    ("direction", "consumption_is_positive", "stored"),
    [
        ("consumption", True, 1.2),
        ("consumption", False, -1.2),
        ("production", True, -1.2),
        ("production", False, 1.2),
    ],
)
@pytest.mark.parametrize("aggregation", ["mean", "last"])
def test_power_is_stored_in_the_sign_of_the_sensor(
    direction: str, consumption_is_positive: bool, stored: float, aggregation: str
) -> None:
    """1200 W are 1.2 kW; a sensor stores production as positive unless it says otherwise."""
    feed = make_feed(aggregation, direction)
    sensor = make_sensor("kW", consumption_is_positive=consumption_is_positive)

    assert value_for_sensor(state("1200", "W"), feed, sensor) == pytest.approx(stored)
    assert value_for_sensor(state("-1200", "W"), feed, sensor) == pytest.approx(-stored)
    assert feed.factor_for_intervals(sensor) == 1


@pytest.mark.parametrize(
    ("value", "unit", "sensor_unit", "stored"),
    [
        ("1200", "W", "MW", 0.0012),
        ("1.2", "kW", "W", 1200),
        ("55.5", "%", "%", 55.5),
        ("68", "°F", "°C", 20),
        ("20", "°C", "degC", 20),
        ("84.2", "EUR/MWh", "EUR/kWh", 0.0842),
        ("0.25", "€/kWh", "EUR/MWh", 250),
        ("5300", "Wh", "kWh", 5.3),
        ("3", "ppm", "ppm", 3),
    ],
)
def test_a_value_is_converted_to_the_unit_of_the_sensor(
    value: str, unit: str, sensor_unit: str, stored: float
) -> None:
    feed = make_feed("last")
    converted = value_for_sensor(state(value, unit), feed, make_sensor(sensor_unit))
    assert converted == pytest.approx(stored)


@pytest.mark.parametrize(
    ("aggregation", "unit", "sensor_unit", "reading"),
    [
        ("counter_to_power", "kWh", "kW", 1234.5),
        ("counter_to_power", "Wh", "kW", 1.2345),
        ("counter_to_power", "kWh", "MW", 1.2345),
        ("counter_to_power", "MWh", "W", 1234500000),
        ("counter_to_energy", "kWh", "kWh", 1234.5),
        ("counter_to_energy", "kWh", "MWh", 1.2345),
    ],
)
@pytest.mark.parametrize("direction", ["consumption", "production"])
def test_a_counter_never_runs_backwards_and_its_interval_gets_the_sign(
    aggregation: str, unit: str, sensor_unit: str, reading: float, direction: str
) -> None:
    """A reading for power is in the sensor's unit times an hour: kWh for kW."""
    feed = make_feed(aggregation, direction)
    sensor = make_sensor(sensor_unit)

    assert value_for_sensor(state("1234.5", unit), feed, sensor) == pytest.approx(reading)
    assert feed.factor_for_intervals(sensor) == (-1 if direction == "consumption" else 1)


@pytest.mark.parametrize("aggregation", ["maximum", "minimum"])
def test_extremes_are_those_of_the_entity(aggregation: str) -> None:
    """The maximum of consumption is no maximum any more once its sign is reversed."""
    feed = make_feed(aggregation, "consumption")
    sensor = make_sensor("kW")

    assert value_for_sensor(state("1200", "W"), feed, sensor) == pytest.approx(1.2)
    assert feed.factor_for_intervals(sensor) == -1
    assert feed.factor_for_intervals(make_sensor("kW", consumption_is_positive=True)) == 1


@pytest.mark.parametrize(
    "missing",
    [
        state("unavailable", "W"),
        state("unknown", "W"),
        state("unavailable"),
        state("charging", "W"),
        state("nan", "W"),
        state("inf", "W"),
        state("-inf", "W"),
        state("", "W"),
        state("1200", "W", restored=True),
    ],
)
def test_what_tells_nothing_is_missing(missing: State) -> None:
    feed = make_feed("mean", "consumption")
    assert value_for_sensor(missing, feed, make_sensor("kW")) is None


@pytest.mark.parametrize(
    ("aggregation", "unit", "sensor_unit", "reason"),
    [
        ("mean", None, "kW", UnitProblem.MISSING),
        ("mean", "", "kW", UnitProblem.MISSING),
        ("mean", "W", "", UnitProblem.MISSING),
        ("counter_to_power", None, "kW", UnitProblem.MISSING),
        ("mean", "°C", "kW", UnitProblem.DIFFERENT_DIMENSION),
        ("mean", "kWh", "kW", UnitProblem.DIFFERENT_DIMENSION),
        ("mean", "kVA", "kW", UnitProblem.DIFFERENT_DIMENSION),
        ("counter_to_power", "kW", "kW", UnitProblem.DIFFERENT_DIMENSION),
        ("counter_to_power", "kWh", "kWh", UnitProblem.DIFFERENT_DIMENSION),
        ("counter_to_energy", "kWh", "kW", UnitProblem.DIFFERENT_DIMENSION),
        ("counter_to_energy", "kW", "kWh", UnitProblem.DIFFERENT_DIMENSION),
        ("mean", "EUR/kWh", "USD/kWh", UnitProblem.DIFFERENT_CURRENCY),
    ],
)
def test_a_number_that_cannot_be_understood_is_an_error_with_the_reason(
    aggregation: str, unit: str | None, sensor_unit: str, reason: UnitProblem
) -> None:
    with pytest.raises(UnitError) as error:
        value_for_sensor(state("5", unit), make_feed(aggregation), make_sensor(sensor_unit))
    assert error.value.reason is reason


@pytest.mark.parametrize(
    ("unit", "sensor_unit", "resolution", "possible"),
    [
        ("W", "kW", QUARTER, ["mean", "last", "maximum", "minimum"]),
        ("W", "kW", INSTANTANEOUS, ["last"]),
        ("kWh", "kW", QUARTER, ["counter_to_power"]),
        ("kWh", "kW", INSTANTANEOUS, []),
        ("kWh", "Wh", QUARTER, ["mean", "last", "counter_to_energy", "maximum", "minimum"]),
        ("kWh", "Wh", INSTANTANEOUS, ["last"]),
        ("°C", "kW", QUARTER, []),
        (None, "kW", QUARTER, []),
    ],
)
def test_unit_and_resolution_decide_which_aggregations_are_possible(
    unit: str | None, sensor_unit: str, resolution: timedelta, possible: list[str]
) -> None:
    assert list(possible_aggregations(unit, sensor_unit, resolution)) == possible


def test_power_and_energy_of_an_interval_have_a_direction_and_nothing_else_has() -> None:
    assert has_direction("kW", Aggregation.MEAN)
    assert has_direction("MW", Aggregation.COUNTER_TO_POWER)
    assert has_direction("kWh", Aggregation.COUNTER_TO_ENERGY)
    assert not has_direction("kWh", Aggregation.LAST)
    assert not has_direction("%", Aggregation.LAST)
    assert not has_direction("EUR/kWh", Aggregation.MEAN)


@pytest.mark.parametrize(
    ("aggregation", "unit", "expected"),
    [
        # The counter's readings are kWh for kW, MWh for MW, and the sensor's own unit for energy; per hour.
        ("counter_to_power", "kW", 17.0),
        ("counter_to_power", "MW", 0.017),
        ("counter_to_energy", "Wh", 17_000.0),
        ("counter_to_energy", "°C", None),
    ],
)
def test_the_largest_power_is_told_in_the_unit_that_is_counted(
    aggregation: str, unit: str, expected: float | None
) -> None:
    feed = replace(make_feed(aggregation), maximum_power=17)
    sensor = Sensor(id=7, name="power", unit=unit, resolution=QUARTER, timezone="UTC", asset_id=1)

    limit = feed.maximum_power_for(sensor)

    assert limit == (None if expected is None else pytest.approx(expected))
    assert make_feed(aggregation).maximum_power_for(sensor) is None
