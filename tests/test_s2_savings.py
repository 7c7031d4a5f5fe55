"""What S2 devices cost and save: beside what each would have done, and nothing where nobody knows that."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import AsyncMock

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.flexmeasures.client import JsonObject, SensorData
from custom_components.flexmeasures.plan_models import Baseline

from . import site
from .planning import planner_of
from .s2.samples import (
    demand_driven_description,
    element,
    energy_constraint,
    fill_rate_description,
    fill_rate_mode,
    limit,
    message,
    number_range,
    operation_mode_description,
    power_constraints,
    power_profile,
    power_range,
    storage_status,
)
from .s2_devices import ConnectedDevice
from .test_s2_measurements import created, settle
from .test_s2_planning import NOON, controller_of, entry, free_actuator, knock, s2_device

__all__ = ["created", "entry"]
HOUR = timedelta(hours=1)
# No limit, but for what is foreseen.
PANELS = power_constraints()
LIMITED_CAR = power_constraints(
    consequence_type="DEFER",
    allowed_limit_ranges=[limit("UPPER_LIMIT", 0, 4000), limit("LOWER_LIMIT", 0, 0)],
)


def forecast(watts: float) -> JsonObject:
    """Return a forecast of a constant power for two days, consumption positive."""
    value: JsonObject = {"commodity_quantity": "ELECTRIC.POWER.L1", "value_expected": watts}
    part: JsonObject = {"duration": 172_800_000, "power_values": [value]}
    return message("PowerForecast", start_time="2026-11-22T12:00:00Z", elements=[part])


def battery() -> JsonObject:
    """Return the description of a battery, which charges and discharges with 5 kW."""
    both = fill_rate_mode(
        "both", element(0, 100, number_range(-0.02, 0.02), power_range(-5000, 5000))
    )
    inverter = {**free_actuator(), "operation_modes": [both], "transitions": []}
    return fill_rate_description(inverter)


@pytest.fixture
def priced(client: AsyncMock) -> Callable[..., None]:
    """Return what lets a kWh cost the same at all times, and other sensors hold a power."""

    def price(euros: float, watts: float | None = None) -> None:
        read = client.get_sensor_data.side_effect

        async def known(sensor_id: int, **asked: Any) -> SensorData:
            told: SensorData = await read(sensor_id, **asked)
            value = euros if sensor_id == site.PRICES else watts
            return replace(told, values=(value,) * len(told.values))

        client.get_sensor_data.side_effect = known

    return price


@pytest.fixture
async def lead(
    hass: HomeAssistant,
    client: AsyncMock,
    entry: MockConfigEntry,
    hass_client_no_auth: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
) -> Callable[..., Any]:
    """Return what connects a device that says some words, and carries its plan out from 12:00:10 until 13:00."""

    async def led(
        control_type: str, *words: JsonObject, power: float = 0.0, hours: int = 1
    ) -> ConnectedDevice:
        client.trigger_and_get_schedule.side_effect = site.plan(power)
        device = await knock(hass, hass_client_no_auth)
        await device.follow(control_type)
        for word in words:
            await device.say(word)
        for second in (1, 2, 5, 10):
            await settle(hass, freezer, NOON + timedelta(seconds=second))
        controller_of(entry).async_follow(True)
        for quarter in range(1, 4 * hours + 1):
            await settle(hass, freezer, NOON + quarter * HOUR / 4)
        controller_of(entry).async_follow(False)
        await hass.async_block_till_done()
        return device

    return led


def shown(hass: HomeAssistant, amount: str, since: str = "today") -> float | None:
    """Return an amount in euros; None while it is not known."""
    state = hass.states.get(f"sensor.solar_panels_{amount}_{since}")
    assert state
    assert state.attributes["unit_of_measurement"] == "EUR"
    return None if state.state == "unknown" else float(state.state)


def baseline(entry: MockConfigEntry) -> Baseline:
    """Return what the device's plan is compared with."""
    plan = planner_of(entry).plan(s2_device(entry).settings.subentry_id)
    assert plan
    return plan.baseline


# Of an hour, ten seconds pass before it is followed.
FOLLOWED = 3590 / 3600


async def test_panels_save_what_they_do_not_give_at_a_negative_price(
    hass: HomeAssistant, entry: MockConfigEntry, lead: Any, priced: Any
) -> None:
    """2 kW are forecast for an hour at -2 EUR/kWh, and nothing is planned to be given: 4 EUR are not paid."""
    priced(-2.0)
    await lead("POWER_ENVELOPE_BASED_CONTROL", PANELS, forecast(-2000))

    assert baseline(entry) is Baseline.FORECAST
    assert shown(hass, "cost") == 0.0
    assert shown(hass, "saving") == pytest.approx(4 * FOLLOWED, abs=1e-4)


async def test_panels_that_give_all_save_nothing_and_earn(
    hass: HomeAssistant, lead: Any, priced: Any
) -> None:
    priced(0.25)
    await lead("POWER_ENVELOPE_BASED_CONTROL", PANELS, forecast(-2000), power=-2000.0)

    assert shown(hass, "cost") == pytest.approx(-0.5 * FOLLOWED, abs=1e-4)
    assert shown(hass, "saving") == 0.0


