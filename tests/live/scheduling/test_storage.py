"""Batteries and cars against a real server: hours and energies that can be worked out by hand."""

from dataclasses import replace

import pytest

from custom_components.flexmeasures.scheduling import (
    Battery,
    Departure,
    EnergyTarget,
    FlexContext,
    MissedLimit,
    PowerRange,
    Price,
    SensorReference,
    StorageState,
    VehicleState,
    breaches,
    expected_energies,
    missed_by_expectation,
    missed_by_server,
)

from ..client.conftest import HOUR, QUARTER
from .cars import car, per_quarter
from .conftest import Home


async def test_a_battery_below_its_band_comes_back_and_its_energy_is_as_expected(
    home: Home,
) -> None:
    """Losses of every kind: the recursion agrees with the server's own prediction."""
    _, power, energy = await home.device("Battery")
    battery = Battery(
        power_sensor=power,
        capacity=10,
        minimum_state_of_charge=0.2,
        maximum_state_of_charge=0.9,
        charging_power=4000,
        discharging_power=4000,
        roundtrip_efficiency=0.81,
        retention=0.98,
        predicted_energy_sensor=energy,
    )
    state = StorageState(stored_energy=0.5, targets=(EnergyTarget(home.end, 6.0, is_exact=True),))

    result, [schedule] = await home.plan(
        battery.flex_model(state, start=home.start, end=home.end, resolution=QUARTER)
    )

    # 1.5 kWh at 4 kW x 0.9 take 25 minutes: two steps charge at the dearest price until the band is reached.
    assert result.job.unresolved == ()
    expected = expected_energies(battery.storage, 0.5, schedule.powers, QUARTER)
    assert expected[2] == pytest.approx(2, abs=1e-3)
    assert expected[-1] == pytest.approx(6, abs=1e-3)
    assert await home.predicted(energy, schedule) == pytest.approx(expected, abs=1e-4)


async def test_a_car_is_ready_by_its_departure_and_charges_in_the_cheapest_hours(
    home: Home,
) -> None:
    _, power, energy = await home.device("Car")
    vehicle = car(power, energy)
    state = VehicleState(
        stored_energy=10,
        is_plugged_in=True,
        departures=(Departure(time=home.after(4), state_of_charge=0.5, returns_at=home.after(5)),),
    )

    _, [schedule] = await home.plan(
        vehicle.flex_model(state, start=home.start, end=home.end, resolution=QUARTER)
    )

    # 10 kWh: 7.4 kWh in the cheapest hour, then 1.85 kWh and 0.75 kWh at once in the next cheapest.
    expected = [*per_quarter(0, 0, 7400), 7400, 3000, 0, 0, *per_quarter(0, 0)]
    assert schedule.powers == pytest.approx(expected, abs=0.1)
    assert schedule.consumed_energy == pytest.approx(10, abs=1e-3)
    assert schedule.cost(home.tariff) == pytest.approx(7.4 * 0.01 + 2.6 * 0.02, abs=1e-5)
    predicted = await home.predicted(energy, schedule)
    assert (predicted[8], predicted[12], predicted[16]) == pytest.approx((10, 17.4, 20), abs=1e-3)


async def test_a_car_that_cannot_be_ready_charges_at_once_and_tells_what_is_missing(
    home: Home,
) -> None:
    asset, power, _ = await home.device("Car")
    vehicle = car(power)
    state = VehicleState(
        stored_energy=10,
        is_plugged_in=True,
        departures=(Departure(time=home.after(2), state_of_charge=1),),
    )

    result, [schedule] = await home.plan(
        vehicle.flex_model(state, start=home.start, end=home.end, resolution=QUARTER)
    )

    # Two hours at 7.4 kW give 24.8 of 40 kWh: 15.2 kWh or 38 % are missing.
    assert schedule.powers[:8] == pytest.approx([7400] * 8, abs=0.1)
    energies = expected_energies(vehicle.storage, 10, schedule.powers, QUARTER)
    [missed] = missed_by_expectation(
        vehicle.storage,
        vehicle.storage_state(state),
        energies,
        start=schedule.start,
        resolution=QUARTER,
    )
    assert (missed.limit, missed.time) == (MissedLimit.TARGET, home.after(2))
    assert (missed.difference, missed.share) == pytest.approx((15.2, 0.38), abs=1e-4)
    [told] = missed_by_server(result.job.unresolved, asset_id=asset.id, capacity=40)
    assert (told.limit, told.time) == (MissedLimit.MINIMUM, home.after(2))
    assert told.difference == pytest.approx(15.2, abs=1e-3)
    assert "any soc minima" in {
        breach.name for breach in breaches(result.schedules[0].commitment_costs)
    }


