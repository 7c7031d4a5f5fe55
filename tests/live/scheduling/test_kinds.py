"""The flex-model of every other kind of device, against a real server: hours and energies that can be worked out by hand."""

from datetime import datetime, timedelta
from typing import TypedDict

import pytest

from custom_components.flexmeasures.scheduling import (
    BreakableProcess,
    CurtailableProduction,
    Departure,
    FlexContext,
    GenericDevice,
    HeatBuffer,
    Price,
    PriceSensor,
    ProcessWindow,
    SensorReference,
    ShiftableProcess,
    StorageState,
    VehicleState,
    cheapest_start,
    expected_energies,
)

from ..client.conftest import HOUR, QUARTER
from .cars import car, per_quarter
from .conftest import PRICES, Home

HALF_HOUR = timedelta(minutes=30)


class Times(TypedDict):
    """What every flex-model needs to know."""

    start: datetime
    end: datetime
    resolution: timedelta


def heat_pump(power_sensor: int, usage: float | SensorReference, **more: float) -> HeatBuffer:
    """Return a tank of 12 kWh, of which 3 kWh are kept, behind a heat pump of 2 kW."""
    return HeatBuffer(
        power_sensor=power_sensor,
        capacity=12,
        minimum_state_of_charge=0.25,
        heating_power=2000,
        coefficient_of_performance=3,
        usage=(usage,),
        **more,  # type: ignore[arg-type]
    )


async def heat_demand(home: Home, power: float, *, from_sensor: bool) -> float | SensorReference:
    """Return a usage in kW, either as a number or from a sensor that tells it for all hours."""
    if not from_sensor:
        return power
    sensor = await home.sensor("heat demand", resolution=HOUR)
    await home.fill(sensor, [power] * 6, "kW")
    return SensorReference(sensor.id)


@pytest.mark.parametrize("usage_from_sensor", [False, True])
async def test_a_heat_pump_heats_ahead_of_the_dear_hours(
    home: Home, usage_from_sensor: bool
) -> None:
    """Usage of 1.5 kW of heat: just enough in the dear hours, and all that follows in the cheapest one."""
    _, power, _ = await home.device("Tank")
    usage = await heat_demand(home, 1.5, from_sensor=usage_from_sensor)
    buffer = heat_pump(power, usage)

    _, [schedule] = await home.plan(
        buffer.flex_model(
            StorageState(stored_energy=3), start=home.start, end=home.end, resolution=QUARTER
        )
    )

    # 0.5 kWh x 3 keep the level for an hour, twice; 2 kWh x 3 in the third hour give the heat of four.
    hourly = [sum(power or 0 for power in schedule.powers[i : i + 4]) / 4 for i in range(0, 24, 4)]
    assert hourly == pytest.approx([500, 500, 2000, 0, 0, 0], abs=0.1)
    energies = expected_energies(
        buffer.storage, 3, schedule.powers, QUARTER, [-1.5] * 24 if usage_from_sensor else None
    )
    assert (energies[8], energies[12], energies[24]) == pytest.approx((3, 7.5, 3), abs=1e-3)


@pytest.mark.parametrize("usage_from_sensor", [False, True])
async def test_usage_that_no_heating_can_cover_empties_the_buffer_and_still_gives_a_plan(
    home: Home, usage_from_sensor: bool
) -> None:
    """8 kW of heat are used and 6 kW can be made: the pump runs always, and nothing is infeasible."""
    _, power, _ = await home.device("Tank")
    usage = await heat_demand(home, 8, from_sensor=usage_from_sensor)

    _, [schedule] = await home.plan(
        heat_pump(power, usage).flex_model(
            StorageState(stored_energy=6), start=home.start, end=home.end, resolution=QUARTER
        )
    )

    assert schedule.powers[:6] == pytest.approx([2000] * 6, abs=0.1)


