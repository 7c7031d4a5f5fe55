"""The demo's check names the first link of a device's chain that does not hold."""

from datetime import UTC, datetime, timedelta

import pytest

from demo.check import missing, observe, table
from demo.configure import Device
from demo.home_assistant import State
from demo.site import BATTERY, CAR, DISHWASHER, HEAT_PUMP, SOLAR

PRESSED = datetime(2026, 11, 22, 13, 7, tzinfo=UTC)
NOW = PRESSED + timedelta(seconds=10)
COMPUTED = PRESSED + timedelta(seconds=2)
KEYS = ("scheduled_power", "power_setpoint", "control_status", "plan_status")


def device(name: str) -> Device:
    """Return a device with the entities that the check looks at."""
    return Device(name=name, entities={key: f"sensor.{key}" for key in KEYS})


def states(
    *,
    scheduled: float = 5000,
    setpoint: str = "5000",
    told: dict[str, State] | None = None,
    computed_at: datetime = COMPUTED,
    control: str = "following",
    held_by: str | None = None,
    plan: str = "planned",
    problem: str | None = None,
) -> dict[str, State]:
    """Return the states of a home whose battery follows unless said otherwise."""
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
    attributes = {"forecast": rows, "computed_at": computed_at.isoformat(), "problem": problem}
    shown = told if told is not None else {"number.simulated_battery_power_setpoint": of("5000")}
    return {
        "sensor.scheduled_power": of("x", **attributes),
        "sensor.power_setpoint": of(setpoint),
        "sensor.control_status": of(control, held_by=held_by),
        "sensor.plan_status": of(plan),
        **shown,
    }


def of(text: str, **attributes: object) -> State:
    """Return a state."""
    return State("sensor.any", text, attributes, NOW)


def lacking(home: dict[str, State], name: str = BATTERY) -> str | None:
    """Return what the check misses."""
    return missing(observe(home, device(name), NOW), PRESSED)


def test_nothing_is_missing_when_the_battery_has_its_setpoint() -> None:
    """Rounded to whole watts on the way."""
    assert lacking(states()) is None
    assert lacking(states(setpoint="5000.4")) is None


@pytest.mark.parametrize(
    ("home", "words"),
    [
        (states(computed_at=PRESSED - timedelta(minutes=5)), "no schedule was computed"),
        (
            states(computed_at=PRESSED - timedelta(minutes=5), problem="Prices unknown"),
            "(Prices unknown)",
        ),
        (states(setpoint="unknown"), "setpoint unknown, scheduled +5000 W"),
        (states(setpoint="-5000"), "it has +5000 W, setpoint -5000 W, following"),
        (
            states(
                control="not_following",
                told={"number.simulated_battery_power_setpoint": of("unavailable")},
            ),
            "it has unknown, setpoint +5000 W, not_following",
        ),
    ],
)
def test_the_first_broken_link_is_named(home: dict[str, State], words: str) -> None:
    """Schedule, setpoint and device are looked at in this order."""
    found = lacking(home)
    assert found is not None
    assert words in found


def test_a_guard_rail_may_hold_a_write_back() -> None:
    """A compressor that just stopped stays off for a while, whatever is planned."""
    told = {"number.simulated_battery_power_setpoint": of("0")}
    assert lacking(states(told=told, control="waiting", held_by="minimum_off")) is None
    assert lacking(states(told=told, control="waiting")) is not None


@pytest.mark.parametrize("plan", ["device_away", "nothing_to_plan"])
def test_a_device_that_needs_no_plan_misses_nothing(plan: str) -> None:
    """A car on the road, a dishwasher that nobody filled."""
    assert lacking(states(plan=plan, computed_at=PRESSED - timedelta(days=1))) is None


def test_what_cannot_be_done_in_time_any_more_needs_no_plan() -> None:
    """A dishwasher an hour before it has to be done: its plan of yesterday is over, and there is no other."""
    late = observe(states(plan="target_missed"), device(BATTERY), NOW + timedelta(hours=1))
    assert missing(late, PRESSED) is None
    old = states(plan="target_missed", computed_at=PRESSED - timedelta(days=1))
    assert lacking(old) == "no schedule was computed since 13:07:00 UTC"