async def test_a_car_charges_not_below_the_least_current_of_its_charger(home: Home) -> None:
    """6 to 32 A at one phase of 230 V are 1380 to 7360 W, or nothing."""
    _, power, _ = await home.device("Car")
    vehicle = car(power)
    vehicle = replace(
        vehicle,
        battery=replace(
            vehicle.battery,
            charging_power=7360,
            operation_modes=(PowerRange(0, 0), PowerRange(1380, 7360)),
        ),
    )
    state = VehicleState(
        stored_energy=10,
        is_plugged_in=True,
        departures=(Departure(time=home.after(4), state_of_charge=0.4375),),
    )

    _, [schedule] = await home.plan(
        vehicle.flex_model(state, start=home.start, end=home.end, resolution=QUARTER)
    )

    # 7.36 kWh of 7.5 kWh fit into the cheapest hour; 0.14 kWh are less than the least quarter-hour of 0.345 kWh.
    assert all(
        power is not None and (abs(power) < 0.1 or 1379.9 <= power <= 7360.1)
        for power in schedule.powers
    )
    assert schedule.consumed_energy == pytest.approx(7.5, abs=1e-2)
    assert schedule.cost(home.tariff) == pytest.approx(7.155 * 0.01 + 0.345 * 0.02, abs=1e-4)


async def test_a_car_above_its_usual_limit_is_charged_no_further_even_for_money(
    home: Home,
) -> None:
    """Each kWh earns something, and the limit is what was wanted."""
    _, power, _ = await home.device("Car")
    state = VehicleState(stored_energy=26, is_plugged_in=True, keep_at_most=0.6)

    _, [schedule] = await home.plan(
        car(power).flex_model(state, start=home.start, end=home.end, resolution=QUARTER),
        context=FlexContext(consumption_price=Price(-0.1, "EUR")),
    )

    assert schedule.powers == pytest.approx([0] * 24, abs=0.1)


async def test_a_minimum_that_cannot_be_reached_is_approached_as_fast_as_can_be(
    home: Home,
) -> None:
    """Six hours at 7.4 kW give 44.4 kWh, but half of the charger gives 22.2 of 24 kWh."""
    _, power, _ = await home.device("Car")
    vehicle = car(power)
    slow = replace(vehicle, battery=replace(vehicle.battery, charging_power=3700))
    state = VehicleState(stored_energy=4, is_plugged_in=True, keep_at_least=0.7)

    _, [schedule] = await home.plan(
        slow.flex_model(state, start=home.start, end=home.end, resolution=QUARTER)
    )

    assert schedule.powers == pytest.approx([3700] * 24, abs=0.1)


async def test_a_car_that_is_away_is_left_alone(home: Home) -> None:
    _, power, _ = await home.device("Car")
    state = VehicleState(
        stored_energy=2,
        is_plugged_in=False,
        departures=(Departure(time=home.after(2), state_of_charge=1),),
        keep_at_least=0.5,
    )

    result, [schedule] = await home.plan(
        car(power).flex_model(state, start=home.start, end=home.end, resolution=QUARTER)
    )

    assert schedule.powers == pytest.approx([0] * 24, abs=0.1)
    assert result.job.unresolved == ()


async def test_a_battery_with_two_efficiencies_flows_and_modes_is_planned_as_expected(
    home: Home,
) -> None:
    """All that the form calls advanced, at once: the server takes it, and its prediction is as expected."""
    _, power, energy = await home.device("Battery")
    flow = await home.sensor("direct current", resolution=HOUR)
    await home.fill(flow, [0.5] * 6, "kW")
    battery = Battery(
        power_sensor=power,
        capacity=10,
        minimum_state_of_charge=0,
        maximum_state_of_charge=1,
        charging_power=4000,
        discharging_power=4000,
        charging_efficiency=0.8,
        discharging_efficiency=0.9,
        usage=(0.4, SensorReference(flow.id)),
        gain=(0.3, SensorReference(flow.id)),
        operation_modes=(PowerRange(-4000, -1000), PowerRange(0, 0), PowerRange(2000, 4000)),
        prefers_charging_sooner=False,
        predicted_energy_sensor=energy,
    )
    state = StorageState(stored_energy=2, targets=(EnergyTarget(home.end, 3.0, is_exact=True),))

    result, [schedule] = await home.plan(
        battery.flex_model(state, start=home.start, end=home.end, resolution=QUARTER),
        context=FlexContext(consumption_price=Price(0.2, "EUR")),
    )

    # 0.1 kW are lost on balance: 1 kWh and 0.6 kWh take 2 kWh at 80 %, at a price that never changes.
    assert result.job.unresolved == ()
    assert schedule.consumed_energy == pytest.approx(2, abs=1e-3)
    assert all(
        power is not None and (abs(power) < 0.1 or 1999.9 <= power <= 4000.1)
        for power in schedule.powers
    )
    expected = expected_energies(battery.storage, 2, schedule.powers, QUARTER)
    assert await home.predicted(energy, schedule) == pytest.approx(expected, abs=1e-4)
