"""The simulated boiler: how its water cools and warms, what it says of that, and what it is told then."""

from datetime import timedelta
import json
from typing import Any

import pytest

from custom_components.flexmeasures.s2.control_types import Grid, Plan, Sensors
from demo.resource_managers.boiler import Boiler, Need
from demo.resource_managers.resource_manager import identifier, message

from ..s2.control_types.samples import MINUTE, NOON, QUARTER, schedule
from .simulated_session import Loop

HOUR = timedelta(hours=1)
OFF, ONE, BOTH = (identifier(f"boiler {name}") for name in ("off", "one element", "both elements"))
REST = Plan(overrides={"": 0.0})
HEAT = Plan(overrides={"": 2000.0})


def cooling(temperature: float, litres_per_hour: float) -> float:
    """Return the W that leave the water: cold water of 15 °C comes in, and heat goes to a room of 20 °C."""
    return litres_per_hour * 4186 / 3600 * (temperature - 15) + 1.5 * (temperature - 20)


@pytest.mark.parametrize(
    ("hour", "litres_per_hour"), [(0, 3), (6, 30), (7, 30), (8, 3), (12, 3), (18, 30), (20, 3)]
)
def test_water_is_drawn_off_and_heat_is_lost(hour: int, litres_per_hour: float) -> None:
    boiler = Boiler(NOON.replace(hour=hour), temperature=60)
    boiler.move(60)
    assert boiler.temperature == pytest.approx(60 - cooling(60, litres_per_hour) * 60 / 418_600)


def test_a_boiler_follows_its_plan() -> None:
    boiler = Boiler(NOON, temperature=60)
    loop = Loop(boiler)
    loop.follow(Plan(schedules={"": schedule(1100, 1900)}), NOON + MINUTE)
    assert boiler.power == 1000
    assert boiler.temperature == pytest.approx(60 + (1000 - cooling(60, 3)) * 60 / 418_600)

    loop.follow(Plan(schedules={"": schedule(1100, 1900)}), NOON + QUARTER + MINUTE)
    assert boiler.power == 2000


def test_cold_water_is_heated_though_the_plan_rests_until_it_is_warm() -> None:
    boiler = Boiler(NOON, temperature=45.2)
    loop = Loop(boiler)
    loop.follow(REST, NOON + MINUTE)
    assert (boiler.need, boiler.power) == (Need.WARM, 0)

    loop.follow(REST, NOON + HOUR)
    # The least that it may do now: the other modes are what it is planned with, too.
    assert (boiler.need, boiler.power) == (Need.COLD, 1000)
    assert ran_in(loop) == [ONE]
    (entry,) = loop.control.contribution(
        Sensors(power={"": 1}), Grid(loop.now, QUARTER, 96), loop.now
    ).flex_models
    assert entry["operation-modes"] == [
        {"consumption-range": ["1000 W", "1000 W"]},
        {"consumption-range": ["2000 W", "2000 W"]},
    ]

    loop.follow(REST, NOON + 3 * HOUR)
    assert (boiler.need, boiler.power) == (Need.WARM, 0)
    assert ran_in(loop) == [ONE, OFF]
    assert modes_told(loop) == [
        {OFF: False, ONE: False, BOTH: False},
        {OFF: True, ONE: False, BOTH: False},
        {OFF: False, ONE: False, BOTH: False},
    ]


def test_full_it_rests_until_it_has_cooled() -> None:
    boiler = Boiler(NOON, temperature=74)
    loop = Loop(boiler)
    loop.follow(HEAT, NOON + 10 * MINUTE)
    assert (boiler.need, boiler.power) == (Need.FULL, 0)
    assert boiler.temperature == pytest.approx(75, abs=0.3)
    loop.follow(HEAT, NOON + HOUR)
    assert (boiler.need, boiler.power) == (Need.FULL, 0)
    assert modes_told(loop) == [{OFF: False, ONE: False, BOTH: False}, {OFF: False}]

    while boiler.need is Need.FULL:
        loop.follow(HEAT, loop.now + MINUTE)
    assert boiler.temperature == pytest.approx(70, abs=0.1)
    loop.follow(HEAT, loop.now + MINUTE)
    assert boiler.power == 2000
    assert ran_in(loop) == [BOTH, OFF, BOTH]


@pytest.mark.parametrize(
    ("temperature", "mode_id", "is_abnormal", "does"),
    [
        (40, OFF, False, False),
        (40, OFF, True, True),
        (40, ONE, False, True),
        (60, OFF, False, True),
        (80, BOTH, True, False),
        (80, OFF, False, True),
        (60, identifier("boiler"), False, False),
    ],
)
def test_what_it_does_not_describe_is_rejected(
    temperature: float, mode_id: str, is_abnormal: bool, does: bool
) -> None:
    boiler = Boiler(NOON, temperature=temperature)
    instruction = message(
        "OMBC.Instruction", operation_mode_id=mode_id, abnormal_condition=is_abnormal
    )
    assert boiler.follow(instruction) is does
    (status,) = boiler.statuses()
    assert status["active_operation_mode_id"] == (mode_id if does else OFF)


def test_alone_its_thermostat_heats_what_is_cold() -> None:
    boiler = Boiler(NOON, temperature=45.1)
    lowest, highest, now = 90.0, 0.0, NOON
    for _ in range(24 * 60):
        now += MINUTE
        said = [json.loads(text)["message_type"] for text in boiler.advance(now)]
        assert said == ["PowerMeasurement"]
        lowest, highest = min(lowest, boiler.temperature), max(highest, boiler.temperature)
    assert (lowest, highest) == (pytest.approx(45, abs=0.3), pytest.approx(55, abs=0.3))

    boiler = Boiler(NOON, temperature=44)
    loop = Loop(boiler)
    loop.let_go()
    assert boiler.power == 2000


def modes_told(loop: Loop) -> list[dict[str, bool]]:
    """Return of each description its modes, and whether they are for abnormal conditions only."""
    return [
        {mode["id"]: mode["abnormal_condition_only"] for mode in described["operation_modes"]}
        for described in said(loop, "OMBC.SystemDescription")
    ]


def ran_in(loop: Loop) -> list[str]:
    """Return the modes that it changed to, oldest first; all that it was told it did."""
    done = said(loop, "InstructionStatusUpdate")
    assert {update["status_type"] for update in done} <= {"SUCCEEDED"}
    statuses = [status["active_operation_mode_id"] for status in said(loop, "OMBC.Status")]
    return [
        mode_id
        for before, mode_id in zip([OFF, *statuses], statuses, strict=False)
        if before != mode_id
    ]


def said(loop: Loop, message_type: str) -> list[dict[str, Any]]:
    """Return what it said of a type, oldest first."""
    heard = [json.loads(text) for text in loop.said]
    return [each for each in heard if each["message_type"] == message_type]
