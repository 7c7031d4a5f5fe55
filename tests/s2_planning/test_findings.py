"""What stands in the way of what S2 devices want, and what people read of that."""

from typing import Any, cast

import pytest

from custom_components.flexmeasures.s2.control_types import Finding as S2Finding, Notice
from custom_components.flexmeasures.s2.wire import JsonObject
from custom_components.flexmeasures.s2_findings import findings_of

from ..planning import NOON, QUARTER, reason_of, status_of
from ..s2.samples import (
    demand_driven_description,
    fill_rate_description,
    message,
    number_range,
    storage_status,
)
from ..s2_home import S2Home
from ..s2_words import car_need, free_actuator, limited_car, programme

REACHABLE = "binary_sensor.solar_panels_target_reachable"


@pytest.fixture
async def home(home: S2Home) -> S2Home:
    """Return the home with its clock on the wall in UTC."""
    await home.hass.config.async_set_time_zone("UTC")
    return home


async def plan(home: S2Home, control_type: str, *words: JsonObject) -> None:
    """Let a device follow the control type, say the words, and be planned."""
    await home.connect(*words, control_type=control_type)
    await home.pass_ten_seconds()


async def findings(home: S2Home) -> list[dict[str, Any]]:
    """Return what the plan is explained with, but for how far prices reach."""
    explained = await home.call("explain_schedule")
    told = cast("list[dict[str, Any]]", explained["findings"])
    return [finding for finding in told if finding["code"] != "prices_end_early"]


def target(low: float, high: float) -> JsonObject:
    """Return a wanted range of fill levels (%) from 12:30 until 12:45."""
    element: JsonObject = {"duration": 900_000, "fill_level_range": number_range(low, high)}
    return message(
        "FRBC.FillLevelTargetProfile", start_time="2026-11-22T12:30:00Z", elements=[element]
    )


async def test_a_target_that_full_power_misses_is_the_reason_of_the_status(home: S2Home) -> None:
    """Half an hour at 0.02 % per second leads from 40 to 76 %, and 100 % are 6.944 kWh."""
    words = (fill_rate_description(free_actuator()), target(95, 100), storage_status(40))
    await plan(home, "FILL_RATE_BASED_CONTROL", *words)

    sentence = (
        "The device wants 6.6 kWh to be stored at 2026-11-22 12:30, "
        "and no more than 5.3 kWh can be reached"
    )
    assert status_of(home.entry) == "target_missed"
    assert reason_of(home.entry).rstrip(".") == sentence
    assert home.state("sensor.solar_panels_plan_status").attributes["reason"].startswith(sentence)
    assert home.state(REACHABLE).state == "off"
    (found,) = await findings(home)
    assert (found["code"], found["severity"]) == ("device_target_unreachable", "warning")
    assert found["sentence"].startswith(sentence)
    assert found["numbers"] == {
        "time": "2026-11-22T12:30:00+00:00",
        "wanted": pytest.approx(6.597, abs=0.001),
        "possible": pytest.approx(5.278, abs=0.001),
    }


async def test_what_was_understood_with_a_reservation_is_explained_and_misses_nothing(
    home: S2Home,
) -> None:
    words = (fill_rate_description(free_actuator()), target(50, 120), storage_status(110))
    await plan(home, "FILL_RATE_BASED_CONTROL", *words)

    assert status_of(home.entry) == "planned"
    assert home.state(REACHABLE).state == "unknown"
    assert [(found["code"], found["severity"]) for found in await findings(home)] == [
        ("fill_level_outside_range", "notice"),
        ("device_target_outside_range", "notice"),
    ]


@pytest.mark.parametrize(
    ("control_type", "words", "reason"),
    [
        (
            "POWER_PROFILE_BASED_CONTROL",
            (programme("12:00", "12:30"),),
            "A programme of the device cannot be done by 2026-11-22 12:30, as it should be",
        ),
        (
            # 3 kW in the mean of 12 hours, of which six are left at 4 kW.
            "POWER_ENVELOPE_BASED_CONTROL",
            (limited_car(), car_need() | {"upper_average_power": 3000}),
            "The device needs 36.0 kWh until 2026-11-22 18:00, and its limits leave 24.0 kWh",
        ),
        (
            "DEMAND_DRIVEN_BASED_CONTROL",
            (demand_driven_description(present_demand_rate=number_range(7, 7)),),
            "At 2026-11-22 12:00 7.0 kW are demanded of the device, and it can give 6.0 kW",
        ),
    ],
)
async def test_whatever_a_device_wants_in_vain_is_told(
    home: S2Home, control_type: str, words: tuple[JsonObject, ...], reason: str
) -> None:
    await plan(home, control_type, *words)

    assert status_of(home.entry) == "target_missed"
    assert reason_of(home.entry).rstrip(".") == reason


async def test_a_target_that_can_be_reached_is_no_finding(home: S2Home) -> None:
    words = (fill_rate_description(free_actuator()), target(60, 100), storage_status(40))
    await plan(home, "FILL_RATE_BASED_CONTROL", *words)

    assert status_of(home.entry) == "planned"
    assert await findings(home) == []


def test_of_many_targets_the_first_is_told() -> None:
    notices = [
        Notice(finding=S2Finding.TARGET_OUT_OF_REACH, at=NOON + step * QUARTER, wanted=step)
        for step in (1, 2, 3)
    ]

    (found,) = findings_of(notices)
    assert found.numbers == {"time": "2026-11-22T12:15:00+00:00", "wanted": 1}


def test_each_meaning_but_one_is_a_finding() -> None:
    """Without a capacity there is no plan, and the reason is told for the device as a whole."""
    unfound = [each for each in S2Finding if not findings_of([Notice(finding=each)])]

    assert unfound == [S2Finding.UNKNOWN_CAPACITY]