async def test_the_server_s_forecast_counts_where_panels_have_none(
    hass: HomeAssistant, entry: MockConfigEntry, lead: Any, priced: Any
) -> None:
    priced(-1.0, watts=1000.0)
    await lead("POWER_ENVELOPE_BASED_CONTROL", PANELS)

    assert baseline(entry) is Baseline.FORECAST
    assert shown(hass, "saving") == pytest.approx(1 * FOLLOWED, abs=1e-4)


async def test_without_any_forecast_nobody_knows_what_panels_save(
    hass: HomeAssistant, lead: Any, priced: Any
) -> None:
    priced(-1.0, watts=None)
    await lead("POWER_ENVELOPE_BASED_CONTROL", PANELS)

    assert shown(hass, "cost") == 0.0
    assert shown(hass, "saving") is None


async def test_a_car_saves_beside_the_mean_price(
    hass: HomeAssistant, entry: MockConfigEntry, lead: Any
) -> None:
    """An hour of the day costs its number, 11.5 in the mean of a day: at 12 EUR the planned kWh are dearer."""
    wanted = energy_constraint(
        valid_until="2026-11-22T18:00:00Z", upper_average_power=1000, lower_average_power=0
    )
    await lead("POWER_ENVELOPE_BASED_CONTROL", LIMITED_CAR, wanted, power=1000.0)

    assert baseline(entry) is Baseline.MEAN_PRICE
    assert shown(hass, "cost") == pytest.approx(12 * FOLLOWED, abs=1e-4)
    assert shown(hass, "saving") == pytest.approx((11.5 - 12) * FOLLOWED, abs=1e-4)


async def test_what_only_heats_saves_beside_the_mean_price(
    hass: HomeAssistant, entry: MockConfigEntry, lead: Any
) -> None:
    words = (fill_rate_description(free_actuator()), storage_status(40))
    await lead("FILL_RATE_BASED_CONTROL", *words, power=2000.0)

    assert baseline(entry) is Baseline.MEAN_PRICE
    assert shown(hass, "cost") == pytest.approx(24 * FOLLOWED, abs=1e-4)
    assert shown(hass, "saving") == pytest.approx((23 - 24) * FOLLOWED, abs=1e-4)


async def test_a_battery_saves_beside_doing_nothing_also_while_it_only_charges(
    hass: HomeAssistant, entry: MockConfigEntry, lead: Any
) -> None:
    await lead("FILL_RATE_BASED_CONTROL", battery(), storage_status(40), power=2000.0)

    assert baseline(entry) is Baseline.IDLE
    assert shown(hass, "cost") == pytest.approx(24 * FOLLOWED, abs=1e-4)
    assert shown(hass, "saving") == pytest.approx(-24 * FOLLOWED, abs=1e-4)


async def test_a_dishwasher_saves_beside_running_at_once(
    hass: HomeAssistant, entry: MockConfigEntry, lead: Any
) -> None:
    """2 kWh would have cost 24 EUR at noon, and a little more from 13:00 on; at midnight they cost nothing."""
    programme = power_profile(start_time="2026-11-22T12:00:00Z", end_time="2026-11-23T03:00:00Z")
    await lead("POWER_PROFILE_BASED_CONTROL", programme, hours=13)

    assert baseline(entry) is Baseline.AT_ONCE
    for since in ("today", "this_month"):
        assert shown(hass, "cost", since) == 0.0
        assert shown(hass, "saving", since) == pytest.approx(24.0, abs=0.01)


@pytest.mark.parametrize(
    ("control_type", "words"),
    [
        ("OPERATION_MODE_BASED_CONTROL", (operation_mode_description(),)),
        ("DEMAND_DRIVEN_BASED_CONTROL", (demand_driven_description(),)),
    ],
)
async def test_what_has_nothing_to_compare_with_costs_and_has_no_saving(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    lead: Any,
    control_type: str,
    words: tuple[JsonObject, ...],
) -> None:
    await lead(control_type, *words, power=2000.0)

    assert baseline(entry) is Baseline.UNKNOWN
    assert shown(hass, "cost") == pytest.approx(24 * FOLLOWED, abs=1e-4)
    assert hass.states.get("sensor.solar_panels_saving_today") is None
    assert hass.states.get("sensor.solar_panels_saving_this_month") is None


async def test_savings_stay_after_a_restart_while_the_device_is_away(
    hass: HomeAssistant, entry: MockConfigEntry, lead: Any
) -> None:
    device = await lead("FILL_RATE_BASED_CONTROL", battery(), storage_status(40), power=2000.0)
    reloading = hass.async_create_task(hass.config_entries.async_reload(entry.entry_id))
    await device.closed()
    await reloading

    assert shown(hass, "saving") == pytest.approx(-24 * FOLLOWED, abs=1e-4)
