"""The storage of a device as plans know it, and the energies that its plan leads to; reckoned by hand."""

import math

import pytest

from custom_components.flexmeasures.s2.control_types import (
    FillRateControl,
    FillRateOptions,
    Grid,
    Sensors,
    Series,
    SeriesKind,
    Span,
    expected_energies,
    planned_storage,
)
from custom_components.flexmeasures.s2.control_types.fill_rate_flex_model import StorageOutlook
from custom_components.flexmeasures.s2.messages import frbc

from ..samples import (
    NOON,
    QUARTER,
    actuator,
    battery,
    element,
    mode,
    schedule,
    storage_description,
    storage_status,
)
from .messages import leakage

SENSORS = Sensors(power={"battery": 7})


def outlook_of(
    description: frbc.SystemDescription, level: float, *, limits: Span | None = None
) -> StorageOutlook:
    """Return the outlook of a device at noon."""
    options = FillRateOptions() if limits is None else FillRateOptions(limits=limits)
    control = FillRateControl(options)
    control.receive(description, NOON)
    control.receive(storage_status(level), NOON)
    outlook = control.outlook(NOON)
    assert outlook
    return outlook


def test_a_storage_is_told_as_the_others_are() -> None:
    storage = planned_storage(outlook_of(battery(), 0.5), SENSORS)

    assert storage
    assert storage.power_sensor == 7
    assert storage.capacity == pytest.approx(20 * math.sqrt(0.95 / 0.95), rel=0.05)
    assert (storage.charging_power, storage.discharging_power) == (5000, 5000)
    # What goes in and what comes out share the losses of 0.95 x 0.92.
    lost = storage.charging_efficiency * storage.discharging_efficiency
    assert lost == pytest.approx(0.95 * 0.92)
    assert storage.retention == 1


def test_limits_of_people_are_those_of_the_storage() -> None:
    storage = planned_storage(outlook_of(battery(), 0.5, limits=Span(0.0, 3000.0)), SENSORS)

    assert storage
    assert (storage.charging_power, storage.discharging_power) == (3000, 0)


def test_nothing_is_expected_of_a_storage_whose_energy_is_not_known() -> None:
    still = mode("idle", element((0, 1), (0, 0), (0, 0)))
    outlook = outlook_of(storage_description(actuator("battery", [still])), 0.5)

    assert planned_storage(outlook, SENSORS) is None
    assert expected_energies(outlook, (), {"battery": schedule(0)}) == ()


def test_energies_follow_the_powers_with_their_losses() -> None:
    outlook = outlook_of(battery(), 0.5)
    storage = planned_storage(outlook, SENSORS)
    assert storage
    begin = storage.capacity / 2

    energies = expected_energies(outlook, (), {"battery": schedule(4000, -4000, None, 0)})

    up = begin + 1.0 * storage.charging_efficiency
    down = up - 1.0 / storage.discharging_efficiency
    assert energies[:3] == pytest.approx((begin, up, down))
    assert energies[3:] == (None, None)


def test_what_is_foreseen_is_reckoned_with_and_nothing_leaves_the_storage() -> None:
    outlook = outlook_of(battery(), 0.1)
    begin = outlook.storage.energy(0.1)
    assert begin
    usage = Series(
        kind=SeriesKind.USAGE_FORECAST, start=NOON, resolution=QUARTER, values=(4.0, 40.0)
    )
    gain = Series(kind=SeriesKind.GAIN_FORECAST, start=NOON, resolution=QUARTER, values=(0.0, None))

    energies = expected_energies(outlook, (usage, gain), {"battery": schedule(0, 0, 0)})

    assert energies == pytest.approx((begin, begin - 1.0, 0.0, 0.0))


def test_a_proportional_loss_takes_its_share_of_every_step() -> None:
    control = FillRateControl(FillRateOptions(capacity_per_unit=0.1))
    heater = actuator("battery", [mode("on", element((0, 100), (0, 0.01), (0, 3600)))])
    control.receive(storage_description(heater, levels=(0, 100)), NOON)
    control.receive(storage_status(50), NOON)
    rate = 0.0001  # of what is stored, per second
    bands = [(low, low + 20, rate * (low + 10)) for low in range(0, 100, 20)]
    control.receive(leakage(*bands), NOON)
    outlook = control.outlook(NOON)
    assert outlook
    storage = planned_storage(outlook, SENSORS)
    assert storage
    kept = math.exp(-rate * 900)
    assert storage.retention == pytest.approx(math.exp(-rate * 3600))

    energies = expected_energies(outlook, (), {"battery": schedule(0, 3600)})

    # 3.6 kW fill 0.01 units a second: 3.6 kWh/h electric are 3.6 kWh/h stored at 0.1 kWh per unit.
    mean = 0.25 * (kept - 1) / math.log(kept)
    assert energies == pytest.approx((5.0, 5.0 * kept, 5.0 * kept**2 + 3.6 * mean))


def test_several_actuators_fill_one_storage() -> None:
    def heater(name: str, watts: float) -> frbc.ActuatorDescription:
        return actuator(name, [mode("on", element((0, 100), (0, watts / 3.6e5), (0, watts)))])

    outlook = outlook_of(
        storage_description(heater("first", 1000), heater("second", 2000), levels=(0, 100)), 10
    )
    storage = planned_storage(outlook, Sensors(power={"first": 1, "second": 2}))
    assert storage
    assert storage.capacity == pytest.approx(10)
    assert storage.charging_power == 3000

    plans = {"first": schedule(1000, 0), "second": schedule(2000, 400)}
    assert expected_energies(outlook, (), plans) == pytest.approx((1.0, 1.75, 1.85))


def test_the_outlook_has_a_grid_of_its_own() -> None:
    outlook = outlook_of(battery(), 0.5)

    hourly = Grid(NOON, 4 * QUARTER, 1)
    energies = expected_energies(
        outlook, (), {"battery": schedule(1000, resolution=hourly.resolution)}
    )
    storage = planned_storage(outlook, SENSORS)
    assert storage
    assert energies[1] == pytest.approx(storage.capacity / 2 + storage.charging_efficiency)
