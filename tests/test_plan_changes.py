"""Whether a new plan would be another one: only what the plan in force did not know counts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest

from custom_components.flexmeasures.device_reading import StoredEnergy
from custom_components.flexmeasures.flexible_device import FlexibleDevice
from custom_components.flexmeasures.plan_changes import (
    PlanBasis,
    is_energy_off_path,
    would_be_same,
)
from custom_components.flexmeasures.plan_inputs import DeviceInputs, WantedRun
from custom_components.flexmeasures.plan_models import DevicePlan
from custom_components.flexmeasures.plan_request import PlanWindow
from custom_components.flexmeasures.process_runs import ProcessRun
from custom_components.flexmeasures.scheduling import (
    BreakableProcess,
    EnergyTarget,
    Finding,
    FindingCode,
    GenericDevice,
    PriceSeries,
    Schedule,
    Severity,
    ShiftableProcess,
    Storage,
    StorageState,
    Tariff,
)

from . import site
from .conftest import make_entry
from .planning import battery

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DEVICE = FlexibleDevice.from_subentry(next(iter(make_entry(battery()).subentries.values())))
STORAGE = Storage(
    power_sensor=site.BATTERY_POWER, capacity=10.0, charging_power=5000, discharging_power=5000
)
EARLY = Finding(FindingCode.PRICES_END_EARLY, Severity.NOTICE, {})
SENSOR = site.SENSORS[0]
PROCESS = ShiftableProcess(
    power_sensor=site.BATTERY_POWER, powers=(1000.0,), part=timedelta(hours=1)
)
BREAKABLE = BreakableProcess(power_sensor=site.BATTERY_POWER, power=1000.0)
RUN = ProcessRun(requested_at=NOON, placed_at=NOON + 3 * HOUR)


def tariff(*prices: float) -> Tariff:
    """Return hourly prices from noon on, repeated for 48 hours."""
    return Tariff(
        PriceSeries(
            start=NOON,
            resolution=HOUR,
            prices=tuple(prices[hour % len(prices)] for hour in range(48)),
            currency="EUR",
        )
    )


def inputs(**changes: Any) -> DeviceInputs:
    """Return a storage with 5 kWh."""
    usual: dict[str, Any] = {
        "device": DEVICE,
        "model": STORAGE,
        "sensor": SENSOR,
        "build": lambda start, end: {},
        "storage": STORAGE,
        "state": StorageState(stored_energy=5.0),
        "stored": StoredEnergy(5.0, timedelta(0)),
    }
    return DeviceInputs(**{**usual, **changes})


def process(model: ShiftableProcess | BreakableProcess = PROCESS, **changes: Any) -> DeviceInputs:
    """Return a process that is placed at 15:00."""
    wanted = WantedRun(replace(RUN, **changes), NOON, NOON + 12 * HOUR)
    return inputs(model=model, storage=None, state=None, stored=None, wanted_run=wanted)


def basis(now: datetime = NOON, device: DeviceInputs | None = None, **changes: Any) -> PlanBasis:
    """Return what plans of 24 hours from the hour on are made from."""
    usual: dict[str, Any] = {
        "now": now,
        "start": now,
        "end": now + 24 * HOUR,
        "resolution": HOUR,
        "tariff": tariff(0.1, 0.2),
        "priced_until": NOON + 48 * HOUR,
    }
    window = PlanWindow(**{**usual, **changes})
    return PlanBasis(
        inputs={"battery": device or inputs()}, context=({},), window=window, reads_more=False
    )


def plan(**changes: Any) -> DevicePlan:
    """Return an idle plan of 24 hours with 5 kWh stored."""
    schedule = Schedule(
        start=NOON, resolution=HOUR, powers=(0.0,) * 24, computed_at=NOON, schedule_id="job"
    )
    usual: dict[str, Any] = {
        "schedule": schedule,
        "tariff": tariff(0.1, 0.2),
        "storage": STORAGE,
        "energies": (5.0,) * 25,
    }
    return DevicePlan(**{**usual, **changes})


def same(before: PlanBasis, after: PlanBasis, in_force: DevicePlan | None = None) -> bool:
    """Tell whether the plan would be the same."""
    return would_be_same(before, after, {"battery": in_force or plan()})


@pytest.mark.parametrize("hours", [1, 11])
def test_time_alone_changes_nothing_until_half_of_the_plan_is_over(hours: int) -> None:
    assert same(basis(), basis(NOON + hours * HOUR))


def test_at_half_a_longer_plan_is_asked_for_where_one_is_possible() -> None:
    later = NOON + 12 * HOUR

    assert not same(basis(), basis(later))
    assert same(basis(), basis(later, end=NOON + 24 * HOUR))


def test_prices_for_which_the_plan_was_cut_short_are_taken_up() -> None:
    short = basis(end=NOON + 12 * HOUR, priced_until=NOON + 12 * HOUR, findings=(EARLY,))
    hour = NOON + HOUR

    still = basis(hour, end=NOON + 12 * HOUR, priced_until=NOON + 12 * HOUR, findings=(EARLY,))
    assert same(short, still)
    assert not same(short, basis(hour))


@pytest.mark.parametrize(
    "after",
    [
        basis(
            device=inputs(state=StorageState(stored_energy=5, minima=()), sensor=site.SENSORS[2])
        ),
        basis(
            device=inputs(
                state=StorageState(stored_energy=5.0, targets=(EnergyTarget(NOON + HOUR, 8.0),))
            )
        ),
        basis(device=inputs(model=replace(STORAGE, charging_power=1000))),
        basis(device=inputs(stored=StoredEnergy(5.3, timedelta(0)))),
        basis(tariff=tariff(0.1, 0.3)),
        basis(tariff=None),
        replace(basis(), context=({"site-power-capacity": "5 kW"},)),
        replace(basis(), inputs={}),
    ],
)
def test_what_the_plan_did_not_know_asks_for_another(after: PlanBasis) -> None:
    assert not same(basis(), after)


def test_the_age_of_a_reading_and_a_little_energy_change_nothing() -> None:
    device = inputs(
        state=StorageState(stored_energy=5.2), stored=StoredEnergy(5.2, timedelta(minutes=9))
    )

    assert same(basis(), basis(device=device))


def test_prices_that_have_passed_change_nothing() -> None:
    other = PriceSeries(
        start=NOON, resolution=HOUR, prices=(9.0, *([0.2, 0.1] * 24)), currency="EUR"
    )

    assert same(basis(), basis(NOON + HOUR, tariff=Tariff(other)))
    assert not same(basis(), basis(NOON, tariff=Tariff(other)))


@pytest.mark.parametrize("in_force", [plan(trusted=False), plan(energies=())])
def test_a_plan_that_cannot_be_relied_on_is_asked_for_again(in_force: DevicePlan) -> None:
    assert not same(basis(), basis(), in_force)


def test_a_plan_that_ended_is_asked_for_again() -> None:
    assert not would_be_same(basis(), basis(), {"battery": None})


@pytest.mark.parametrize(
    ("before", "after", "hours", "expected"),
    [
        (process(), process(), 1, True),
        # It was to start at 15:00 and did not.
        (process(), process(), 3, False),
        (process(), process(started_at=NOON + 3 * HOUR), 4, True),
        (process(), process(requested_at=NOON + HOUR), 1, False),
        (inputs(), process(), 1, False),
        (process(BREAKABLE), process(BREAKABLE), 1, False),
    ],
)
def test_a_process_is_planned_anew_when_its_run_is_another(
    before: DeviceInputs, after: DeviceInputs, hours: int, expected: bool
) -> None:
    idle = plan(storage=None, energies=())

    assert same(basis(device=before), basis(NOON + hours * HOUR, after), idle) is expected


@pytest.mark.parametrize(("energy", "expected"), [(4.0, True), (4.5, False)])
def test_a_device_with_its_own_flex_model_has_no_path(energy: float, expected: bool) -> None:
    model = GenericDevice(
        power_sensor=site.BATTERY_POWER, fields=MappingProxyType({"soc-max": "9 kWh"})
    )
    generic = {"model": model, "storage": None, "state": None}
    before = inputs(stored=StoredEnergy(4.0, timedelta(0)), **generic)
    after = inputs(stored=StoredEnergy(energy, timedelta(0)), **generic)
    idle = plan(storage=None, energies=())

    assert same(basis(device=before), basis(device=after), idle) is expected


def test_between_two_steps_the_path_is_in_proportion() -> None:
    rising = plan(energies=(4.0, 6.0, *([6.0] * 23)))
    half_past = NOON + HOUR / 2

    assert not is_energy_off_path(rising, 5.2, half_past)
    assert is_energy_off_path(rising, 5.21, half_past)
    assert is_energy_off_path(rising, 5.0, NOON + 30 * HOUR)
