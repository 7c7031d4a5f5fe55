"""The actions that tell a device's plan and why it is so, and that make a new one."""

from unittest.mock import AsyncMock

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

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

from .. import site
from ..device_samples import HOUR, home_of, sample_plan
from ..shown_plans import NOON, ShownPlans
from ..test_init import set_up
from .calls import call

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
