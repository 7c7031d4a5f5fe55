"""The actions on a flexible device: its plan, why it is so, and what is done instead."""

from datetime import timedelta
from typing import Any
from unittest.mock import AsyncMock

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr, entity_registry as er
import probatio
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.flexmeasures.const import DOMAIN
from custom_components.flexmeasures.flexible_device import DeviceKind
from custom_components.flexmeasures.plan_models import PlanStatus
from custom_components.flexmeasures.scheduling import (
    Breach,
    Finding,
    FindingCode,
    Missed,
    MissedLimit,
    Severity,
)

from . import site
from .device_samples import HOUR, home_of, sample_plan
from .shown_plans import NOON, ShownPlans
from .test_init import set_up

SETPOINT = "number.battery_power_setpoint"
TARGET = Missed(
    limit=MissedLimit.TARGET,
    time=NOON + 2 * HOUR,
    wanted=5.0,
    expected=4.5,
    difference=0.5,
    share=0.05,
)
PRICES_END = Finding(
    code=FindingCode.PRICES_END_EARLY,
    severity=Severity.NOTICE,
    numbers={"until": (NOON + 3 * HOUR).isoformat()},
)


@pytest.fixture(autouse=True)
async def seven_past_noon(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """Let every test begin seven minutes into the plan, in a home in UTC."""
    await hass.config.async_set_time_zone("UTC")
    freezer.move_to(NOON + timedelta(minutes=7))


@pytest.fixture
async def home(hass: HomeAssistant, client: AsyncMock, plans: ShownPlans) -> MockConfigEntry:
    """Return a home with a battery of 5 kW in and 4 kW out, whose plan begins at noon."""
    entry = home_of(hass, client, DeviceKind.BATTERY)
    await set_up(hass, entry)
    await plans.show(hass, entry, sample_plan())
    return entry


def device_of(hass: HomeAssistant, entity_id: str = SETPOINT) -> str:
    """Return the device of an entity."""
    entity = er.async_get(hass).async_get(entity_id)
    assert entity
    assert entity.device_id
    return entity.device_id


async def call(hass: HomeAssistant, action: str, **fields: Any) -> dict[str, Any]:
    """Call an action on the battery, unless another target is named, and return its response."""
    is_named = {"config_entry", "device_id"} & fields.keys()
    target = {} if is_named else {"device_id": device_of(hass)}
    response = await hass.services.async_call(
        DOMAIN, action, target | fields, blocking=True, return_response=True
    )
    assert isinstance(response, dict)
    return response


def setpoint(hass: HomeAssistant) -> tuple[str, object]:
    """Return the power that the battery is to follow (W), and why."""
    state = hass.states.get(SETPOINT)
    assert state
    return state.state, state.attributes["source"]


async def at(hass: HomeAssistant, freezer: FrozenDateTimeFactory, minutes: float) -> None:
    """Let it be so many minutes past noon."""
    freezer.move_to(NOON + timedelta(minutes=minutes))
    async_fire_time_changed(hass)
    await hass.async_block_till_done()


async def test_a_device_s_plan_comes_as_rows_in_the_wanted_unit(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    response = await call(hass, "get_schedule", unit="W")

    rows, charges = response.pop("rows"), response.pop("state_of_charge")
    assert response == {
        "device": "Battery",
        "status": "planned",
        "since": "2026-11-22T12:00:00+00:00",
        "reason": None,
        "schedule": "job",
        "cause": "period",
        "trusted": True,
        "computed_at": "2026-11-22T12:00:00+00:00",
        "valid_until": "2026-11-22T15:00:00+00:00",
        "unit": "W",
        "sign_convention": "consumption-positive",
    }
    assert [row["value"] for row in rows] == [1000.0] * 4 + [0.0] * 4 + [-2000.0] * 4
    assert rows[0]["start"] == "2026-11-22T12:00:00+00:00"
    assert rows[-1]["end"] == "2026-11-22T15:00:00+00:00"
    # 3.5 of 10 kWh at noon, 1 kWh more at 13:00, 2 kWh less from 14:00 to 15:00.
    assert [charges[step]["value"] for step in (0, 4, 8, 12)] == [35.0, 45.0, 45.0, 25.0]
    assert charges[12]["time"] == "2026-11-22T15:00:00+00:00"


async def test_a_device_without_a_plan_tells_why_and_has_no_rows(
    hass: HomeAssistant, home: MockConfigEntry, plans: ShownPlans
) -> None:
    await plans.show(hass, home, None, PlanStatus.SERVER_AWAY, "FlexMeasures cannot be reached")

    for action in ("get_schedule", "explain_schedule"):
        response = await call(hass, action)
        assert (response["status"], response["reason"]) == (
            "server_away",
            "FlexMeasures cannot be reached",
        )
        assert response["schedule"] is None
        assert response["valid_until"] is None
        assert response.get("rows", response.get("blocks")) == []


async def test_a_plan_is_explained_block_by_block_and_against_what_else_it_would_cost(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    response = await call(hass, "explain_schedule")

    charging, idle, discharging = response["blocks"]
    assert charging == {
        "start": "2026-11-22T12:00:00+00:00",
        "end": "2026-11-22T13:00:00+00:00",
        "kind": "charge",
        "power": 1.0,
        "energy": 1.0,
        "price": 0.1,
        "rank": 1,
        "ranked": 12,
        "cost": 0.1,
        # At 13:00 the same kWh costs 0.30 instead of 0.10.
        "next_best": {
            "start": "2026-11-22T13:00:00+00:00",
            "price": 0.3,
            "cost_difference": 0.2,
        },
        "binding": "none",
        "state_of_charge_at_end": 45.0,
    }
    assert (idle["kind"], idle["power"], idle["cost"], idle["rank"]) == ("idle", 0.0, 0.0, None)
    # At 13:00 the 2 kWh bring 0.20 a kWh instead of 0.40.
    assert (discharging["power"], discharging["energy"], discharging["cost"]) == (-2.0, -2.0, -0.8)
    assert discharging["next_best"]["cost_difference"] == 0.4
    assert response["currency"] == "EUR"
    # Buys 1 kWh for 0.10 and sells 2 kWh for 0.80; selling the one kWh that is less in the end at once brings 0.05.
    assert [
        response[name]
        for name in ("cost", "cost_of_doing_nothing", "cost_of_charging_at_once", "saving")
    ] == [-0.7, 0.0, -0.05, 0.65]
    assert response["findings"] == response["missed"] == response["breaches"] == []


async def test_a_plan_without_prices_is_told_without_reasons(
    hass: HomeAssistant, home: MockConfigEntry, plans: ShownPlans
) -> None:
    await plans.show(hass, home, sample_plan(tariff=None, stores=False))

    response = await call(hass, "explain_schedule", unit="W")

    assert [(block["kind"], block["power"]) for block in response["blocks"]] == [
        ("charge", 1000.0),
        ("idle", 0.0),
        ("discharge", -2000.0),
    ]
    for name in ("price", "rank", "cost", "next_best", "state_of_charge_at_end"):
        assert {block[name] for block in response["blocks"]} == {None}
    assert response["cost"] is response["saving"] is response["currency"] is None


@pytest.mark.parametrize(
    ("language", "found", "missed", "broken"),
    [
        (
            "en",
            "Prices are known until 2026-11-22 15:00.",
            "At 2026-11-22 14:00 5.0 % (0.5 kWh) will be missing.",
            "The plan cannot keep a limit: any consumption breach.",
        ),
        (
            "nl",
            "Prijzen zijn bekend tot 2026-11-22 15:00.",
            "Om 2026-11-22 14:00 zal 5.0 % (0.5 kWh) ontbreken.",
            "Het plan kan een grens niet aanhouden: any consumption breach.",
        ),
    ],
)
async def test_what_a_plan_will_not_do_is_said_in_the_home_s_language(
    hass: HomeAssistant,
    home: MockConfigEntry,
    plans: ShownPlans,
    language: str,
    found: str,
    missed: str,
    broken: str,
) -> None:
    hass.config.language = language
    plan = sample_plan(
        findings=(PRICES_END,), missed=(TARGET,), breaches=(Breach("any consumption breach", 3.0),)
    )
    await plans.show(hass, home, plan)

    response = await call(hass, "explain_schedule")

    assert response["findings"] == [
        {
            "code": "prices_end_early",
            "severity": "notice",
            "numbers": {"until": "2026-11-22T15:00:00+00:00"},
            "sentence": found,
        }
    ]
    assert response["missed"] == [
        {
            "limit": "soc-targets",
            "time": "2026-11-22T14:00:00+00:00",
            "wanted": 5.0,
            "expected": 4.5,
            "difference": 0.5,
            "share": 0.05,
            "sentence": missed,
        }
    ]
    assert response["breaches"] == [
        {"name": "any consumption breach", "cost": 3.0, "sentence": broken}
    ]


async def test_an_override_holds_until_its_end(
    hass: HomeAssistant, home: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    response = await call(hass, "override_setpoint", power="-1.5", unit="kW", duration="PT23M")

    assert response == {
        "device": "Battery",
        "mode": "schedule",
        "power": -1500.0,
        "source": "override",
        "until": "2026-11-22T12:30:00+00:00",
        "override_until": "2026-11-22T12:30:00+00:00",
        "control_status": response["control_status"],
    }
    assert setpoint(hass) == ("-1500.0", "override")
    await at(hass, freezer, 29)
    assert setpoint(hass) == ("-1500.0", "override")
    await at(hass, freezer, 30)
    assert setpoint(hass)[1] == "not_following"


async def test_an_override_without_an_end_lasts_until_the_plan_s_next_block(
    hass: HomeAssistant, home: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    home.runtime_data.controllers["the_battery"].async_follow(True)

    response = await call(hass, "override_setpoint", power=2000)

    # The plan charges at 1 kW until 13:00.
    assert response["override_until"] == "2026-11-22T13:00:00+00:00"
    assert setpoint(hass) == ("2000.0", "override")
    await at(hass, freezer, 60)
    assert setpoint(hass) == ("0.0", "schedule")


async def test_an_override_is_taken_back(hass: HomeAssistant, home: MockConfigEntry) -> None:
    home.runtime_data.controllers["the_battery"].async_follow(True)
    await call(hass, "override_setpoint", power=2000, until="2026-11-22T18:00:00+00:00")

    response = await call(hass, "clear_override")

    assert (response["power"], response["source"]) == (1000.0, "schedule")
    assert response["override_until"] is None
    assert setpoint(hass) == ("1000.0", "schedule")


async def test_a_mode_is_chosen_until_its_end(
    hass: HomeAssistant, home: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    response = await call(hass, "choose_mode", mode="charge_now", until="2026-11-22T13:30:00+01:00")

    assert (response["mode"], response["power"]) == ("charge_now", 5000.0)
    assert response["until"] == "2026-11-22T12:30:00+00:00"
    assert setpoint(hass) == ("5000.0", "charge_now")
    await at(hass, freezer, 30)
    assert hass.states.get("select.battery_mode").state == "schedule"  # type: ignore[union-attr]
    assert setpoint(hass)[1] == "not_following"


async def test_the_manual_mode_has_the_power_that_is_given(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    response = await call(hass, "choose_mode", mode="manual", power=-2, unit="kW")

    assert (response["mode"], response["power"], response["until"]) == ("manual", -2000.0, None)
    assert setpoint(hass) == ("-2000.0", "manual")


@pytest.mark.parametrize(
    ("action", "fields", "message"),
    [
        ("get_schedule", {"unit": "kWh"}, "unit: kWh is not a unit of power"),
        ("get_schedule", {"schedule": "job"}, "schedule: a flexible device is planned with its"),
        ("trigger_and_get_schedule", {"flex_model": {}}, "flex_model: a flexible device is"),
        ("trigger_and_get_schedule", {"config_entry": "e", "device_id": "d"}, "device_id: name"),
        ("get_schedule", {"config_entry": "entry_of_the_site"}, "schedule: a site needs this"),
        (
            "get_schedule",
            {"config_entry": "entry_of_the_site", "schedule": "job"},
            "sensors: a site needs this",
        ),
        ("explain_schedule", {"unit": "EUR"}, "unit: EUR is not a unit of power"),
        ("override_setpoint", {"power": "much"}, "power: much is not a finite number"),
        ("override_setpoint", {"power": None}, "power: null is not a finite number"),
        ("override_setpoint", {"power": True}, "power: True is not a finite number"),
        ("override_setpoint", {"power": 1, "unit": "%"}, "unit: % is not a unit of power"),
        (
            "override_setpoint",
            {"power": 5.1, "unit": "kW"},
            "power: 5100 W is outside what Battery takes now, -4000 W to 5000 W",
        ),
        ("override_setpoint", {"power": -4001}, "power: -4001 W is outside"),
        (
            "override_setpoint",
            {"power": 1, "until": "2026-11-22T12:07:00+00:00"},
            r"until: 2026-11-22T12:07:00\+00:00 is not in the future",
        ),
        ("override_setpoint", {"power": 1, "until": "2026-11-22T13:00:00"}, "has no time zone"),
        ("override_setpoint", {"power": 1, "duration": "PT0S"}, "duration: PT0S is not longer"),
        (
            "override_setpoint",
            {"power": 1, "duration": "PT1H", "until": "2026-11-22T13:00:00+00:00"},
            "duration: PT1H says the same as the end",
        ),
        ("choose_mode", {"mode": "pause", "power": 1}, "power: the mode pause has a power of its"),
        ("choose_mode", {"mode": "manual", "power": 9000}, "power: 9000 W is outside"),
    ],
)
async def test_bad_input_is_refused_by_name_and_changes_nothing(
    hass: HomeAssistant, home: MockConfigEntry, action: str, fields: dict[str, Any], message: str
) -> None:
    before = setpoint(hass)

    with pytest.raises(ServiceValidationError, match=message):
        await call(hass, action, **fields)

    assert setpoint(hass) == before


async def test_a_mode_that_there_is_not_is_refused(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    with pytest.raises(probatio.Invalid, match="mode"):
        await call(hass, "choose_mode", mode="party")


async def test_a_mode_that_the_device_is_not_made_for_is_refused(
    hass: HomeAssistant, client: AsyncMock, plans: ShownPlans
) -> None:
    await set_up(hass, home_of(hass, client, DeviceKind.SOLAR))
    panels = device_of(hass, "number.solar_power_setpoint")

    with pytest.raises(ServiceValidationError, match="mode: Solar has no mode charge_now"):
        await call(hass, "choose_mode", device_id=panels, mode="charge_now")


async def test_a_device_that_cannot_be_planned_is_refused_by_its_name(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    registry = dr.async_get(hass)
    devices = dr.async_entries_for_config_entry(registry, home.entry_id)
    (site_device,) = [device for device in devices if device.name == "Home"]

    with pytest.raises(ServiceValidationError, match="device_id: Home is not a flexible device"):
        await call(hass, "get_schedule", device_id=site_device.id)
    with pytest.raises(ServiceValidationError, match="no such device"):
        await call(hass, "get_schedule", device_id="no such device")


async def test_planning_a_device_plans_the_site_and_answers_with_its_new_plan(
    hass: HomeAssistant, client: AsyncMock
) -> None:
    client.trigger_and_get_schedule.side_effect = site.plan(1000.0, -2000.0)
    await set_up(hass, home_of(hass, client, DeviceKind.BATTERY))

    response = await call(hass, "trigger_and_get_schedule")

    assert client.trigger_and_get_schedule.call_args.args == (1,)
    assert (response["status"], response["cause"], response["unit"]) == ("planned", "person", "kW")
    assert [row["value"] for row in response["rows"][:3]] == [1.0, -2.0, 1.0]
    assert response["rows"][0]["start"] == "2026-11-22T12:00:00+00:00"


async def test_a_site_that_cannot_be_planned_says_why(
    hass: HomeAssistant, home: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = AsyncMock(side_effect=HomeAssistantError("the server is away"))
    monkeypatch.setattr(home.runtime_data.planner, "async_reschedule", away)

    with pytest.raises(HomeAssistantError, match="the server is away"):
        await call(hass, "trigger_and_get_schedule")


async def test_a_device_is_not_refused_its_new_plan_for_another_device_s_trouble(
    hass: HomeAssistant,
    home: MockConfigEntry,
    plans: ShownPlans,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def reschedule() -> None:
        plans.plan = sample_plan(job="the next one")
        raise HomeAssistantError("the car's state of charge is not known")

    monkeypatch.setattr(home.runtime_data.planner, "async_reschedule", reschedule)

    response = await call(hass, "trigger_and_get_schedule")

    assert response["schedule"] == "the next one"
