"""Proves that schedules, computed now, are carried out, and that meters are fed: what ``script/demo --check`` does."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil, floor
from typing import Any

from custom_components.flexmeasures.client import FlexMeasuresClient

from .configure import Device
from .home_assistant import HomeAssistantApi, State
from .site import BATTERY, CAR, DISHWASHER, HEAT_PUMP, MINUTE, SOLAR, Measured, Site

SECONDS = 90
# A whole minute has to pass from when a meter is first read, then up to 20 s before sending, and the server's own work.
FEED_SECONDS = 150
POLL_SECONDS = 0.5
# An unchanged level is told this seldom.
LEVEL_MINUTES = 15
# Setpoints are rounded to whole watts on their way.
ROUNDING = 1.0
# What says that a device has no plan because it needs none now.
NOT_PLANNED = {"device_away", "nothing_to_plan"}
# Beside a plan it misses a part; without one, as a dishwasher's an hour before it has to be done, nothing is possible.
TOO_LATE = "target_missed"

type States = dict[str, State]


@dataclass(frozen=True, slots=True)
class Link:
    """The last link between a setpoint and its device.

    Attributes:
        told: what the device's own entities show, in words; None when they show nothing.
        follows: whether that is what a setpoint in watts, consumption positive, asks for.
    """

    told: Callable[[States], str | None]
    follows: Callable[[States, float], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One device at one moment; power in watts, consumption positive; None where nothing is known.

    Attributes:
        computed_at: when the current schedule was computed.
        step: start and end of the schedule's step that holds now.
        follows: whether the device has what the setpoint asks for.
        told: what the device has, in words.
        control, plan: the status of each, in the integration's own words.
        held_by: the guard rail that holds a write back.
        problem: why there is no newer schedule.
    """

    name: str
    computed_at: datetime | None
    step: tuple[datetime, datetime] | None
    scheduled: float | None
    setpoint: float | None
    follows: bool
    told: str | None
    control: str
    plan: str
    held_by: str | None = None
    problem: str | None = None


def observe(states: States, device: Device, now: datetime) -> Observation:
    """Collect what is known of a device from all states."""
    entities, link = device.entities, LINKS[device.name]
    plan = states.get(entities["scheduled_power"])
    control = states.get(entities["control_status"])
    attributes = plan.attributes if plan else {}
    row = _row_at(attributes.get("forecast") or [], now)
    setpoint = _number(states, entities["power_setpoint"])
    return Observation(
        name=device.name,
        computed_at=_time(attributes.get("computed_at")),
        step=(_moment(row["start"]), _moment(row["end"])) if row else None,
        scheduled=float(row["value"]) if row else None,
        setpoint=setpoint,
        follows=setpoint is not None and link.follows(states, setpoint),
        told=link.told(states),
        control=control.state if control else "unknown",
        plan=_text(states, entities["plan_status"]) or "unknown",
        held_by=control.attributes.get("held_by") if control else None,
        problem=attributes.get("problem"),
    )


def missing(seen: Observation, pressed: datetime) -> str | None:
    """Return the first link of a device's chain that does not hold; None when all do."""
    if seen.plan in NOT_PLANNED or (seen.plan == TOO_LATE and seen.scheduled is None):
        return None
    if seen.computed_at is None or seen.computed_at < pressed:
        reason = f" ({seen.problem})" if seen.problem else ""
        return f"no schedule was computed since {pressed:%H:%M:%S} UTC{reason}"
    if seen.scheduled is None:
        return "the schedule has no step that holds now"
    if seen.setpoint is None:
        return f"setpoint unknown, scheduled {watts(seen.scheduled)}"
    if seen.follows or (seen.control == "waiting" and seen.held_by):
        return None
    return f"it has {seen.told or 'nothing'}, setpoint {watts(seen.setpoint)}, {seen.control}"