async def test_solar_panels_are_curtailed_while_feeding_in_costs(home: Home) -> None:
    _, power, _ = await home.device("Panels")
    forecast = await home.sensor("forecast", resolution=HOUR)
    await home.fill(forecast, [2, 2, 1.5, 2, 1, 0], "kW")
    panels = CurtailableProduction(power_sensor=power, forecast_sensor=forecast.id)
    feed_in = await home.price_sensor([0.05, 0.05, -0.04, 0.05, 0.05, 0.05])
    context = FlexContext(
        consumption_price=Price(0.3, "EUR"), production_price=PriceSensor(feed_in, "EUR")
    )

    _, [schedule] = await home.plan(
        panels.flex_model(None, start=home.start, end=home.end, resolution=QUARTER),
        context=context,
    )

    assert schedule.powers == pytest.approx(per_quarter(-2000, -2000, 0, -2000, -1000, 0), abs=0.1)


async def test_panels_without_a_forecast_are_planned_to_produce_nothing(home: Home) -> None:
    _, power, _ = await home.device("Panels")
    forecast = await home.sensor("forecast", resolution=HOUR)
    panels = CurtailableProduction(power_sensor=power, forecast_sensor=forecast.id)

    _, [schedule] = await home.plan(
        panels.flex_model(None, start=home.start, end=home.end, resolution=QUARTER)
    )

    assert schedule.powers == pytest.approx([0] * 24, abs=0.1)


async def test_a_process_is_planned_as_exactly_its_profile_at_its_cheapest_start(
    home: Home,
) -> None:
    _, power, _ = await home.device("Dishwasher")
    process = ShiftableProcess(power_sensor=power, powers=(2000, 100, 1500), part=HALF_HOUR)
    chosen = cheapest_start(
        process, home.prices, earliest=home.start, latest_end=home.end, resolution=QUARTER
    )
    assert chosen is not None

    _, [schedule] = await home.plan(
        process.flex_model(chosen.time, start=home.start, end=home.end, resolution=QUARTER)
    )

    # At the third hour: 1 kWh and 0.05 kWh at 0.01, 0.75 kWh at 0.02.
    assert chosen.time == home.after(2)
    assert chosen.cost == pytest.approx(1.05 * 0.01 + 0.75 * 0.02)
    profile = [2000, 2000, 100, 100, 1500, 1500]
    assert schedule.powers == pytest.approx([*[0] * 8, *profile, *[0] * 10], abs=0.1)
    assert schedule.cost(home.tariff) == pytest.approx(chosen.cost, abs=1e-6)


async def test_a_process_that_may_pause_runs_in_the_cheapest_steps_of_its_window(
    home: Home,
) -> None:
    _, power, _ = await home.device("Pool pump")
    window = ProcessWindow(
        earliest=home.after(0.5), latest_end=home.after(3.5), remaining=timedelta(minutes=105)
    )

    _, [schedule] = await home.plan(
        BreakableProcess(power_sensor=power, power=800).flex_model(
            window, start=home.start, end=home.end, resolution=QUARTER
        )
    )

    # Seven steps: four in the third hour, two until the window ends, and one in the second hour.
    on = [step.power is not None and step.power > 1 for step in schedule.steps()]
    assert sum(on[4:8]) == 1
    assert on[8:14] == [True] * 6
    assert sum(on) == 7
    assert {round(power or 0) for power in schedule.powers} == {0, 800}


async def test_a_generic_device_is_planned_with_its_own_flex_model(home: Home) -> None:
    _, power, _ = await home.device("Something")
    device = GenericDevice(
        power_sensor=power,
        fields={
            "soc-min": "0 kWh",
            "soc-max": "5 kWh",
            "soc-targets": [{"datetime": home.end.isoformat(), "value": "3 kWh"}],
            "power-capacity": "3 kW",
            "production-capacity": "0 kW",
        },
    )

    _, [schedule] = await home.plan(
        device.flex_model(0.0, start=home.start, end=home.end, resolution=QUARTER)
    )

    assert schedule.powers == pytest.approx(per_quarter(0, 0, 3000, 0, 0, 0), abs=0.1)


