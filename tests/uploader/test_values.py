"""Feeds from a state of an entity to a value that the server confirmed: what arrives of which readings."""

from datetime import datetime, timedelta
from unittest.mock import AsyncMock

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from .. import site
from ..conftest import feed_subentry, make_entry
from ..fed_site import LEVEL, METER, NOON, pass_time, posts, shown
from ..test_init import set_up


async def test_the_mean_of_each_slot_arrives_in_the_unit_and_sign_of_the_sensor(
    hass: HomeAssistant,
    client: AsyncMock,
    fed: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    await set_up(hass, fed)
    await pass_time(hass, freezer, 5)
    hass.states.async_set(METER, "5", {"unit_of_measurement": "kW"})
    await pass_time(hass, freezer, 12)

    # 5 minutes at 2 kW and 10 at 5 kW are 4 kW; production is stored positive, in MW.
    ((start, values),) = posts(client, site.SOLAR_POWER)
    assert start == NOON
    assert values == pytest.approx((0.004,))
    assert client.post_sensor_data.call_args.kwargs["unit"] == "MW"
    assert client.post_sensor_data.call_args.kwargs["duration"] == timedelta(minutes=15)
    assert shown(hass, "upload_backlog") == "0"
    assert shown(hass, "lost_intervals") == "0"
    assert shown(hass, "uploads_paused") == "off"
    assert datetime.fromisoformat(shown(hass, "last_upload")) > NOON


async def test_a_level_is_told_on_the_minute_when_it_changed(
    hass: HomeAssistant,
    client: AsyncMock,
    fed: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    hass.states.async_set(LEVEL, "5", {"unit_of_measurement": "kWh"})
    await set_up(hass, fed)
    await pass_time(hass, freezer, 3)
    hass.states.async_set(LEVEL, "6000", {"unit_of_measurement": "Wh"})
    await pass_time(hass, freezer, 3)

    known = {
        start + index * timedelta(minutes=1): value
        for start, values in posts(client, site.BATTERY_ENERGY)
        for index, value in enumerate(values)
        if value is not None
    }
    assert sorted(known.values()) == [5.0, 6.0]
    assert max(known) == NOON + timedelta(minutes=3)


async def test_a_counter_becomes_mean_power_even_while_it_stands_still(
    hass: HomeAssistant,
    client: AsyncMock,
    freezer: FrozenDateTimeFactory,
) -> None:
    unit = {"unit_of_measurement": "kWh"}
    hass.states.async_set(METER, "100", unit)
    entry = make_entry(
        feed_subentry(
            site.BATTERY_POWER, METER, aggregation="counter_to_power", direction="consumption"
        )
    )
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    await pass_time(hass, freezer, 15)
    hass.states.async_set(METER, "101", unit)
    for _ in range(20):
        await pass_time(hass, freezer, 1)
        hass.states.async_set(METER, "101", unit)

    known = {
        start + index * site.QUARTER: value
        for start, values in posts(client, site.BATTERY_POWER)
        for index, value in enumerate(values)
    }
    # 1 kWh in a quarter of an hour is 4 kW; the sensor stores consumption as negative. Then nothing is counted.
    assert known == {NOON: pytest.approx(-4.0), NOON + site.QUARTER: pytest.approx(0.0)}


async def test_an_unavailable_entity_is_a_gap_and_never_zero(
    hass: HomeAssistant,
    client: AsyncMock,
    fed: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    await set_up(hass, fed)
    await pass_time(hass, freezer, 5)
    hass.states.async_set(METER, "unavailable")
    await pass_time(hass, freezer, 27)

    assert posts(client, site.SOLAR_POWER) == []
    hass.states.async_set(METER, "1000", {"unit_of_measurement": "W"})
    await pass_time(hass, freezer, 30)
    assert posts(client, site.SOLAR_POWER)[0] == (
        NOON + timedelta(minutes=30),
        (pytest.approx(0.001),),
    )


async def test_a_unit_of_another_dimension_is_a_gap_with_a_reason(
    hass: HomeAssistant,
    client: AsyncMock,
    fed: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await set_up(hass, fed)
    hass.states.async_set(METER, "20", {"unit_of_measurement": "°C"})
    await pass_time(hass, freezer, 17)

    assert posts(client, site.SOLAR_POWER) == []
    assert f"{METER} → {site.SOLAR_POWER} is not measured" in caplog.text


@pytest.mark.parametrize(
    ("aggregation", "expected"), [("maximum", 0.005), ("minimum", 0.002), ("last", 0.005)]
)
async def test_extremes_and_last_values_arrive_with_the_sign_of_the_sensor(
    hass: HomeAssistant,
    client: AsyncMock,
    freezer: FrozenDateTimeFactory,
    aggregation: str,
    expected: float,
) -> None:
    hass.states.async_set(METER, "2000", {"unit_of_measurement": "W"})
    entry = make_entry(
        feed_subentry(site.SOLAR_POWER, METER, aggregation=aggregation, direction="consumption")
    )
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    await pass_time(hass, freezer, 5)
    hass.states.async_set(METER, "5000", {"unit_of_measurement": "W"})
    await pass_time(hass, freezer, 12)

    assert posts(client, site.SOLAR_POWER) == [(NOON, (pytest.approx(-expected),))]


async def test_a_sensor_that_became_instantaneous_gets_readings_as_they_are(
    hass: HomeAssistant,
    client: AsyncMock,
    freezer: FrozenDateTimeFactory,
) -> None:
    hass.states.async_set(LEVEL, "5", {"unit_of_measurement": "kWh"})
    entry = make_entry(feed_subentry(site.BATTERY_ENERGY, LEVEL, aggregation="mean"))
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    await pass_time(hass, freezer, 3)

    assert entry.state is ConfigEntryState.LOADED
    assert posts(client, site.BATTERY_ENERGY)[0][1] == (5.0,)


async def test_a_renamed_entity_is_still_measured(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    registry = er.async_get(hass)
    meter = registry.async_get_or_create("sensor", "inverter", "power")
    hass.states.async_set(meter.entity_id, "2000", {"unit_of_measurement": "W"})
    entry = make_entry(feed_subentry(site.SOLAR_POWER, meter.id, direction="production"))
    entry.add_to_hass(hass)
    await set_up(hass, entry)

    hass.states.async_remove(meter.entity_id)
    registry.async_update_entity(meter.entity_id, new_entity_id="sensor.renamed")
    await hass.async_block_till_done()
    hass.states.async_set("sensor.renamed", "5000", {"unit_of_measurement": "W"})
    await hass.async_block_till_done()
    await pass_time(hass, freezer, 17)

    assert posts(client, site.SOLAR_POWER) == [(NOON, (pytest.approx(0.005),))]


async def count(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    *readings: tuple[float, str, dict[str, str]],
) -> None:
    """Let a counter show readings with their attributes, each after so many minutes."""
    for minutes, value, attributes in readings:
        await pass_time(hass, freezer, minutes)
        hass.states.async_set(METER, value, {"unit_of_measurement": "kWh", **attributes})


@pytest.mark.parametrize(
    ("limit", "expected"), [({}, [4, 16_000, 4]), ({"maximum_power": 20}, [4, 4])]
)
async def test_a_jump_beyond_the_largest_power_is_a_gap(
    hass: HomeAssistant,
    client: AsyncMock,
    freezer: FrozenDateTimeFactory,
    limit: dict[str, float],
    expected: list[float],
) -> None:
    feed = feed_subentry(
        site.BATTERY_POWER,
        METER,
        aggregation="counter_to_power",
        direction="consumption",
        **limit,
    )
    entry = make_entry(feed)
    entry.add_to_hass(hass)
    await count(hass, freezer, (0, "100", {}))
    await set_up(hass, entry)
    # 4 kW, then 4,000 kWh in a quarter of an hour, and 4 kW again.
    await count(hass, freezer, (15, "101", {}), (15, "4101", {}), (15, "4102", {}))
    await pass_time(hass, freezer, 31)

    powers = [
        value
        for _, values in posts(client, site.BATTERY_POWER)
        for value in values
        if value is not None
    ]
    assert powers == pytest.approx([-value for value in expected])


async def test_a_counter_that_says_it_was_reset_has_counted_what_it_shows(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    before = {"last_reset": "2026-11-22T00:00:00+00:00"}
    after = {"last_reset": "2026-11-22T12:20:00+00:00"}
    entry = make_entry(feed_subentry(site.BATTERY_POWER, METER, aggregation="counter_to_power"))
    entry.add_to_hass(hass)
    await count(hass, freezer, (0, "1.5", before))
    await set_up(hass, entry)
    # The reading after the reset is larger than the one before, so that nothing else gives the reset away.
    await count(hass, freezer, (15, "2", before), (15, "3", after), (15, "4", after))
    await pass_time(hass, freezer, 2)

    known = {
        start + index * site.QUARTER: value
        for start, values in posts(client, site.BATTERY_POWER)
        for index, value in enumerate(values)
    }
    # 0.5 kWh, then 3 kWh since the reset, then 1 kWh, each in a quarter of an hour.
    assert known == {
        NOON: pytest.approx(2),
        NOON + site.QUARTER: pytest.approx(12),
        NOON + 2 * site.QUARTER: pytest.approx(4),
    }


async def test_silence_beyond_the_longest_hold_is_a_gap(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    hass.states.async_set(METER, "2000", {"unit_of_measurement": "W"})
    entry = make_entry(
        feed_subentry(site.SOLAR_POWER, METER, direction="production", longest_hold=10)
    )
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    await pass_time(hass, freezer, 32)

    # The first 10 of the first 15 minutes are known, and nothing after them.
    assert posts(client, site.SOLAR_POWER) == [(NOON, (pytest.approx(0.002),))]