def test_a_schedule_that_does_not_cover_now_is_missing() -> None:
    """All steps lie in the past."""
    seen = observe(states(), device(BATTERY), NOW + timedelta(hours=1))
    assert missing(seen, PRESSED) == "the schedule has no step that holds now"


def test_entities_that_do_not_exist_count_as_unknown() -> None:
    """Right after a start there may be nothing at all."""
    assert lacking({}) == "no schedule was computed since 13:07:00 UTC"


def current(amperes: str, switch: str) -> dict[str, State]:
    """Return what the charger shows."""
    return {
        "number.simulated_car_charging_current": of(amperes),
        "switch.simulated_car_charging": of(switch),
    }


def tank(target: float) -> dict[str, State]:
    """Return what the tank's thermostat shows."""
    return {"water_heater.simulated_heat_pump_tank": of("heat_pump", temperature=target)}


def limit(percent: str, forecast: str) -> dict[str, State]:
    """Return what the inverter shows while this much sun is expected."""
    return {
        "number.simulated_solar_panels_feed_in_limit": of(percent),
        "sensor.simulated_solar_panels_power_forecast": of(forecast),
    }


def program(state: str) -> dict[str, State]:
    """Return what the dishwasher does."""
    return {"binary_sensor.simulated_dishwasher_running": of(state)}


@pytest.mark.parametrize(
    ("name", "setpoint", "told", "follows"),
    [
        # 5,000 W / (3 x 230 V) are 7.2 A, for which a charger takes 7 or 8, in turns.
        (CAR, "5000", current("7", "on"), True),
        (CAR, "5000", current("8", "on"), True),
        (CAR, "5000", current("6", "on"), False),
        (CAR, "5000", current("9", "on"), False),
        (CAR, "5000", current("7", "off"), False),
        # 4,000 W are 5.8 A, less than a car takes: nothing, or the least.
        (CAR, "4000", current("7", "off"), True),
        (CAR, "4000", current("6", "on"), True),
        (CAR, "4000", current("7", "on"), False),
        (CAR, "0", current("6", "off"), True),
        (CAR, "0", current("6", "on"), False),
        (CAR, "11040", current("16", "on"), True),
        (CAR, "11040", current("15", "on"), False),
        (HEAT_PUMP, "2000", tank(60), True),
        (HEAT_PUMP, "2000", tank(35), False),
        (HEAT_PUMP, "0", tank(35), True),
        (HEAT_PUMP, "900", tank(60), True),
        (HEAT_PUMP, "900", tank(48), False),
        (SOLAR, "0", limit("100", "0"), True),
        (SOLAR, "0", limit("0", "0"), False),
        (SOLAR, "-2600", limit("100", "2610"), True),
        (SOLAR, "-2600", limit("50", "3000"), True),
        (SOLAR, "-2600", limit("100", "3000"), False),
        (DISHWASHER, "60", program("on"), True),
        (DISHWASHER, "60", program("off"), False),
        (DISHWASHER, "0", program("off"), True),
    ],
)
def test_every_device_has_what_its_setpoint_asks_for(
    name: str, setpoint: str, told: dict[str, State], follows: bool
) -> None:
    """In the device's own terms."""
    assert (lacking(states(setpoint=setpoint, told=told), name) is None) is follows


def test_the_table_shows_the_step_in_local_time_and_every_value() -> None:
    """One line each, and unknown values are called so."""
    seen = [
        observe(states(), device(BATTERY), NOW),
        observe(states(setpoint="unknown", told=current("16", "on")), device(CAR), NOW),
    ]
    lines = table(seen, PRESSED).splitlines()
    assert lines[1].split() == [
        *("Battery", "+2.0", "s", "14:00-14:15"),
        *("+5000", "W", "+5000", "W", "+5000", "W", "following"),
    ]
    assert "unknown" in lines[2]
    assert "16 A" in lines[2]
