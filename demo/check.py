"""Proves that a schedule, computed now, is carried out, and that meters are fed: what ``script/demo --check`` does."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from custom_components.flexmeasures.client import FlexMeasuresClient

from .configure import Entities
from .home_assistant import HomeAssistantApi, State
from .site import MINUTE, Measured, Site

ACTUATOR = "number.simulated_battery_power_setpoint"
BATTERY_POWER = "sensor.simulated_battery_power"
STATE_OF_CHARGE = "sensor.simulated_battery_state_of_charge"

SECONDS = 60
# A whole minute has to pass from when a meter is first read, then up to 20 s before sending, and the server's own work.
FEED_SECONDS = 150
POLL_SECONDS = 0.5
# An unchanged level is told this seldom.
LEVEL_MINUTES = 15
# Setpoints are rounded to whole watts on their way.
ROUNDING = 1.0
# Four times the meter's standard deviation of 0.5 %, and what it shows at rest.
NOISE_SHARE = 0.02
NOISE_FLOOR = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """All values at one moment; power in watts, charging positive; None where nothing is known.

    Attributes:
        computed_at: when the current schedule was computed.
        step: start and end of the schedule's step that holds now.
        battery_power_at: when the battery's power was read.
        problem: why there is no newer schedule, in the integration's own words.
    """

    now: datetime
    computed_at: datetime | None
    step: tuple[datetime, datetime] | None
    scheduled: float | None
    setpoint: float | None
    actuator: float | None
    battery_power: float | None
    state_of_charge: float | None
    problem: str | None = None


def observe(states: dict[str, State], entities: Entities, now: datetime) -> Observation:
    """Collect the values from all states."""
    plan = states.get(entities.scheduled_power)
    attributes = plan.attributes if plan else {}
    row = _row_at(attributes.get("forecast") or [], now)
    return Observation(
        now=now,
        computed_at=_time(attributes.get("computed_at")),
        step=(_moment(row["start"]), _moment(row["end"])) if row else None,
        scheduled=float(row["value"]) if row else None,
        setpoint=_number(states, entities.power_setpoint),
        actuator=_number(states, ACTUATOR),
        battery_power=_number(states, BATTERY_POWER),
        state_of_charge=_number(states, STATE_OF_CHARGE),
        problem=attributes.get("problem"),
    )


def missing(seen: Observation, pressed: datetime) -> str | None:
    """Return the first link of the chain that does not hold; None when all do."""
    if seen.computed_at is None or seen.computed_at < pressed:
        reason = f" ({seen.problem})" if seen.problem else ""
        return f"no schedule was computed since {pressed:%H:%M:%S} UTC{reason}"
    if seen.scheduled is None:
        return "the schedule has no step that holds now"
    if not _close(seen.setpoint, seen.scheduled, ROUNDING):
        return f"setpoint {_watts(seen.setpoint)}, scheduled {_watts(seen.scheduled)}"
    if not _close(seen.actuator, seen.scheduled, ROUNDING):
        return f"the battery was told {_watts(seen.actuator)}, setpoint {_watts(seen.setpoint)}"
    noise = NOISE_FLOOR + NOISE_SHARE * abs(seen.scheduled)
    if not _close(seen.battery_power, seen.scheduled, noise):
        return f"battery power {_watts(seen.battery_power)}, setpoint {_watts(seen.setpoint)}"
    return None


def table(seen: Observation, pressed: datetime) -> str:
    """Return what was seen, one value per line."""
    rows = [("Schedule computed", _age(seen.computed_at, pressed))]
    if seen.step is not None:
        start, end = (time.strftime("%H:%M") for time in seen.step)
        rows.append((f"Schedule step {start} - {end}", _watts(seen.scheduled)))
    rows += [
        ("Power setpoint", _watts(seen.setpoint)),
        ("Setpoint at the battery", _watts(seen.actuator)),
        ("Battery power", _watts(seen.battery_power)),
        (
            "State of charge",
            "unknown" if seen.state_of_charge is None else f"{seen.state_of_charge:.1f} %",
        ),
    ]
    return "\n".join(f"  {name:<28}{value:>24}" for name, value in rows)


async def check(api: HomeAssistantApi, entities: Entities) -> bool:
    """Ask for a new schedule, wait until the battery follows it, print what was seen, return whether it does."""
    pressed = datetime.now(UTC)
    follow = {"entity_id": entities.follow_schedule}
    await api.call_action("switch.turn_on", target=follow)
    press = asyncio.create_task(
        api.call_action("button.press", target={"entity_id": entities.reschedule})
    )
    loop = asyncio.get_running_loop()
    deadline = loop.time() + SECONDS
    try:
        while True:
            seen = observe(await api.states(), entities, datetime.now(UTC))
            lacking = missing(seen, pressed)
            if lacking is None or loop.time() > deadline:
                break
            await asyncio.sleep(POLL_SECONDS)
    finally:
        press.cancel()
        outcome = (await asyncio.gather(press, return_exceptions=True))[0]
    print(table(seen, pressed))
    if lacking is None:
        print("The battery follows a freshly computed schedule.")
        return True
    print(f"Missing after {SECONDS} s: {lacking}")
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


def _close(value: float | None, expected: float, tolerance: float) -> bool:
    return value is not None and abs(value - expected) <= tolerance


def _watts(value: float | None) -> str:
    if value is None:
        return "unknown"
    if round(value) == 0:
        return "0 W"
    return f"{value:+.0f} W ({'charging' if value > 0 else 'discharging'})"


def _age(computed_at: datetime | None, pressed: datetime) -> str:
    if computed_at is None:
        return "never"
    seconds = (computed_at - pressed).total_seconds()
    return f"{abs(seconds):.1f} s {'after' if seconds >= 0 else 'before'} asking"