async def test_all_kinds_are_planned_together_within_the_site_s_limit(home: Home) -> None:
    """The fixed process takes 3 kW of 8 kW in the cheapest hour; the car gets what is left, then the next hour."""
    _, dishwasher, _ = await home.device("Dishwasher")
    _, vehicle, _ = await home.device("Car")
    _, tank, _ = await home.device("Tank")
    process = ShiftableProcess(power_sensor=dishwasher, powers=(3000,), part=HOUR)
    when = Times(start=home.start, end=home.end, resolution=QUARTER)
    price = PriceSensor(await home.price_sensor(PRICES), "EUR")

    _, [fixed, charging, heating] = await home.plan(
        process.flex_model(home.after(2), **when),
        car(vehicle).flex_model(
            VehicleState(
                stored_energy=10,
                is_plugged_in=True,
                departures=(Departure(time=home.after(5), state_of_charge=0.5),),
            ),
            **when,
        ),
        heat_pump(tank, 1.5).flex_model(StorageState(stored_energy=3), **when),
        context=FlexContext(
            consumption_price=price, site_power_capacity=20_000, site_consumption_capacity=8000
        ),
    )

    assert fixed.powers == pytest.approx(per_quarter(0, 0, 3000, 0, 0, 0), abs=0.1)
    together = [
        sum(power or 0 for power in powers)
        for powers in zip(fixed.powers, charging.powers, heating.powers, strict=True)
    ]
    assert max(together) <= 8000.1
    assert together[8:12] == pytest.approx([8000] * 4, abs=0.1)
    assert charging.consumed_energy == pytest.approx(10, abs=1e-2)
    # Heat of nine kilowatt-hours by a coefficient of three.
    assert heating.consumed_energy == pytest.approx(3, abs=1e-2)


async def test_every_field_of_a_flex_context_is_understood(home: Home) -> None:
    _, power, _ = await home.device("Car")
    demand = await home.sensor("demand", resolution=HOUR)
    panels = await home.sensor("production", resolution=HOUR)
    await home.fill(demand, [1] * 6, "kW")
    await home.fill(panels, [0.5] * 6, "kW")
    price = PriceSensor(await home.price_sensor(PRICES), "EUR")
    breach = Price(100, "EUR")

    _, [schedule] = await home.plan(
        car(power).flex_model(
            VehicleState(
                stored_energy=10,
                is_plugged_in=True,
                departures=(Departure(time=home.end, state_of_charge=0.3),),
            ),
            start=home.start,
            end=home.end,
            resolution=QUARTER,
        ),
        context=FlexContext(
            consumption_price=price,
            production_price=Price(-0.01, "EUR"),
            site_power_capacity=20_000,
            site_consumption_capacity=1500,
            site_production_capacity=5000,
            site_peak_consumption=1500,
            site_peak_production=1000,
            site_consumption_breach_price=breach,
            site_production_breach_price=breach,
            site_peak_consumption_price=breach,
            site_peak_production_price=breach,
            consumption_breach_price=breach,
            production_breach_price=breach,
            soc_minima_breach_price=Price(1000, "EUR"),
            soc_maxima_breach_price=Price(1000, "EUR"),
            inflexible_consumption=(demand.id,),
            inflexible_production=(panels.id,),
            relax_constraints=True,
            relax_soc_constraints=True,
            relax_capacity_constraints=False,
            relax_site_capacity_constraints=True,
        ),
    )

    # 0.5 kW net are used anyhow, so 1 kW is left of 1.5 kW: 2 kWh in the two cheapest hours.
    assert schedule.powers == pytest.approx(per_quarter(0, 0, 1000, 1000, 0, 0), abs=0.1)
