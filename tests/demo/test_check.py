"""The demo's check names the first link of the chain that does not hold."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from demo.check import ACTUATOR, BATTERY_POWER, STATE_OF_CHARGE, missing, observe, table
from demo.configure import Entities
from demo.home_assistant import State

PRESSED = datetime(2026, 11, 22, 13, 7, tzinfo=UTC)
NOW = PRESSED + timedelta(seconds=10)
COMPUTED = PRESSED + timedelta(seconds=2)
ENTITIES = Entities(
    follow_schedule="switch.follow",
    power_setpoint="number.setpoint",
    reschedule="button.reschedule",
    expected_state_of_charge="sensor.expected",
    scheduled_power="sensor.scheduled",
)


def states(
    *,
    scheduled: float = 5000,
    setpoint: str = "5000",
    actuator: str = "5000",
    power: str = "4981",
    computed_at: datetime = COMPUTED,
    problem: str | None = None,
) -> dict[str, State]:
    """Return the states of a home in which everything is right unless said otherwise."""
    rows = [
        {
            "start": "2026-11-22T14:00:00+01:00",
            "end": "2026-11-22T14:15:00+01:00",
            "value": scheduled,
        },
        {
            "start": "2026-11-22T14:15:00+01:00",
            "end": "2026-11-22T14:30:00+01:00",
            "value": -1234,
        },
    ]
    plan = {
        "forecast": rows,
        "computed_at": computed_at.isoformat(),
        "problem": problem,
    }
    return {
        ENTITIES.scheduled_power: State(ENTITIES.scheduled_power, "x", plan, NOW),
        ENTITIES.power_setpoint: State(ENTITIES.power_setpoint, setpoint, {}, NOW),
        ACTUATOR: State(ACTUATOR, actuator, {}, NOW),
        BATTERY_POWER: State(BATTERY_POWER, power, {}, NOW),
        STATE_OF_CHARGE: State(STATE_OF_CHARGE, "35.2", {}, NOW),
    }


def test_nothing_is_missing_when_the_battery_follows() -> None:
    """4981 W is 5000 W within the meter's noise."""
    seen = observe(states(), ENTITIES, NOW)
    assert missing(seen, PRESSED) is None


def test_discharging_is_compared_with_its_sign() -> None:
    """A battery that charges while it should discharge does not follow."""
    home = states(scheduled=-3000, setpoint="-3000", actuator="-3000", power="3000")
    lacking = missing(observe(home, ENTITIES, NOW), PRESSED)
    assert lacking == "battery power +3000 W (charging), setpoint -3000 W (discharging)"


@pytest.mark.parametrize(
    ("home", "words"),
    [
        (states(computed_at=PRESSED - timedelta(minutes=5)), "no schedule was computed"),
        (
            states(computed_at=PRESSED - timedelta(minutes=5), problem="Prices unknown"),
            "(Prices unknown)",
        ),
        (states(setpoint="unknown"), "setpoint unknown"),
        (states(setpoint="4000"), "setpoint +4000 W"),
        (states(actuator="0"), "the battery was told 0 W"),
        (states(power="4800"), "battery power +4800 W"),
        (states(power="unavailable"), "battery power unknown"),
    ],
)
def test_the_first_broken_link_is_named(home: dict[str, State], words: str) -> None:
    """Schedule, setpoint, actuator and battery are looked at in this order."""
    lacking = missing(observe(home, ENTITIES, NOW), PRESSED)
    assert lacking is not None
    assert words in lacking


def test_a_schedule_that_does_not_cover_now_is_missing() -> None:
    """All steps lie in the past."""
    seen = observe(states(), ENTITIES, NOW + timedelta(hours=1))
    assert missing(seen, PRESSED) == "the schedule has no step that holds now"


def test_entities_that_do_not_exist_count_as_unknown() -> None:
    """Right after a start there may be nothing at all."""
    seen = observe({}, ENTITIES, NOW)
    assert missing(seen, PRESSED) == "no schedule was computed since 13:07:00 UTC"


def test_the_table_shows_the_step_in_local_time_and_every_value() -> None:
    """One line each, and unknown values are called so."""
    seen = observe(states(), ENTITIES, NOW)
    text = table(replace(seen, battery_power=None), PRESSED)
    assert "2.0 s after asking" in text
    assert "14:00 - 14:15" in text
    assert "+5000 W (charging)" in text
    assert "unknown" in text
    assert "35.2 %" in text
