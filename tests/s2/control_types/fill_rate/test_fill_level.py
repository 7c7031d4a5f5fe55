"""How full a storage is and becomes, and what that leaves of a plan."""

from datetime import timedelta

import pytest

from custom_components.flexmeasures.s2.control_types import FillRateControl, FillRateOptions, Plan
from custom_components.flexmeasures.s2.messages import frbc
from custom_components.flexmeasures.s2.messages.session import RevokableObject

from ..samples import (
    CHARGE_RATE,
    DISCHARGE_RATE,
    NOON,
    QUARTER,
    SECOND,
    actuator,
    battery,
    element,
    ids,
    mode,
    plan,
    revoke,
    schedule,
    storage_description,
    storage_status,
)
from .control import choice, control_of, send
from .messages import leakage, targets, usage


def test_charging_stops_where_the_storage_is_full() -> None:
    # 0.01 of 20 kWh is 0.2 kWh; 900 s at rate r fill 900 r.
    control = control_of(battery(), level=0.99)
    limit = 0.01 / 900
    factor = (limit - CHARGE_RATE / 2) / (CHARGE_RATE / 2)

    assert limit < CHARGE_RATE / 2
    assert factor < 0  # even the least charging would overfill it in this step
    assert choice(control, 5000) == ("idle", 0)
    assert choice(control, 5000, QUARTER - 60 * SECOND) == ("charge", 1)


def test_charging_is_reduced_to_what_still_fits() -> None:
    control = control_of(battery(), level=0.96)
    rate = 0.04 / 900

    assert choice(control, 5000) == ("charge", (rate - CHARGE_RATE / 2) / (CHARGE_RATE / 2))


def test_a_target_band_is_not_left_by_the_plan() -> None:
    control = control_of(battery(), level=0.5)
    control.receive(targets(NOON, (15, 0.45, 0.9)), NOON)
    # Down to 0.45 within 900 s.
    rate = 0.05 / 900

    assert DISCHARGE_RATE / 2 < rate < DISCHARGE_RATE
    assert choice(control, -5000) == (
        "discharge",
        (DISCHARGE_RATE - rate) / (DISCHARGE_RATE / 2),
    )
    control.receive(storage_status(0.44), NOON)
    assert choice(control, -5000) == ("idle", 0)


def test_usage_makes_room_in_a_full_storage() -> None:
    control = control_of(battery(), level=1.0)
    control.receive(usage(NOON, (15, CHARGE_RATE)), NOON)

    assert choice(control, 5000) == ("charge", 1)


def test_two_actuators_share_what_room_is_left() -> None:
    def heater(name: str) -> frbc.ActuatorDescription:
        return actuator(name, [mode("on", element((0, 100), (0, 0.02), (0, 2000)))])

    description = storage_description(heater("first"), heater("second"), levels=(0, 100))
    control = control_of(description, level=70, running="on")
    wanted = Plan(schedules={"first": schedule(2000), "second": schedule(2000)})

    first, second = control.instructions(NOON, wanted, ids())
    # 30 units in 900 s are 0.0333 a second: 0.02 for the first, 0.0133 for the second.
    assert (first.actuator_id, first.operation_mode_factor) == ("first", 1)
    assert (second.actuator_id, second.operation_mode_factor) == (
        "second",
        pytest.approx(2 / 3),
    )


def test_the_fill_level_between_two_statuses_follows_what_runs() -> None:
    control = control_of(battery(), level=0.5)
    send(control, 5000)

    # 5 kW at 95 % for an hour put 4.75 kWh into 20 kWh.
    assert control.fill_level(NOON + timedelta(hours=1)) == pytest.approx(0.7375)
    assert control.fill_level(NOON + timedelta(hours=9)) == 1
    control.receive(storage_status(0.2), NOON + timedelta(hours=9))
    assert control.fill_level(NOON + timedelta(hours=9)) == 0.2


def test_the_fill_level_falls_by_usage_and_leakage() -> None:
    control = control_of(battery(), level=0.5)
    control.receive(usage(NOON + QUARTER, (15, 1e-4)), NOON)
    control.receive(leakage((0, 0.4, 0), (0.4, 1, 1e-5)), NOON)

    # A quarter of an hour of leakage; then usage and leakage to 0.4, and usage alone.
    assert control.fill_level(NOON + QUARTER) == pytest.approx(0.491)
    reached = 0.091 / 1.1e-4
    assert reached < 900
    assert control.fill_level(NOON + 2 * QUARTER) == pytest.approx(
        0.4 - (900 - reached) * 1e-4, abs=1e-4
    )


def test_revoked_forecasts_no_longer_count() -> None:
    control = control_of(battery(), level=0.5)
    control.receive(usage(NOON, (15, 1e-4)), NOON)
    control.receive(revoke(RevokableObject.FRBC_USAGE_FORECAST, "usage"), NOON)

    assert control.fill_level(NOON + QUARTER) == 0.5


def test_a_level_outside_of_the_storage_is_kept_as_it_was_reported() -> None:
    control = control_of(battery(), level=1.2)

    assert control.fill_level(NOON + QUARTER) == 1.2
    # No mode has an element there.
    assert control.instructions(NOON, plan(-5000), ids()) == ()


def test_stored_energy_and_power_are_told_in_kwh_and_watts() -> None:
    control = control_of(battery(), level=0.5, options=FillRateOptions(capacity_per_unit=20))

    assert control.stored_energy(NOON) == 10
    assert control.power("battery", NOON) == 0
    assert control.power("other", NOON) is None
    assert FillRateControl().stored_energy(NOON) is None