def table(observations: list[Observation], pressed: datetime) -> str:
    """Return what was seen, a device per line."""
    rows = [("", "computed", "step", "scheduled", "setpoint", "told", "control")]
    for seen in observations:
        step = "-".join(f"{time:%H:%M}" for time in seen.step) if seen.step else ""
        control = f"{seen.control} ({seen.held_by})" if seen.held_by else seen.control
        rows.append(
            (
                seen.name,
                seen.plan if seen.computed_at is None else _age(seen.computed_at, pressed),
                step,
                watts(seen.scheduled),
                watts(seen.setpoint),
                seen.told or "nothing",
                control,
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


async def check(api: HomeAssistantApi, devices: tuple[Device, ...]) -> bool:
    """Ask for new schedules, wait until every device follows its own, print what was seen, return whether they do."""
    pressed = datetime.now(UTC)
    reschedule = {"entity_id": devices[0].entities["reschedule"]}
    press = asyncio.create_task(api.call_action("button.press", target=reschedule))
    loop = asyncio.get_running_loop()
    deadline = loop.time() + SECONDS
    try:
        while True:
            states, now = await api.states(), datetime.now(UTC)
            observations = [observe(states, device, now) for device in devices]
            lacking = {seen.name: what for seen in observations if (what := missing(seen, pressed))}
            if not lacking or loop.time() > deadline:
                break
            await asyncio.sleep(POLL_SECONDS)
    finally:
        press.cancel()
        outcome = (await asyncio.gather(press, return_exceptions=True))[0]
    print(table(observations, pressed))
    if not lacking:
        seconds = SECONDS - (deadline - loop.time())
        print(f"Every device follows a freshly computed schedule, {seconds:.1f} s after asking.")
        return True
    for name, what in lacking.items():
        print(f"{name}: missing after {SECONDS} s: {what}")
    if isinstance(outcome, Exception):
        print(f"Reschedule: {outcome}")
    return False


async def check_feeds(client: FlexMeasuresClient, site: Site) -> bool:
    """Wait until the server has a measured value of every feed, print them, return whether they came."""
    since = datetime.now(UTC).replace(second=0, microsecond=0)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + FEED_SECONDS
    found: dict[Measured, tuple[datetime, float] | None] = dict.fromkeys(site.measured)
    while loop.time() < deadline and None in found.values():
        await asyncio.sleep(POLL_SECONDS)
        for measured, known in found.items():
            found[measured] = known or await _measured(client, measured, since)
    print("\nMeasured, as FlexMeasures has it:")
    for measured, value in found.items():
        text = f"{value[1]:.3f} {measured.unit} at {value[0]:%H:%M} UTC" if value else "nothing"
        print(f"  {measured.name:<36}{text:>28}")
    if None in found.values():
        print(f"Missing after {FEED_SECONDS} s.")
        return False
    print("Every feed has arrived.")
    return True


async def _measured(
    client: FlexMeasuresClient, measured: Measured, since: datetime
) -> tuple[datetime, float] | None:
    """Return the first value that the server has of a minute since then; a level may be from some minutes before."""
    begin = since - (LEVEL_MINUTES * MINUTE if measured.aggregation == "last" else timedelta(0))
    data = await client.get_sensor_data(
        measured.sensor_id,
        start=begin,
        duration=datetime.now(UTC).replace(second=0, microsecond=0) + MINUTE - begin,
        unit=measured.unit,
        resolution=MINUTE,
    )
    return next(
        (
            (data.start + index * MINUTE, value)
            for index, value in enumerate(data.values)
            if value is not None
        ),
        None,
    )


def _row_at(rows: list[dict[str, Any]], now: datetime) -> dict[str, Any] | None:
    return next(
        (row for row in rows if _moment(row["start"]) <= now < _moment(row["end"])),
        None,
    )


def _number(states: dict[str, State], entity_id: str) -> float | None:
    state = states.get(entity_id)
    return state.number if state else None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _time(text: str | None) -> datetime | None:
    return _moment(text) if text else None


def _text(states: States, entity_id: str) -> str | None:
    state = states.get(entity_id)
    return state.state if state else None


def watts(value: float | None) -> str:
    """Return a power as people read it."""
    return "unknown" if value is None else f"{value + 0.0:+.0f} W"


def _age(computed_at: datetime, pressed: datetime) -> str:
    return f"{(computed_at - pressed).total_seconds():+.1f} s"


# What each device has, and whether that is what it should have. The numbers are those of `devices`.

_ACTUATOR = "number.simulated_battery_power_setpoint"
_CURRENT = "number.simulated_car_charging_current"
_CHARGING = "switch.simulated_car_charging"
_TANK = "water_heater.simulated_heat_pump_tank"
_LIMIT = "number.simulated_solar_panels_feed_in_limit"
_SUNSHINE = "sensor.simulated_solar_panels_power_forecast"
_RUNNING = "binary_sensor.simulated_dishwasher_running"

_LEAST_AMPERES = 6
_WATTS_PER_AMPERE = 3 * 230
_REST, _FULL = 35, 60
_OFF_BELOW, _ON_FROM = 800, 1000
_WATTS_PER_PERCENT = 52


def _battery_follows(states: States, setpoint: float) -> bool:
    told = _number(states, _ACTUATOR)
    return told is not None and abs(told - setpoint) <= ROUNDING


def _car_told(states: States) -> str | None:
    current = _number(states, _CURRENT)
    if _text(states, _CHARGING) == "off":
        return "off"
    return None if current is None else f"{current:.0f} A"


def _car_follows(states: States, setpoint: float) -> bool:
    """Tell whether the charger has one of the two currents next to the setpoint: they make up for one another."""
    amperes = setpoint / _WATTS_PER_AMPERE
    if amperes <= 0:
        return _car_told(states) == "off"
    beside = {floor(amperes + 1e-6), ceil(amperes - 1e-6)}
    if amperes < _LEAST_AMPERES:
        beside = {0, _LEAST_AMPERES}
    return _car_told(states) in {f"{each} A" if each else "off" for each in beside}


def _tank_target(states: States) -> float | None:
    state = states.get(_TANK)
    return state.attributes.get("temperature") if state else None


def _heat_pump_told(states: States) -> str | None:
    target = _tank_target(states)
    return None if target is None else f"{target:.0f} °C"


def _heat_pump_follows(states: States, setpoint: float) -> bool:
    target = _tank_target(states)
    if _OFF_BELOW <= setpoint < _ON_FROM:
        return target in {_REST, _FULL}
    return target == (_FULL if setpoint >= _ON_FROM else _REST)


def _solar_told(states: States) -> str | None:
    limit = _number(states, _LIMIT)
    return None if limit is None else f"{limit:.0f} %"


def _solar_follows(states: States, setpoint: float) -> bool:
    """Tell whether the sun is limited to what is planned, and not at all where the plan takes all of the forecast."""
    limit, expected = _number(states, _LIMIT), _number(states, _SUNSHINE)
    if limit is None or expected is None:
        return False
    is_curtailed = -setpoint < 0.99 * expected - ROUNDING
    return abs(limit - (-setpoint / _WATTS_PER_PERCENT if is_curtailed else 100)) <= 1


def _dishwasher_told(states: States) -> str | None:
    return {"on": "running", "off": "standing"}.get(_text(states, _RUNNING) or "")


def _dishwasher_follows(states: States, setpoint: float) -> bool:
    return _dishwasher_told(states) == ("running" if setpoint > 0 else "standing")


LINKS = {
    BATTERY: Link(
        lambda states: watts(_number(states, _ACTUATOR)),
        _battery_follows,
    ),
    CAR: Link(_car_told, _car_follows),
    HEAT_PUMP: Link(_heat_pump_told, _heat_pump_follows),
    SOLAR: Link(_solar_told, _solar_follows),
    DISHWASHER: Link(_dishwasher_told, _dishwasher_follows),
}
