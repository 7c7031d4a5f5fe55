"""What S2 devices cost and save: beside what each would have done, and nothing where nobody knows that."""

from collections.abc import Awaitable, Callable

import pytest

from custom_components.flexmeasures.client import JsonObject
from custom_components.flexmeasures.plan_models import Baseline

from .. import site
from ..planning import QUARTER
from ..s2.samples import (
    demand_driven_description,
    element,
    fill_rate_description,
    fill_rate_mode,
    message,
    number_range,
    operation_mode_description,
    power_constraints,
    power_profile,
    power_range,
    storage_status,
)
from ..s2_devices import ConnectedDevice
from ..s2_home import S2Home
from ..s2_words import car_need, free_actuator, limited_car

# Of an hour, ten seconds pass before it is followed.
FOLLOWED = 3590 / 3600

type Lead = Callable[..., Awaitable[ConnectedDevice]]


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


def set_price(home: S2Home, euros: float, watts: float | None = None) -> None:
    """Let a kWh cost the same at all times, and other sensors hold a power."""
    home.replace_values(
        lambda sensor, values: (euros if sensor == site.PRICES else watts,) * len(values)
    )


@pytest.fixture
def lead(home: S2Home) -> Lead:
    """Return what connects a device that says some words, and carries its plan out from 12:00:10 until 13:00."""

    async def led(
        control_type: str, *words: JsonObject, power: float = 0.0, hours: int = 1
    ) -> ConnectedDevice:
        home.plan(power)
        device = await home.connect(*words, control_type=control_type)
        await home.pass_ten_seconds()
        home.controller.async_follow(True)
        for quarter in range(1, 4 * hours + 1):
            await home.until(quarter * QUARTER)
        home.controller.async_follow(False)
        await home.hass.async_block_till_done()
        return device

    return led


def shown(home: S2Home, amount: str, since: str = "today") -> float | None:
    """Return an amount in euros; None while it is not known."""
    state = home.state(f"sensor.solar_panels_{amount}_{since}")
    assert state.attributes["unit_of_measurement"] == "EUR"
    return None if state.state == "unknown" else float(state.state)


async def test_panels_save_what_they_do_not_give_at_a_negative_price(
    home: S2Home, lead: Lead
) -> None:
    """2 kW are forecast for an hour at -2 EUR/kWh, and nothing is planned to be given: 4 EUR are not paid."""
    set_price(home, -2.0)
    await lead("POWER_ENVELOPE_BASED_CONTROL", power_constraints(), forecast(-2000))

    assert home.current_plan.baseline is Baseline.FORECAST
    assert shown(home, "cost") == 0.0
    assert shown(home, "saving") == pytest.approx(4 * FOLLOWED, abs=1e-4)


async def test_panels_that_give_all_save_nothing_and_earn(home: S2Home, lead: Lead) -> None:
    set_price(home, 0.25)
    await lead("POWER_ENVELOPE_BASED_CONTROL", power_constraints(), forecast(-2000), power=-2000.0)

    assert shown(home, "cost") == pytest.approx(-0.5 * FOLLOWED, abs=1e-4)
    assert shown(home, "saving") == 0.0


async def test_the_server_s_forecast_counts_where_panels_have_none(
    home: S2Home, lead: Lead
) -> None:
    set_price(home, -1.0, watts=1000.0)
    await lead("POWER_ENVELOPE_BASED_CONTROL", power_constraints())

    assert home.current_plan.baseline is Baseline.FORECAST
    assert shown(home, "saving") == pytest.approx(1 * FOLLOWED, abs=1e-4)


async def test_without_any_forecast_nobody_knows_what_panels_save(home: S2Home, lead: Lead) -> None:
    set_price(home, -1.0, watts=None)
    await lead("POWER_ENVELOPE_BASED_CONTROL", power_constraints())

    assert shown(home, "cost") == 0.0
    assert shown(home, "saving") is None


async def test_a_car_saves_beside_the_mean_price(home: S2Home, lead: Lead) -> None:
    """An hour of the day costs its number, 11.5 in the mean of a day: at 12 EUR the planned kWh are dearer."""
    await lead("POWER_ENVELOPE_BASED_CONTROL", limited_car(), car_need(), power=1000.0)

    assert home.current_plan.baseline is Baseline.MEAN_PRICE
    assert shown(home, "cost") == pytest.approx(12 * FOLLOWED, abs=1e-4)
    assert shown(home, "saving") == pytest.approx((11.5 - 12) * FOLLOWED, abs=1e-4)


async def test_what_only_heats_saves_beside_the_mean_price(home: S2Home, lead: Lead) -> None:
    words = (fill_rate_description(free_actuator()), storage_status(40))
    await lead("FILL_RATE_BASED_CONTROL", *words, power=2000.0)

    assert home.current_plan.baseline is Baseline.MEAN_PRICE
    assert shown(home, "cost") == pytest.approx(24 * FOLLOWED, abs=1e-4)
    assert shown(home, "saving") == pytest.approx((23 - 24) * FOLLOWED, abs=1e-4)


async def test_a_battery_saves_beside_doing_nothing_also_while_it_only_charges(
    home: S2Home, lead: Lead
) -> None:
    await lead("FILL_RATE_BASED_CONTROL", battery(), storage_status(40), power=2000.0)

    assert home.current_plan.baseline is Baseline.IDLE
    assert shown(home, "cost") == pytest.approx(24 * FOLLOWED, abs=1e-4)
    assert shown(home, "saving") == pytest.approx(-24 * FOLLOWED, abs=1e-4)


async def test_a_dishwasher_saves_beside_running_at_once(home: S2Home, lead: Lead) -> None:
    """2 kWh would have cost 24 EUR at noon, and a little more from 13:00 on; at midnight they cost nothing."""
    programme = power_profile(start_time="2026-11-22T12:00:00Z", end_time="2026-11-23T03:00:00Z")
    await lead("POWER_PROFILE_BASED_CONTROL", programme, hours=13)

    assert home.current_plan.baseline is Baseline.AT_ONCE
    for since in ("today", "this_month"):
        assert shown(home, "cost", since) == 0.0
        assert shown(home, "saving", since) == pytest.approx(24.0, abs=0.01)


@pytest.mark.parametrize(
    ("control_type", "words"),
    [
        ("OPERATION_MODE_BASED_CONTROL", (operation_mode_description(),)),
        ("DEMAND_DRIVEN_BASED_CONTROL", (demand_driven_description(),)),
    ],
)
async def test_what_has_nothing_to_compare_with_costs_and_has_no_saving(
    home: S2Home, lead: Lead, control_type: str, words: tuple[JsonObject, ...]
) -> None:
    await lead(control_type, *words, power=2000.0)

    assert home.current_plan.baseline is Baseline.UNKNOWN
    assert shown(home, "cost") == pytest.approx(24 * FOLLOWED, abs=1e-4)
    assert home.hass.states.get("sensor.solar_panels_saving_today") is None
    assert home.hass.states.get("sensor.solar_panels_saving_this_month") is None


async def test_savings_stay_after_a_restart_while_the_device_is_away(
    home: S2Home, lead: Lead
) -> None:
    device = await lead("FILL_RATE_BASED_CONTROL", battery(), storage_status(40), power=2000.0)
    await home.reload(device)

    assert shown(home, "saving") == pytest.approx(-24 * FOLLOWED, abs=1e-4)
